/*
 * What a replica may take is told where an operation enters, and nowhere else: a replica that refused what another has
 * written, by a rule of its own, would differ from it for ever.
 */
import { JoineryError } from '../errors.ts'

/** Whether local operations that add something are taken. Those that take something away always are. */
export interface Budget {
  readonly isFull: boolean
  /** What whoever wants to add is told. */
  refusal(): JoineryError
}

/** Where the operations of the users of one replica enter. All checks come before anything changes. */
export class Gate {
  /** Nothing is written here any more. */
  isClosed = false
  private readonly budget: Budget | undefined
  private readonly space: string

  constructor(space: string, budget: Budget | undefined) {
    this.space = space
    this.budget = budget
  }

  /** Whether something is refused. */
  get isNarrow(): boolean {
    return this.isClosed || this.budget?.isFull === true
  }

  /**
   * Refuses whatever would change something, after the end.
   *
   * @throws JoineryError SPACE_ENDED
   */
  checkOpen(): void {
    if (!this.isClosed) return
    throw new JoineryError('SPACE_ENDED', `the space is closed here: open it again to write`, {
      space: this.space,
    })
  }

  /**
   * Refuses what would add something, also where there is no room.
   *
   * @throws JoineryError SPACE_ENDED, HEAP_FULL, WRITE_RATE_EXCEEDED, WRITES_UNKEPT
   */
  checkRoom(): void {
    this.checkOpen()
    if (this.budget?.isFull === true) throw this.budget.refusal()
  }
}
