import { openSync, readFileSync, writeSync } from 'node:fs'
import type { Operation } from '#test/linearizability/history.ts'

/** What a participant writes down, at once: it may be killed at any time. Times are those of `nowUs`. */
export type Line =
  | ({ readonly kind: 'begin'; readonly op: number } & Pick<
      Operation,
      'client' | 'object' | 'operation' | 'arguments' | 'invokedAt'
    >)
  /** Under this number it was sent to the group. */
  | {
      readonly kind: 'sent'
      readonly op: number
      readonly session: string
      readonly sequence: number
    }
  | {
      readonly kind: 'end'
      readonly op: number
      readonly result: unknown
      readonly at: number
      readonly index: number | undefined
    }
  | {
      readonly kind: 'fail'
      readonly op: number
      readonly at: number
      readonly outcome: unknown
      readonly code: string
    }
  | {
      readonly kind: 'held'
      readonly id: number
      readonly lock: string
      readonly client: number
      readonly fence: string
      readonly requestedAt: number
      readonly acquiredAt: number
    }
  | {
      readonly kind: 'released'
      readonly id: number
      readonly at: number
      readonly isLost: boolean
    }
  /** A voter has applied a call. */
  | {
      readonly kind: 'applied'
      readonly session: string
      readonly sequence: number
      readonly position: number
    }
  | { readonly kind: 'leads'; readonly term: number; readonly at: number }

/** Microseconds of a clock that all processes of a machine share, and that nobody sets. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Writes lines to a file. */
export class Recorder<L = Line> {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  write(...lines: readonly L[]): void {
    if (lines.length === 0) return
    writeSync(this.#file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
}

/** What a recorder wrote. */
export function* readLines<L = Line>(file: string): Generator<L> {
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (text === '') continue
    let line: L
    try {
      line = JSON.parse(text) as L
    } catch {
      // Its writer was killed in the middle of it.
      continue
    }
    yield line
  }
}
