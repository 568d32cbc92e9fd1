/** A member on its way out: first it hands over, then it asks to retire; at a deadline it gives that up. */
export class Departure {
  /** The tick at which it is given up; undefined while there is none. */
  #endTick: number | undefined
  /** The last command to retire that may yet be carried out. */
  #asked: number | undefined

  get isUnderWay(): boolean {
    return this.#endTick !== undefined
  }

  /**
   * Whether a command to retire may yet be carried out. Then the seal closes at what it claimed, without regard to
   * keepers, so nothing that is written after it can be promised.
   */
  get mayBeSealed(): boolean {
    return this.#asked !== undefined
  }

  begin(endTick: number): void {
    this.#endTick ??= endTick
  }

  asked(number: number): void {
    this.#asked = number
  }

  /** The group has taken the command `number` of a member that goes on: an earlier one to retire is void. */
  goesOn(number: number): void {
    if (number > (this.#asked ?? 0)) this.#asked = undefined
  }

  /** Tells whether the deadline passed with this tick. */
  isOver(tick: number): boolean {
    return this.#endTick !== undefined && tick >= this.#endTick
  }

  /** Gives it up. */
  stop(): void {
    this.#endTick = undefined
  }

  /** The life is over, and its commands with it. */
  end(): void {
    this.#endTick = undefined
    this.#asked = undefined
  }
}
