import type { Outcome as Certainty } from '@joinery/crdt-objects'
import type { StrongAnswer, StrongCall } from '@joinery/crdt-objects/engine'
import { sessionExpired } from '../errors.ts'
import type { CallCommand } from '../host/command.ts'
import type { Outcome } from '../host/outcome.ts'
import type { CallOptions } from '../ordered-log.ts'
import {
  callTimeout,
  errorOf,
  isPassing,
  leftNothing,
  nobodyWaits,
  unreachable,
} from './failures.ts'
import type { GroupSession, SessionCall } from './group-session.ts'
import { Pacing } from './pacing.ts'
import type { CallerPorts, CallerTimes } from './ports.ts'
import { isTimeLimit } from './repeated.ts'
import type { Stoppable, UnderWay } from './under-way.ts'

/** Where a call goes, and whose it is. */
export interface CallParts {
  readonly ports: CallerPorts
  readonly times: CallerTimes
  readonly space: string
  readonly group: number
  readonly object: number
  /** The session that calls go to now. */
  session(): GroupSession
  /** The options of an attempt that nothing ends early. */
  readonly attempt: CallOptions
  /** What is under way, and ends with its caller. */
  readonly running: UnderWay
}

type Done = Extract<Outcome, { kind: 'done' }>

/**
 * One command on its way, from the caller's first word to the last.
 *
 * - `preparing`: its visibility is seen to, and its session opened. Nothing was sent.
 * - `running`: it is submitted, again and again under one number, until its outcome is known.
 * - `withdrawing`: its caller waits no longer. A withdrawal asks the group to end it and says what became of it; that
 *   goes on, also when the caller has been told already, for as long as the session: an answer that comes too late for
 *   the caller is given to `undo`, so that nothing is held for nobody.
 * - `showing`: it is done, and the replica here is to see what it carries.
 */
export class PendingCall implements SessionCall, Stoppable {
  private readonly parts: CallParts
  private readonly call: StrongCall
  private readonly resolve: (answer: StrongAnswer) => void
  private readonly refuse: (reason: unknown) => void
  place = 0
  private phase: 'preparing' | 'running' | 'withdrawing' | 'showing' | 'over' = 'preparing'
  private settled = false
  private session: GroupSession | undefined
  private command: CallCommand | undefined
  private answer: StrongAnswer | undefined
  /** Made with the first attempt that fails. */
  private pacing: Pacing | undefined
  private onAbort: (() => void) | undefined
  private begunMs = 0
  private deadlineMs = Infinity
  /** An attempt is under way, or one has ended without telling. */
  private mayBeApplied = false
  private failure: { readonly whenKnown: (outcome: Certainty) => unknown } | undefined
  private attempt: AbortController | undefined
  private stopTimer: (() => void) | undefined
  private stopPause: (() => void) | undefined

