import type { BatchReader } from '../../codec/batch-reader.ts'
import { isJoineryError } from '../../errors.ts'
import { checkChunk, OPERATIONS_MAX } from './chunks.ts'
import { loadBackend, readChange, type DecodedChange } from './engine.ts'

/** One change of a document, from elsewhere: its bytes, and what the engine read in them. */
export interface IncomingChange {
  readonly bytes: Uint8Array
  readonly content: DecodedChange
}

/** What the engine makes of hostile bytes can be a panic: an error like any other to whoever offered them. */
function guarded<T>(batch: BatchReader, read: () => T): T {
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

/** One operation of a change. */
export type Operation = DecodedChange['ops'][number] & {
  readonly elemId?: string
  readonly insert?: boolean
}

/** Operations that make containers, and what. */
export const MAKES: ReadonlyMap<string, string> = new Map([
  ['makeMap', 'map'],
  ['makeList', 'list'],
  ['makeText', 'text'],
])

function changeProblem({ author, ops, startOp, seq }: DecodedChange): string | undefined {
  if ((author as unknown) !== undefined && (author as unknown) !== null)
    return 'change in the name of another'
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

function isValue({
  value,
  datatype,
}: {
  readonly value?: unknown
  readonly datatype?: string
}): boolean {
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
