import { MAKES, type IncomingChange, type Operation } from './changes.ts'
import type { Backend } from './engine.ts'
import { DEPTH_MAX } from './value.ts'

/** What a container is, and how deep it lies. */
interface Made {
  readonly type: string
  readonly depth: number
}

/** One change of an actor: which operations it has, and its hash. */
interface Span {
  readonly start: number
  readonly end: number
  readonly hash: string
}

const ROOT: Made = { type: 'map', depth: 0 }
/** How many changes are kept decoded: those that others go on from are the latest. */
const DECODED_MAX = 32

/**
 * Whether changes fit the document they are for: each goes on where its author and its dependencies end, writes to
 * containers that are there as their type allows, and overwrites what is at that place. What an honest replica sends
 * always does. The engine takes it for granted: else it panics, or spoils its own state without a word. Depth is
 * checked because the engine walks documents by recursion, and the stack of its one memory is the end of all documents.
 */
export class ChangeCheck {
  private readonly backend: Backend
  private readonly spansByActor = new Map<string, Span[]>()
  /** Containers never move: what is known of one stays true. */
  private readonly madeById = new Map<string, Made>([['_root', ROOT]])
  private readonly decodedByHash = new Map<string, readonly Operation[]>()
  private readonly endByHash = new Map<string, number>()

  /** Knows the changes that the engine has. */
  constructor(backend: Backend) {
    this.backend = backend
    const changes = backend.getChangesMeta([]).sort((a, b) => a.seq - b.seq)
    for (const { actor, startOp, maxOp, hash } of changes) {
      this.note(actor, { start: startOp, end: maxOp, hash })
    }
  }

  private note(actor: string, span: Span): void {
    const spans = this.spansByActor.get(actor)
    if (spans === undefined) this.spansByActor.set(actor, [span])
    else spans.push(span)
  }

  /** Takes note of our own change, which needs no check. */
  noteOwn(actor: string): void {
    // It has seen all others: it is the one head.
    const [hash] = this.backend.getHeads()
    const meta = hash === undefined ? null : this.backend.getChangeMetaByHash(hash)
    if (meta?.actor !== actor) throw new Error('the latest change of a document is not our own')
    this.note(actor, { start: meta.startOp, end: meta.maxOp, hash: meta.hash })
  }

  /** Takes the next change, if it fits. After one that does not, this is of no more use. */
  take({ content }: IncomingChange): boolean {
    const { actor, seq, startOp, deps, hash, ops } = content
    const last = this.spansByActor.get(actor)?.length ?? 0
    const end = Math.max(0, ...deps.map((dependency) => this.endOf(dependency)))
    if (seq !== last + 1 || startOp !== end + 1) return false
    const span = { start: startOp, end: startOp + ops.length - 1, hash }
    // Operations go on from earlier ones of their change, too.
    this.note(actor, span)
    this.keep(hash, ops)
    this.endByHash.set(hash, span.end)
    return (ops as readonly Operation[]).every((operation, index) =>
      this.fits(operation, startOp + index),
    )
  }

  /** The engine has what was taken. */
  settle(): void {
    this.endByHash.clear()
  }

  private endOf(hash: string): number {
    return this.endByHash.get(hash) ?? this.backend.getChangeMetaByHash(hash)?.maxOp ?? Infinity
  }

  private fits(operation: Operation, counter: number): boolean {
    const { action, obj, elemId, insert, pred } = operation
    const here = this.made(obj, counter)
    if (here === undefined || (here.type === 'map') === (elemId !== undefined)) return false
    if (!this.isPlace(operation, counter)) return false
    if (action === 'del' && pred.length === 0) return false
    if (insert === true && (elemId === undefined || pred.length > 0 || action === 'del'))
      return false
    if (new Set(pred).size < pred.length) return false
    if (!pred.every((id) => this.isAt(id, operation, counter))) return false
    if (here.type === 'text') {
      return action === 'del' || (insert === true && typeof operation.value === 'string')
    }
    const depth = here.depth + 1
    return !MAKES.has(action) || depth < DEPTH_MAX || (depth === DEPTH_MAX && action === 'makeText')
  }

  /** Whether a position in a list is one: its beginning, or behind or at an item that was put into it. */
  private isPlace({ obj, elemId, insert }: Operation, counter: number): boolean {
    if (elemId === undefined) return true
    if (elemId === '_head') return insert === true
    const item = this.find(elemId, counter)
    return item?.insert === true && item.obj === obj
  }

  /** Whether the operation `id` wrote to the place that `operation` writes to. */
  private isAt(id: string, operation: Operation, counter: number): boolean {
    const written = this.find(id, counter)
    if (written === undefined || written.action === 'del' || written.obj !== operation.obj)
      return false
    if (operation.elemId === undefined) return written.key === operation.key
    return (written.insert === true ? id : written.elemId) === operation.elemId
  }

  private made(id: string, before: number): Made | undefined {
    const known = this.madeById.get(id)
    if (known !== undefined) return known
    const operation = this.find(id, before)
    const type = MAKES.get(operation?.action ?? '')
    const above = type === undefined ? undefined : this.made(operation?.obj ?? '', counterOf(id))
    if (type === undefined || above === undefined) return undefined
    const made = { type, depth: above.depth + 1 }
    this.madeById.set(id, made)
    return made
  }

  /** The operation of this id, made before the one of number `before`. */
  private find(id: string, before: number): Operation | undefined {
    const counter = counterOf(id)
    if (!(counter < before)) return undefined
    const span = spanAt(this.spansByActor.get(id.slice(id.indexOf('@') + 1)) ?? [], counter)
    return span === undefined ? undefined : this.decode(span.hash)[counter - span.start]
  }

  private decode(hash: string): readonly Operation[] {
    const known = this.decodedByHash.get(hash)
    if (known !== undefined) return known
    const operations = this.backend.getDecodedChangeByHash(hash)?.ops ?? []
    return this.keep(hash, operations)
  }

  private keep(hash: string, operations: readonly Operation[]): readonly Operation[] {
    this.decodedByHash.set(hash, operations)
    // Those of the changes at hand cannot be had again before the engine has taken them.
    if (this.decodedByHash.size > DECODED_MAX + this.endByHash.size) {
      const [oldest] = this.decodedByHash.keys()
      if (oldest !== undefined && !this.endByHash.has(oldest)) this.decodedByHash.delete(oldest)
    }
    return operations
  }
}

/** The number in the id of an operation. */
function counterOf(id: string): number {
  return Number(id.slice(0, id.indexOf('@')))
}

/** Spans of one actor never overlap, and come in order. */
function spanAt(spans: readonly Span[], counter: number): Span | undefined {
  let low = 0
  let high = spans.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const span = spans[middle]
    if (span === undefined || counter < span.start) high = middle - 1
    else if (counter > span.end) low = middle + 1
    else return span
  }
  return undefined
}
