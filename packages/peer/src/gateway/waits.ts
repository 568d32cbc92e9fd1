import { SequenceMap } from '@joinery/consensus/caller'

/** How the requests of a connection are answered later than they come. */
export interface Answering {
  readonly result: (id: number, value: unknown) => void
  readonly fail: (id: number, error: unknown) => void
}

/** One request that waits for something. */
export class Wait {
  /** Nobody waits any more: it is answered, or was taken back. */
  isOver = false
  /** Ends what goes on for it. */
  stop: (() => void) | undefined
  private controller: AbortController | undefined

  /** Says that nobody waits for it any more. Made when it is asked for: few are, and they are dear. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    return this.controller.signal
  }

  cancel(): void {
    this.isOver = true
    this.stop?.()
    this.controller?.abort()
  }
}

/** Requests of one connection that wait for something, by id. What the client takes back is not answered. */
export class Waits {
  private readonly answering: Answering
  private readonly waits = new SequenceMap<Wait>()

  constructor(answering: Answering) {
    this.answering = answering
  }

  get size(): number {
    return this.waits.size
  }

  has(id: number): boolean {
    return this.waits.has(id)
  }

  /** Answers the request with what `work` gives or fails of. */
  run(id: number, work: (wait: Wait) => Promise<unknown>): void {
    const wait = new Wait()
    this.begin(id, wait)
    work(wait).then(
      (value) => this.answer(id, wait, value),
      (error: unknown) => this.fail(id, wait, error),
    )
  }

  /** Nobody waits for that request any more. */
  cancel(id: number): void {
    this.waits.take(id)?.cancel()
  }

  cancelAll(): void {
    for (const [id] of this.waits.entries()) this.cancel(id)
  }

  protected begin(id: number, wait: Wait): void {
    this.waits.set(id, wait)
  }

  protected answer(id: number, wait: Wait, value: unknown): void {
    if (this.end(id, wait)) this.answering.result(id, value)
  }

  protected fail(id: number, wait: Wait, error: unknown): void {
    if (this.end(id, wait)) this.answering.fail(id, error)
  }

  /** Answers whether somebody still waited. */
  private end(id: number, wait: Wait): boolean {
    // Taken back, its id may be another's by now.
    if (wait.isOver) return false
    wait.isOver = true
    this.waits.take(id)
    return true
  }
}