  constructor(
    parts: CallParts,
    call: StrongCall,
    resolve: (answer: StrongAnswer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.parts = parts
    this.call = call
    this.resolve = resolve
    this.refuse = reject
  }

  start(): void {
    const { timeoutMs, signal } = this.call.options
    if (signal?.aborted === true) return this.refuse(signal.reason)
    this.parts.running.add(this)
    if (signal !== undefined) {
      const reason = (): unknown => signal.reason
      this.onAbort = () => this.giveUp(reason, 0)
      signal.addEventListener('abort', this.onAbort, { once: true })
    }
    if (isTimeLimit(timeoutMs)) {
      const { clock } = this.parts.ports
      this.deadlineMs = clock.nowMs() + timeoutMs
      this.stopTimer = clock.after(timeoutMs, () => this.timedOut(timeoutMs))
    }
    const { visibility } = this.parts.ports
    const before = visibility?.before(this.parts.space, this.call.options)
    if (before === undefined) this.enter(undefined)
    else
      before.then(
        (vector) => this.enter(vector),
        (error: unknown) => this.fail(error),
      )
  }

  stop(reason: unknown): void {
    if (!this.settled) this.reject(reason)
    this.over()
  }

  sessionLost(): void {
    const { id } = this.session!
    const { timeoutMs } = this.call.options
    const { ports, times } = this.parts
    const tellMs = isTimeLimit(timeoutMs)
      ? this.deadlineMs - ports.clock.nowMs()
      : times.unreachableMs
    this.giveUp((outcome) => sessionExpired(id, outcome), Math.max(1, tellMs))
  }

  private enter(vector: Uint8Array | undefined): void {
    if (this.phase !== 'preparing') return
    const session = this.parts.session()
    const ready = session.ready()
    if (ready === undefined) return this.submitFirst(session, vector)
    ready.then(
      () => this.enter(vector),
      (error: unknown) => {
        // That was tried for as long as a call without a limit goes on.
        if (isPassing(error) && isTimeLimit(this.call.options.timeoutMs)) return this.enter(vector)
        this.fail(unreachable(this.parts.group, error, 'not-applied'))
      },
    )
  }

  private submitFirst(session: GroupSession, vector: Uint8Array | undefined): void {
    let sequence: number
    try {
      sequence = session.begin(this)
    } catch (error) {
      return this.fail(error)
    }
    const { path, method, args } = this.call
    this.session = session
    this.phase = 'running'
    const { acknowledged, answered } = session.ledger.acknowledge()
    // Written out: spread from parts it would cost more than all else here.
    this.command = {
      kind: 'call',
      session: session.id,
      sequence,
      acknowledged,
      answered,
      object: this.parts.object,
      path,
      method,
      args,
      vector,
    }
    this.submit()
  }

  private submit(): void {
    const { ports, group, space } = this.parts
    const { timeoutMs, signal } = this.call.options
    let options = this.parts.attempt
    // Most calls have nothing that could end them early, and an attempt costs them no controller.
    if (signal !== undefined || isTimeLimit(timeoutMs)) {
      this.attempt = new AbortController()
      options = { space, signal: this.attempt.signal }
    }
    const couldBeBefore = this.mayBeApplied
    const sentMs = ports.clock.nowMs()
    this.begunMs = sentMs
    this.mayBeApplied = true
    ports.log.submit(group, this.command!, options).then(
      (outcome) => this.took(outcome, sentMs, couldBeBefore),
      (error: unknown) => {
        if (this.phase !== 'running') return
        this.mayBeApplied = couldBeBefore || !leftNothing(error)
        this.attemptFailed(error)
      },
    )
  }

  private attemptFailed(error: unknown): void {
    // What turns away an attempt says nothing of those before it.
    const isWorthAnother = isPassing(error) || (this.mayBeApplied && leftNothing(error))
    if (!isWorthAnother) {
      if (!this.mayBeApplied) return this.fail(error)
      return this.giveUp(() => error, 0)
    }
    const { ports, times } = this.parts
    const isLimited = isTimeLimit(this.call.options.timeoutMs)
    this.pacing ??= new Pacing(ports, isLimited ? Infinity : times.unreachableMs)
    const pauseMs = this.pacing.failed(this.begunMs)
    if (pauseMs !== undefined) {
      this.stopPause = ports.clock.after(pauseMs, () => this.submit())
      return
    }
    this.giveUp((outcome) => unreachable(this.parts.group, error, outcome), 0)
  }

  /** Of a submission or of a withdrawal: whichever is answered first. */
  private took(outcome: Outcome, sentMs: number, couldBeBefore: boolean): void {
    if (this.phase !== 'running' && this.phase !== 'withdrawing') return
    const session = this.session!
    const wasWithdrawn = outcome.kind === 'withdrawn'
    const { answered } = this.command!
    if (wasWithdrawn && answered !== undefined) session.ledger.retell(answered)
    session.heard(sentMs)
    this.endInSession()
    if (outcome.kind === 'done') return this.done(outcome, session)
    if (wasWithdrawn) return this.fail(this.failureOf(session, 'not-applied'))
    const { failure } = outcome
    if (failure.code === 'SESSION_EXPIRED') {
      session.lose()
      return this.fail(sessionExpired(session.id, couldBeBefore ? 'unknown' : 'not-applied'))
    }
    // An object that refuses says so after what was written before: its caller may see that now.
    this.show(outcome.vector, () => this.fail(errorOf(failure)))
  }

  private done({ value, position, vector }: Done, { lost }: GroupSession): void {
    this.answer = { value, index: position, lost }
    // It was done in a session that is lost: what it got is lost, or soon will be.
    if (lost.aborted && this.call.undo !== undefined && !this.settled) {
      this.answer = undefined
      return this.fail(this.failureOf(this.session!, 'unknown'))
    }
    if (this.settled) return this.over()
    this.show(vector, () => {
      const { answer } = this
      if (answer !== undefined && !this.settled) {
        this.answer = undefined
        this.settled = true
        this.resolve(answer)
      }
      this.over()
    })
  }

  /** Lets the replica here catch up with what an outcome carries, and goes on. */
  private show(vector: Uint8Array | undefined, goOn: () => void): void {
    const { ports, space } = this.parts
    const after =
      vector === undefined || this.settled
        ? undefined
        : ports.visibility?.after(space, vector, this.call.options)
    if (after === undefined) return goOn()
    this.phase = 'showing'
    after.then(goOn, (error: unknown) => this.fail(error))
  }

  private timedOut(timeoutMs: number): void {
    this.giveUp((outcome) => callTimeout(timeoutMs, outcome), this.parts.times.withdrawMs)
  }

  /** The caller waits no longer, or for `tellMs` at most to learn what became of the call. */
  private giveUp(whenKnown: (outcome: Certainty) => unknown, tellMs: number): void {
    switch (this.phase) {
      case 'preparing':
        return this.fail(whenKnown('not-applied'))
      case 'running':
        if (!this.mayBeApplied) return this.fail(whenKnown('not-applied'))
        this.failure = { whenKnown }
        return this.beginWithdrawal(tellMs)
      case 'withdrawing':
        if (tellMs === 0 && !this.settled) this.reject(whenKnown('unknown'))
        return
      case 'showing':
        return this.fail(whenKnown('unknown'))
      case 'over':
    }
  }

  private beginWithdrawal(tellMs: number): void {
    const { ports, times } = this.parts
    const tell = (): void => {
      if (!this.settled) this.reject(this.failure!.whenKnown('unknown'))
    }
    this.phase = 'withdrawing'
    this.stopPause?.()
    this.stopTimer?.()
    const pacing = new Pacing(ports, Math.max(tellMs, times.unreachableMs))
    if (tellMs === 0) tell()
    else this.stopTimer = ports.clock.after(tellMs, tell)
    this.attempt?.abort(nobodyWaits)
    this.withdraw(pacing)
  }

  private withdraw(pacing: Pacing): void {
    const { ports, group, space } = this.parts
    const { session, sequence } = this.command!
    const sentMs = ports.clock.nowMs()
    ports.log.withdraw(group, session, sequence, { space }).then(
      (outcome) => this.took(outcome, sentMs, true),
      (error: unknown) => {
        if (this.phase !== 'withdrawing') return
        const pauseMs = isPassing(error) || leftNothing(error) ? pacing.failed(sentMs) : undefined
        // A session outlives what is asked in it; without an answer it is lost before long, and its end ends the call.
        if (pauseMs !== undefined)
          this.stopPause = ports.clock.after(pauseMs, () => this.withdraw(pacing))
        else this.fail(this.failureOf(this.session!, 'unknown'))
      },
    )
  }

  private failureOf(session: GroupSession, outcome: Certainty): unknown {
    return this.failure?.whenKnown(outcome) ?? sessionExpired(session.id, outcome)
  }

  private fail(reason: unknown): void {
    if (!this.settled) this.reject(reason)
    this.over()
  }

  private reject(reason: unknown): void {
    this.settled = true
    this.refuse(reason)
  }

  private endInSession(): void {
    this.session!.end(this.command!.sequence)
  }

  private over(): void {
    if (this.phase === 'over') return
    const { phase } = this
    const answered = this.command?.answered
    // What never left has told nothing.
    if (phase === 'running' && answered !== undefined) this.session!.ledger.retell(answered)
    this.phase = 'over'
    this.stopTimer?.()
    this.stopPause?.()
    if (this.onAbort !== undefined)
      this.call.options.signal?.removeEventListener('abort', this.onAbort)
    if (phase === 'running' || phase === 'withdrawing') this.endInSession()
    this.parts.running.delete(this)
    const { answer } = this
    // Done, and nobody was told.
    if (answer !== undefined) this.call.undo?.(answer)
  }
}
