import { type Reporter } from '../report.ts'

const againMs = 60_000

/** Reports that the cluster is not reached, from time to time until it is: alone, a peer looks as if all were well. */
export class JoinWatch {
  readonly #bootstrap: readonly string[]
  readonly #now: () => number
  readonly #report: Reporter
  readonly #startMs: number
  /** When it was last reported; undefined while nothing was, and after the cluster was reached. */
  #reportedMs: number | undefined

  constructor(bootstrap: readonly string[], now: () => number, report: Reporter) {
    this.#bootstrap = bootstrap
    this.#now = now
    this.#report = report
    this.#startMs = now()
  }

  /** Whether the peer has waited for the cluster in vain, and works alone until it is reached. */
  get isAlone(): boolean {
    return this.#reportedMs !== undefined
  }

  /** The peer stops waiting, and works alone until an address answers. */
  onAlone(): void {
    const now = this.#now()
    this.#reportedMs = now
    this.#report({
      kind: 'not-joined',
      addresses: this.#bootstrap,
      waitedMs: Math.round(now - this.#startMs),
    })
  }

  onConnected(): void {
    if (this.#reportedMs === undefined) return
    this.#reportedMs = undefined
    this.#report({ kind: 'joined-late', afterMs: Math.round(this.#now() - this.#startMs) })
  }

  tick(): void {
    if (this.#reportedMs !== undefined && this.#now() - this.#reportedMs >= againMs) this.onAlone()
  }
}
