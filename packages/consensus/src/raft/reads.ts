import type { NodeId } from './types.ts'

/** A read that waits for proof that its leader still leads. */
export interface PendingRead {
  readonly from: NodeId
  readonly context: Uint8Array
  /** The commit index when it came: the read may be served once that is applied. */
  readonly index: number
  readonly acknowledgedBy: Set<NodeId>
}

/** A read that came before the leader committed an entry of its term, so that its commit index may be behind. */
export interface PostponedRead {
  readonly from: NodeId
  readonly context: Uint8Array
}

/** Of what a reader gives to know its read by. */
export const contextBytesMax = 256
const readsMax = 16_384
const noBytes: Uint8Array = new Uint8Array(0)

/**
 * The reads that a leader has under way, in the order in which they came (thesis §6.4). A round that proves one proves all
 * before it.
 */
export class PendingReads {
  readonly #pendingByContext = new Map<string, PendingRead>()
  #postponed: PostponedRead[] = []
  /** Of the newest read, which each heartbeat asks about; empty without reads. */
  lastContext = noBytes

  get isFull(): boolean {
    return this.#pendingByContext.size + this.#postponed.length >= readsMax
  }

  add(read: PendingRead): void {
    const key = keyOf(read.context)
    if (this.#pendingByContext.has(key)) return
    this.#pendingByContext.set(key, read)
    this.lastContext = read.context
  }

  find(context: Uint8Array): PendingRead | undefined {
    return this.#pendingByContext.get(keyOf(context))
  }

  /** Takes out a read that is proven, and those before it. */
  takeUpTo(proven: PendingRead): PendingRead[] {
    const taken: PendingRead[] = []
    for (const [key, read] of this.#pendingByContext) {
      this.#pendingByContext.delete(key)
      taken.push(read)
      if (read === proven) break
    }
    if (this.#pendingByContext.size === 0) this.lastContext = noBytes
    return taken
  }

  postpone(read: PostponedRead): void {
    this.#postponed.push(read)
  }

  takePostponed(): readonly PostponedRead[] {
    if (this.#postponed.length === 0) return this.#postponed
    const postponed = this.#postponed
    this.#postponed = []
    return postponed
  }

  clear(): void {
    this.#pendingByContext.clear()
    this.lastContext = noBytes
    this.#postponed = []
  }
}

function keyOf(context: Uint8Array): string {
  return String.fromCharCode(...context)
}
