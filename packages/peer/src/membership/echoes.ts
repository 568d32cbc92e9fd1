import { type Neighbour } from './neighbour.ts'

/** Waits for answers: when one is there, everything that this neighbour sent before it has been dealt with too. */
export class Echoes {
  readonly #waiting = new Map<number, { readonly neighbours: Set<Neighbour>; resolve(): void }>()
  #nextToken = 0

  /** Resolves when all `neighbours` have answered to the token that `send` gets, or are gone. */
  async collect(
    neighbours: readonly Neighbour[],
    send: (neighbour: Neighbour, token: number) => void,
  ): Promise<void> {
    if (neighbours.length === 0) return
    const token = this.#nextToken++
    await new Promise<void>((resolve) => {
      this.#waiting.set(token, { neighbours: new Set(neighbours), resolve })
      for (const neighbour of neighbours) send(neighbour, token)
    })
  }

  onAnswer(neighbour: Neighbour, token: number): void {
    const waiting = this.#waiting.get(token)
    if (waiting?.neighbours.delete(neighbour) !== true || waiting.neighbours.size > 0) return
    this.#waiting.delete(token)
    waiting.resolve()
  }

  /** The neighbour is gone, or what was sent to it is dropped. */
  onGone(neighbour: Neighbour): void {
    for (const token of [...this.#waiting.keys()]) this.onAnswer(neighbour, token)
  }
}
