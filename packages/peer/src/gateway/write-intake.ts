import { type Failure, failureOf, gatewayBusy, type Request } from '@joinery/client/protocol'
import { invalidValue, isJoineryError } from '@joinery/crdt-objects'
import type { Writing } from './client-changes.ts'
import type { ClientSession } from './client-session.ts'
import type { ReplyFrame } from './reply-frame.ts'
import { checkWrites, type Targets } from './targets.ts'

/** What the writes of one connection need of it. */
export interface WriteIntakeParts {
  readonly session: ClientSession
  /** What all connections of the gateway share: whose write it is carrying out. */
  readonly writing: Writing
  readonly targets: Targets
  readonly frame: ReplyFrame
  readonly windowMax: number
  readonly onFault: (error: unknown) => void
}

/**
 * Applies the writes of one connection, each once. Invariant: the session's last number is that of the last write
 * applied or refused for good, whatever connection brought it.
 */
export class WriteIntake {
  private readonly parts: WriteIntakeParts
  /** The last write that the frame being filled answers, or 0. */
  private done = 0

  constructor(parts: WriteIntakeParts) {
    this.parts = parts
  }

  /** @throws JoineryError when the write breaks the numbering: the connection cannot go on, and nothing was applied. */
  write({ sequence, target: number, args }: Request & { kind: 'write' }): void {
    this.once(sequence, () => {
      const target = this.parts.targets.find(number)
      if ('failure' in target) return target
      checkWrites(target)
      target.call(args)
      return undefined
    })
  }

  /** Several writes as one: all of them, or none. @throws as {@link WriteIntake.write} */
  transact({ sequence, writes }: Request & { kind: 'transact' }): void {
    this.once(sequence, () => {
      const transaction = this.parts.targets.transaction(writes)
      if ('failure' in transaction) return transaction
      transaction.space?.transact(transaction.run)
      return undefined
    })
  }

  /** A write that its caller gave up before it was sent again: its number is used up. */
  skip(sequence: number): void {
    if (sequence > this.parts.session.last) this.admit(sequence)
    this.done = Math.max(this.done, sequence)
  }

  /** Puts the answer of all writes since the last time into the frame: one number. */
  answer(): void {
    if (this.done === 0) return
    this.parts.frame.done(this.done)
    this.done = 0
  }

  /** Carries out a write unless its number says that it was before; `work` gives a failure, or throws it. */
  private once(sequence: number, work: () => { readonly failure: Failure } | undefined): void {
    if (sequence <= this.parts.session.last) return this.replay(sequence)
    this.admit(sequence)
    const { session, writing } = this.parts
    writing.session = session
    try {
      const failed = work()
      if (failed !== undefined) this.fail(sequence, failed.failure)
    } catch (error) {
      if (!isJoineryError(error)) this.parts.onFault(error)
      this.fail(sequence, failureOf(error))
    } finally {
      writing.session = undefined
    }
  }

  /** Gives a write its first answer again. */
  private replay(sequence: number): void {
    const { session, frame } = this.parts
    const failure = session.failures.get(sequence)
    if (failure !== undefined) frame.writeFailed(sequence, failure)
    this.done = Math.max(this.done, sequence)
  }

  private fail(sequence: number, failure: Failure): void {
    const { session, frame } = this.parts
    session.failures.set(sequence, failure)
    frame.writeFailed(sequence, failure)
  }

  private admit(sequence: number): void {
    const { session, windowMax } = this.parts
    if (sequence !== session.last + 1)
      throw invalidValue(`write ${session.last + 1} comes next`, sequence)
    // Twice the window: acknowledgements may lag behind by as much.
    if (session.last - session.acknowledged >= windowMax * 2)
      throw gatewayBusy('Too many writes are unacknowledged.')
    session.last = sequence
    this.done = sequence
  }
}
