import type { BatchReader } from '../../codec/batch-reader.ts'
import { isJoineryError } from '../../errors.ts'
import { checkChunk, OPERATIONS_MAX } from './chunks.ts'
import { loadBackend, readChange, type Backend, type DecodedChange } from './engine.ts'
import { DEPTH_MAX } from './value.ts'

/** One change of a document, from elsewhere: its bytes, and what the engine read in them. */
export interface IncomingChange {
  readonly bytes: Uint8Array
  readonly content: DecodedChange
}

/** What the engine makes of hostile bytes can be a panic: an error like any other to whoever offered them. */
export function guarded<T>(batch: BatchReader, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isJoineryError(error)) throw error
    return batch.body.fail('refused by the engine of documents')
  }
}

/** Reads one change, and checks all that can be checked without the document. */
export function decodeChange(batch: BatchReader, bytes: Uint8Array): IncomingChange {
  const chunk = checkChunk(batch, bytes)
  if (chunk.type !== 'change') batch.body.fail('change expected')
  return readIncoming(batch, bytes)
}

function readIncoming(batch: BatchReader, bytes: Uint8Array): IncomingChange {
  const content = guarded(batch, () => readChange(bytes))
  const problem = changeProblem(content)
  if (problem !== undefined) batch.body.fail(problem)
  // The batch is not kept, and must not be through a view of it.
  return { bytes: bytes.slice(), content }
}

/** All changes of a whole document, each after those it depends on. */
export function decodeChanges(batch: BatchReader, chunks: readonly Uint8Array[]): IncomingChange[] {
  const checked = chunks.map((bytes) => checkChunk(batch, bytes))
  if (checked.every(({ type }) => type === 'change')) {
    return checked.map(({ bytes }) => readIncoming(batch, bytes))
  }
  // The engine works the changes out again, and compares their hashes with those in the chunk.
  return guarded(batch, () => {
    const backend = loadBackend(joinChunks(chunks), READER)
    try {
      return backend.getChanges([]).map((bytes) => readIncoming(batch, bytes))
    } finally {
      backend.free()
    }
  })
}

/** Who only reads needs an actor, too. */
const READER = 'ff'

/** Chunks one after the other: what the engine loads as one document. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    joined.set(chunk, offset)
    offset += chunk.length
  }
  return joined
}

type Operation = DecodedChange['ops'][number] & { readonly elemId?: string; readonly insert?: boolean }

const MAKES: ReadonlyMap<string, string> = new Map([
  ['makeMap', 'map'],
  ['makeList', 'list'],
  ['makeText', 'text'],
])

function changeProblem({ author, ops, startOp, seq }: DecodedChange): string | undefined {
  if ((author as unknown) !== undefined && (author as unknown) !== null) return 'change in the name of another'
  if (ops.length === 0 || ops.length > OPERATIONS_MAX) return 'number of operations'
  if (!Number.isSafeInteger(startOp + ops.length) || seq < 1) return 'number of a change'
  for (const operation of ops as readonly Operation[]) {
    const { action, key } = operation
    if (!MAKES.has(action) && action !== 'set' && action !== 'del') return 'unknown operation'
    if ((key as string | undefined) === '__proto__') return 'forbidden key'
    if (action === 'set' && !isValue(operation)) return 'value that no document holds'
  }
  return undefined
}

function isValue({ value, datatype }: { readonly value?: unknown; readonly datatype?: string }): boolean {
  switch (datatype) {
    case undefined:
      return value !== undefined && (typeof value !== 'number' || Number.isFinite(value))
    case 'int':
      return Number.isSafeInteger(value)
    case 'float64':
      return Number.isFinite(value)
    case 'timestamp':
      return Number.isSafeInteger(value) && !Number.isNaN(new Date(value as number).getTime())
    default:
      // Counters among them: their increments would depend on what else is there.
      return false
  }
}

/** What a place in a document is, and how deep it lies. */
interface Made {
  readonly type: string
  readonly depth: number
}

/** Places of a document by their ids. They never move: what is known of one stays true. */
export type KnownPlaces = Map<string, Made>

const ROOT: Made = { type: 'map', depth: 0 }

/**
 * Whether changes fit the document they are for: each goes on where its author and its dependencies end, and writes to
 * containers that are there, as their type allows. What an honest replica sends always does. Depth is checked because
 * the engine walks documents by recursion, and the stack of its one memory is all documents' end.
 */
export class ChangeCheck {
  private readonly backend: Backend
  private readonly lastByActor: ReadonlyMap<string, number>
  private readonly places: KnownPlaces
  private readonly endByHash = new Map<string, number>()
  private readonly seqByActor = new Map<string, number>()

  constructor(backend: Backend, lastByActor: ReadonlyMap<string, number>, places: KnownPlaces) {
    this.backend = backend
    this.lastByActor = lastByActor
    this.places = places
  }

  /** Takes the next change, if it fits. */
  take({ content }: IncomingChange): boolean {
    const { actor, seq, startOp, deps, hash, ops } = content
    const last = this.seqByActor.get(actor) ?? this.lastByActor.get(actor) ?? 0
    const end = Math.max(0, ...deps.map((dependency) => this.endOf(dependency)))
    if (seq !== last + 1 || startOp !== end + 1) return false
    const fits = (ops as readonly Operation[]).every((operation, index) =>
      this.takeOperation(operation, `${startOp + index}@${actor}`),
    )
    if (!fits) return false
    this.seqByActor.set(actor, seq)
    this.endByHash.set(hash, startOp + ops.length - 1)
    return true
  }

  private endOf(hash: string): number {
    return this.endByHash.get(hash) ?? this.backend.getChangeMetaByHash(hash)?.maxOp ?? Infinity
  }

  private takeOperation(operation: Operation, id: string): boolean {
    const { action, elemId, insert } = operation
    const here = this.made(operation.obj)
    if ((here.type === 'map') === (elemId !== undefined)) return false
    if (action === 'del' && operation.pred.length === 0) return false
    if (insert === true && (elemId === undefined || operation.pred.length > 0)) return false
    const type = MAKES.get(action)
    if (here.type === 'text') {
      return action === 'del' || (insert === true && typeof operation.value === 'string')
    }
    if (type === undefined) return true
    const depth = here.depth + 1
    this.places.set(id, { type, depth })
    return depth < DEPTH_MAX || (depth === DEPTH_MAX && type === 'text')
  }

  private made(id: string): Made {
    if (id === '_root') return ROOT
    const known = this.places.get(id)
    if (known !== undefined) return known
    const { type, path } = this.backend.objInfo(id)
    const made = { type, depth: path?.length ?? DEPTH_MAX }
    this.places.set(id, made)
    return made
  }
}
