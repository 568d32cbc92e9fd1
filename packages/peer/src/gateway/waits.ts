/** How the requests of a connection are answered later than they come. */
export interface Answering {
  readonly result: (id: number, value: unknown) => void
  readonly fail: (id: number, error: unknown) => void
}

/** Requests of one connection that wait for something, by id. What the client takes back is not answered. */
export class Waits {
  private readonly answering: Answering
  private readonly controllers = new Map<number, AbortController>()

  constructor(answering: Answering) {
    this.answering = answering
  }

  get size(): number {
    return this.controllers.size
  }

  has(id: number): boolean {
    return this.controllers.has(id)
  }

  /** Answers the request with what `work` gives or fails of; its signal says that nobody waits for it any more. */
  run(id: number, work: (signal: AbortSignal) => Promise<unknown>): void {
    const controller = new AbortController()
    const { signal } = controller
    this.controllers.set(id, controller)
    const end = (answer: () => void): void => {
      if (signal.aborted) return
      this.controllers.delete(id)
      answer()
    }
    work(signal).then(
      (value) => end(() => this.answering.result(id, value)),
      (error: unknown) => end(() => this.answering.fail(id, error)),
    )
  }

  /** Nobody waits for that request any more. */
  cancel(id: number): void {
    const controller = this.controllers.get(id)
    this.controllers.delete(id)
    controller?.abort()
  }

  cancelAll(): void {
    for (const id of [...this.controllers.keys()]) this.cancel(id)
  }
}
