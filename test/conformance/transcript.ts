const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE']

/** What a script's step prints. The level `none` silences everything but errors. */
export class Transcript {
  #lines: string[] = []
  #isQuiet = false

  clear(): void {
    this.#lines = []
  }

  line(text: string): void {
    if (!this.#isQuiet) this.#lines.push(...text.split('\n'))
  }

  /** Indents what `act` prints below a line. */
  under(heading: string, act: () => void): void {
    this.line(heading)
    const outer = this.#lines
    this.#lines = []
    try {
      act()
    } finally {
      outer.push(...this.#lines.map((text) => `  ${text}`))
      this.#lines = outer
    }
  }

  /** A text says that there is no such level. */
  setLevel(level: string): string | undefined {
    const name = level.toUpperCase()
    if (!levels.includes(name)) return `log levels must be either of [${levels.join(' ')}]`
    this.#isQuiet = name === 'NONE'
    return undefined
  }

  /** With another level, if one is named, while `act` runs. */
  withLevel<Result>(level: string, act: () => Result): Result {
    const isQuiet = this.#isQuiet
    if (level !== '') this.setLevel(level)
    try {
      return act()
    } finally {
      this.#isQuiet = isQuiet
    }
  }

  finish(error: string | undefined): string {
    const lines = error === undefined ? this.#lines : [...this.#lines, error]
    return lines.length === 0 ? 'ok' : lines.join('\n')
  }
}
