/** Keeps many calls under way, and not too many: the writer pauses while `callsMax` are without an answer. */
export class Window {
  readonly #callsMax: number
  #open = 0
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(callsMax: number) {
    this.#callsMax = callsMax
  }

  /** True when the writer should wait for {@link room}. */
  get full(): boolean {
    return this.#open >= this.#callsMax || this.#failure !== undefined
  }

  /** Counts a call in until it is answered. */
  add(call: void | Promise<void>): void {
    if (call === undefined) return
    this.#open += 1
    call.then(
      () => this.#answered(),
      (error: unknown) => {
        this.#failure ??= { error }
        this.#answered()
      },
    )
  }

  /** Waits until half of the window is free. Throws the first failure of a call. */
  async room(): Promise<void> {
    await this.#below(this.#callsMax / 2)
  }

  /** Waits until every call is answered. Throws the first failure of a call. */
  async empty(): Promise<void> {
    await this.#below(0)
  }

  async #below(open: number): Promise<void> {
    while (this.#open > open && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          if (this.#open <= open || this.#failure !== undefined) resolve()
        }
      })
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #answered(): void {
    this.#open -= 1
    this.#wake?.()
  }
}
