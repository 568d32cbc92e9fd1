/*
 * The paths that this peer forwards for others: pairs of neighbours that cannot connect to each other, for neither
 * listens. A path has one hop: both its ends are neighbours by a connection of their own. So there can be no loop.
 *
 * A forwarder never holds what it cannot hand on for long: an end sends no more than a window beyond what the other has
 * taken, and all windows together have a bound. Who does not keep to it loses its path, and is told why.
 */
import { type ForwardContent, type ForwardEnd, forwardWindowBytes } from './forward-contract.ts'
import { invariant } from './invariant.ts'

/** What happens to a table. */
export type ForwardInput =
  /** `from` wants `content` handed to `to`. */
  | {
      readonly kind: 'forward'
      readonly from: string
      readonly to: string
      readonly path: number
      readonly content: ForwardContent
      /** Whether `to` is connected to this peer by a connection of its own. */
      readonly isReachable: boolean
    }
  /** What was on its way to or from a neighbour is lost, with or without its connection. */
  | { readonly kind: 'lost'; readonly peer: string }

/** What a table wants sent: `content`, as from `from`, to `to`. */
export interface ForwardEffect {
  readonly to: string
  readonly from: string
  readonly path: number
  readonly content: ForwardContent
}

interface Path {
  readonly path: number
  readonly ends: readonly [string, string]
  /**
   * Bytes handed on and not yet taken, by receiving end.
   *
   * Invariant: from 0 to the window.
   */
  readonly outstanding: Map<string, number>
}

/** Paths at once. */
const pathsMax = 4096
/** Bytes on their way through this peer, on all paths. */
const outstandingMax = 32 * 2 ** 20

/** The paths through one peer. */
export class ForwardTable {
  /** Invariant: at most `pathsMax`; by both ends, in order, for a pair has one path here. */
  readonly #paths = new Map<string, Path>()
  /** Invariant: the sum over all paths; at most `outstandingMax`. */
  #outstandingBytes = 0

  get size(): number {
    return this.#paths.size
  }

  step(input: ForwardInput): readonly ForwardEffect[] {
    const effects = input.kind === 'lost' ? this.#lost(input.peer) : this.#forward(input)
    invariant(this.#paths.size <= pathsMax, 'paths are bounded')
    invariant(this.#outstandingBytes >= 0, 'no path takes more than it was sent')
    invariant(this.#outstandingBytes <= outstandingMax, 'what is on its way is bounded')
    return effects
  }

  #forward(input: Extract<ForwardInput, { kind: 'forward' }>): ForwardEffect[] {
    const { from, to, path: number, content, isReachable } = input
    const handOn: ForwardEffect = { to, from, path: number, content }
    const refuse = (reason: ForwardEnd): ForwardEffect[] => [
      { to: from, from: to, path: number, content: { kind: 'end', reason } },
    ]
    const path = this.#paths.get(keyOf(from, to))
    if (content.kind === 'open') {
      if (from >= to) return refuse('refused')
      if (!isReachable) return refuse('unknown')
      if (path === undefined && this.#paths.size >= pathsMax) return refuse('full')
      const outstanding = new Map([
        [from, 0],
        [to, 0],
      ])
      this.#end(keyOf(from, to))
      this.#paths.set(keyOf(from, to), { path: number, ends: [from, to], outstanding })
      return [handOn]
    }
    if (path?.path !== number) return content.kind === 'end' ? [] : refuse('unknown')
    if (content.kind === 'end') {
      this.#end(keyOf(from, to))
      return [handOn]
    }
    if (this.#account(path, from, to, content)) return [handOn]
    this.#end(keyOf(from, to))
    return [...refuse('full'), { ...handOn, content: { kind: 'end', reason: 'full' } }]
  }

  /** False when an end sends more than its window, or takes more than it was sent. */
  #account(path: Path, from: string, to: string, content: ForwardContent): boolean {
    const { outstanding } = path
    if (content.kind === 'bytes') {
      const bytes = outstanding.get(to)! + content.bytes.length
      const allBytes = this.#outstandingBytes + content.bytes.length
      if (bytes > forwardWindowBytes || allBytes > outstandingMax) return false
      outstanding.set(to, bytes)
      this.#outstandingBytes = allBytes
    } else if (content.kind === 'taken') {
      const bytes = outstanding.get(from)! - content.bytes
      if (bytes < 0) return false
      outstanding.set(from, bytes)
      this.#outstandingBytes -= content.bytes
    }
    return true
  }

  #end(key: string): void {
    const path = this.#paths.get(key)
    if (path === undefined) return
    this.#paths.delete(key)
    for (const bytes of path.outstanding.values()) this.#outstandingBytes -= bytes
  }

  #lost(peer: string): ForwardEffect[] {
    const effects: ForwardEffect[] = []
    for (const [key, { path, ends }] of this.#paths) {
      if (!ends.includes(peer)) continue
      this.#end(key)
      const other = ends[0] === peer ? ends[1] : ends[0]
      effects.push({ to: other, from: peer, path, content: { kind: 'end', reason: 'closed' } })
    }
    return effects
  }
}

function keyOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}
