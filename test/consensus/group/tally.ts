import type { CallCommand, Command, Query } from '#consensus/host/command.ts'
import { GroupState } from '#consensus/host/group-state.ts'
import type { Outcome } from '#consensus/host/outcome.ts'
import { defineObject } from '#consensus/objects/define-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'
import { GroupCluster, type GroupClusterOptions } from '#test/simulation/group-cluster.ts'

/** What the driver's tests call: a number that can be waited for. */
class Tally extends StrongObject {
  value = 0
  fired = 0

  add(amount: number): number {
    this.value += amount
    return this.value
  }

  waitFor(least: number): number {
    this.waitUntil(this.value >= least)
    return this.value
  }

  addLater(amount: number, delayMs: number): void {
    this.schedule(delayMs, 'add', amount)
  }

  read(): number {
    return this.value
  }
}

let disorder = 0

/** Differs among replicas: what a class must not do. */
class Unruly extends StrongObject {
  value = 0

  spoil(): void {
    this.value = ++disorder
  }
}

const tally = defineObject('test-tally', Tally)
const unruly = defineObject('test-unruly', Unruly)

export type TallyCluster = GroupCluster<GroupState>

export function tallyCluster(options: Partial<GroupClusterOptions<GroupState>> = {}): TallyCluster {
  return new GroupCluster({ seed: 1, machine: () => new GroupState(), ...options })
}

/** A session's id, told from others by a number. */
export function sessionId(number: number): string {
  return number.toString(16).padStart(32, '0')
}

export const openTally: Command = {
  kind: 'open-object',
  space: 'test',
  name: 'tally',
  descriptor: tally().strongKind.descriptor,
}

export const openUnruly: Command = {
  kind: 'open-object',
  space: 'test',
  name: 'unruly',
  descriptor: unruly().strongKind.descriptor,
}

/** One caller: a session, and sequences that ascend. */
export class TallyCaller {
  readonly session: string
  readonly object: number
  #sequence = 0

  private constructor(session: string, object: number) {
    this.session = session
    this.object = object
  }

  /** Opens the object and the session `number`. */
  static open(cluster: TallyCluster, number = 1, open: Command = openTally): TallyCaller {
    const session = sessionId(number)
    cluster.outcome({ kind: 'open-session', session, leaseMs: 60_000 })
    return new TallyCaller(session, Number(valueOf(cluster.outcome(open))))
  }

  call(method: string, ...args: readonly unknown[]): CallCommand {
    this.#sequence++
    return {
      kind: 'call',
      session: this.session,
      sequence: this.#sequence,
      acknowledged: 0,
      object: this.object,
      path: [],
      method,
      args,
    }
  }

  query(method: string, ...args: readonly unknown[]): Query {
    return { object: this.object, path: [], method, args }
  }
}

export function valueOf(outcome: Outcome | undefined): unknown {
  if (outcome?.kind !== 'done') throw new Error(`not done: ${JSON.stringify(outcome)}`)
  return outcome.value
}
