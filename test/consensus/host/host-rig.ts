import assert from 'node:assert/strict'
import { encodeBatch } from '#consensus/host/command-codec.ts'
import type { CallCommand, Command } from '#consensus/host/command.ts'
import { GroupState } from '#consensus/host/group-state.ts'
import type { Applied, Outcome } from '#consensus/host/outcome.ts'

/** The id of a session, by a small number. */
export function sessionId(number: number): string {
  return number.toString(16).padStart(32, '0')
}

/** A schema as far as a host is concerned. */
export interface Described {
  readonly strongKind: { readonly descriptor: string }
}

/** A state machine, and what it takes to say something to it. Each step is an entry of its own. */
export class HostRig {
  machine: GroupState
  timeMs = 1_000
  seed = 7
  last: Applied = { outcomes: [], released: [], changed: [] }
  private readonly sequences = new Map<string, number>()

  constructor(machine = new GroupState()) {
    this.machine = machine
  }

  apply(...commands: readonly Command[]): readonly (Outcome | { readonly kind: 'parked' })[] {
    this.seed += 1
    const entry = encodeBatch({ timeMs: this.timeMs, seed: this.seed, commands })
    this.last = this.machine.apply(entry)
    assert.equal(this.last.outcomes.length, commands.length)
    return this.last.outcomes
  }

  one(command: Command): Outcome | { readonly kind: 'parked' } {
    return this.apply(command)[0]!
  }

  /** Opens a session, and gives its id. */
  session(number = 1, leaseMs = 10_000): string {
    const session = sessionId(number)
    assert.equal(this.one({ kind: 'open-session', session, leaseMs }).kind, 'done')
    return session
  }

  /** Opens an object, and gives its number. */
  open({ strongKind: { descriptor } }: Described, name = 'it', space = 's'): number {
    return valueOf(this.one({ kind: 'open-object', space, name, descriptor })) as number
  }

  next(session: string): number {
    const sequence = (this.sequences.get(session) ?? 0) + 1
    this.sequences.set(session, sequence)
    return sequence
  }

  command(
    session: string,
    object: number,
    method: string,
    args: readonly unknown[] = [],
    more: Partial<CallCommand> = {},
  ): CallCommand {
    const sequence = more.sequence ?? this.next(session)
    return {
      kind: 'call',
      ...{ session, sequence, acknowledged: 0, object, path: [], method, args },
      ...more,
    }
  }

  call(
    session: string,
    object: number,
    method: string,
    ...args: readonly unknown[]
  ): Outcome | { readonly kind: 'parked' } {
    return this.one(this.command(session, object, method, args))
  }

  read(object: number, method: string, ...args: readonly unknown[]): unknown {
    return valueOf(this.machine.read({ object, path: [], method, args }))
  }

  /** Lets agreed time pass: an empty entry. */
  pass(ms: number): Applied {
    this.timeMs += ms
    this.apply()
    return this.last
  }

  /** Goes on from a snapshot of itself. */
  restart(): void {
    const snapshot = this.machine.snapshot()
    const machine = new GroupState()
    machine.restore(snapshot)
    assert.deepEqual(machine.snapshot(), snapshot)
    this.machine = machine
  }
}

export function valueOf(outcome: Outcome | { readonly kind: 'parked' }): unknown {
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome))
  return outcome.kind === 'done' ? outcome.value : undefined
}

export function codeOf(outcome: Outcome | { readonly kind: 'parked' }): string {
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome))
  return outcome.kind === 'failed' ? outcome.failure.code : ''
}

export function messageOf(outcome: Outcome | { readonly kind: 'parked' }): string {
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome))
  return outcome.kind === 'failed' ? outcome.failure.message : ''
}
