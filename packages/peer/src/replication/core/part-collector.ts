/** One part of a batch. */
interface Part {
  readonly part: number
  readonly parts: number
  readonly bytes: Uint8Array
}

/** Puts together a batch that came in parts. Takes memory for what came only, whatever `parts` claims. */
export class PartCollector {
  readonly #bytesMax: number
  #parts = 0
  /** Invariant: parts 0 … length - 1, of one thing, of `#bytes` together, at most `#bytesMax`. */
  #collected: Uint8Array[] = []
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Adds a part: the whole when it was the last, `undefined` before that, or why the part makes no sense. */
  add(part: Part): { whole: Uint8Array } | { refused: string } | undefined {
    if (part.part === 0) this.clear()
    if (part.part !== this.#collected.length) return this.#refuse('a part is missing')
    if (part.part === 0) this.#parts = part.parts
    if (part.parts !== this.#parts) return this.#refuse('parts differ')
    if (part.bytes.length === 0) return this.#refuse('a part is empty')
    if (part.part >= part.parts) return this.#refuse('more parts than there are')
    this.#bytes += part.bytes.length
    if (this.#bytes > this.#bytesMax) return this.#refuse('the batch is too large')
    this.#collected.push(part.bytes)
    if (this.#collected.length < this.#parts) return undefined
    const whole = new Uint8Array(this.#bytes)
    let offset = 0
    for (const bytes of this.#collected) {
      whole.set(bytes, offset)
      offset += bytes.length
    }
    this.clear()
    return { whole }
  }

  clear(): void {
    this.#collected = []
    this.#bytes = 0
    this.#parts = 0
  }

  #refuse(refused: string): { refused: string } {
    this.clear()
    return { refused }
  }
}
