/** So much of a state may wait to be sent; more is encoded when there is room. */
const queueBytesMax = 512 * 1024
const queueLookMs = 5

/** What waits to be sent. */
export interface Queues {
  queueBytesOf(peer: string): number
}

/** Goes on with states on their way: after whatever else is to be done, and no faster than a neighbour reads. */
export class StreamPump {
  readonly #queues: Queues
  readonly #go: (neighbour: string) => void
  /** Neighbours whose streams go on with a turn to come. */
  readonly #due = new Set<string>()
  #isStopped = false

  constructor(queues: Queues, go: (neighbour: string) => void) {
    this.#queues = queues
    this.#go = go
  }

  later(neighbour: string): void {
    if (this.#due.has(neighbour)) return
    this.#due.add(neighbour)
    setImmediate(this.#next, neighbour)
  }

  stop(): void {
    this.#isStopped = true
  }

  readonly #next = (neighbour: string): void => {
    if (this.#isStopped) return
    if (this.#queues.queueBytesOf(neighbour) > queueBytesMax) {
      setTimeout(this.#next, queueLookMs, neighbour).unref()
      return
    }
    this.#due.delete(neighbour)
    this.#go(neighbour)
  }
}
