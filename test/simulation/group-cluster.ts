import type { Command, Query } from '#consensus/host/command.ts'
import type { Outcome } from '#consensus/host/outcome.ts'
import type { StateMachine } from '#consensus/host/state-machine.ts'
import type { MembershipChange, Refusal } from '#consensus/group/contract.ts'
import { foundGroup } from '#consensus/group/found-group.ts'
import type { GroupOptions } from '#consensus/group/options.ts'
import { isJoint } from '#consensus/raft/configuration.ts'
import { fairWeather, GroupNetwork, type GroupWeather } from './group-network.ts'
import type { LogStorage } from '#consensus/storage/log-storage.ts'
import { Random } from './random.ts'
import type { SimulatedDisk } from './simulated-log.ts'
import { SimulatedMember } from './simulated-member.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface GroupClusterOptions<Machine extends StateMachine> {
  readonly seed: number
  readonly machine: (id: number) => Machine
  readonly options?: Partial<GroupOptions>
  readonly weather?: GroupWeather
  readonly syncMsMax?: number
  /** Whether a crash breaks connections, and the others notice within ms. */
  readonly breakMsMax?: number | undefined
  /** As of `SimulatedMember`. */
  readonly openLog?:
    ((member: { readonly id: number; readonly disk: SimulatedDisk }) => LogStorage) | undefined
  /** How much faster than the true clock a member's runs. */
  readonly drift?: (id: number) => number
}

/** What a caller that asks until it is answered has come to. */
export interface Ticket {
  outcome: Outcome | undefined
  attempts: number
  /** Refusals of all kinds, in their order. */
  readonly refusals: string[]
}

const RETRY_MS = 30

/** A group on virtual time: a seed decides everything that happens to it. */
export class GroupCluster<Machine extends StateMachine> {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly network: GroupNetwork
  readonly members = new Map<number, SimulatedMember<Machine>>()
  readonly #options: GroupClusterOptions<Machine>

  constructor(options: GroupClusterOptions<Machine>) {
    this.#options = options
    this.random = new Random(options.seed)
    this.network = new GroupNetwork(this.clock, this.random, options.weather ?? fairWeather)
  }

  /** A group of one that has its leader. */
  found(id: number): SimulatedMember<Machine> {
    const member = this.#make(id)
    const { storage } = member.mount()
    foundGroup(storage, this.#options.machine(id), id, (error) => {
      if (error !== undefined) throw error
    })
    this.run(100)
    member.start(storage)
    this.until(() => this.leader?.id === id, 5_000)
    return member
  }

  /** Starts a member that knows nothing; a leader has to take it in. */
  join(id: number): SimulatedMember<Machine> {
    const member = this.#make(id)
    member.start()
    return member
  }

  /** A group of `count` voters, with its leader. */
  foundVoters(count: number): SimulatedMember<Machine>[] {
    this.found(1)
    const others = Array.from({ length: count - 1 }, (_, i) => i + 2)
    for (const id of others) this.join(id)
    if (others.length > 0) {
      this.change({ learners: others })
      this.change({ voters: others })
    }
    const isSettled = (member: SimulatedMember<Machine>): boolean => {
      const { leader, confState } = member.node.status()
      return leader === 1 && confState.voters.length === count && !isJoint(confState)
    }
    this.until(() => this.live.every(isSettled), 5_000)
    return this.live
  }

  get live(): SimulatedMember<Machine>[] {
    return [...this.members.values()].filter(({ isUp }) => isUp)
  }

  /** Who leads the latest term that anybody leads. */
  get leader(): SimulatedMember<Machine> | undefined {
    return this.live
      .filter(({ node }) => node.status().role === 'leader')
      .sort((a, b) => b.node.status().term - a.node.status().term)[0]
  }

  member(id: number): SimulatedMember<Machine> {
    const member = this.members.get(id)
    if (member === undefined) throw new RangeError(`there is no member ${id}`)
    return member
  }

  /** The process of a member is gone, and what it had not synced. */
  crash(id: number): void {
    this.member(id).crash()
    this.network.detach(id)
    const { breakMsMax } = this.#options
    if (breakMsMax === undefined) return
    for (const other of this.live) {
      this.clock.after(this.random.integer(0, breakMsMax), () => other.unreachable(id))
    }
  }

  restart(id: number): void {
    this.member(id).start()
  }

  run(durationMs: number): void {
    this.clock.run(durationMs)
  }

  /** Runs until `isTrue`, and answers whether it came true in time. */
  until(isTrue: () => boolean, durationMs = 10_000): boolean {
    if (isTrue()) return true
    this.clock.run(durationMs, isTrue)
    return isTrue()
  }

  /** Asks whoever leads, again and again with the same command, until there is an outcome. */
  submit(command: Command): Ticket {
    return this.#ask((member, done) => member.node.submit(command, done))
  }

  read(query: Query): Ticket {
    return this.#ask((member, done) => member.node.read(query, done))
  }

  /** Submits, and runs until there is an outcome. */
  outcome(command: Command): Outcome {
    const ticket = this.submit(command)
    if (!this.until(() => ticket.outcome !== undefined)) {
      throw new Error(`no outcome of ${command.kind} after ${ticket.refusals.join(', ')}`)
    }
    return ticket.outcome!
  }

  /** Changes the members, asking each leader in turn, and runs until that is done. */
  change(change: MembershipChange): void {
    let isDone = false
    const ask = (): void => {
      const { leader } = this
      const again = (): void => this.clock.after(RETRY_MS, ask)
      if (leader === undefined) return again()
      leader.node.change(change, (result) => {
        if (result === 'done') isDone = true
        else again()
      })
    }
    ask()
    if (!this.until(() => isDone)) throw new Error(`no change: ${JSON.stringify(change)}`)
  }

  #ask(
    attempt: (member: SimulatedMember<Machine>, done: (result: Outcome | Refusal) => void) => void,
  ): Ticket {
    const ticket: Ticket = { outcome: undefined, attempts: 0, refusals: [] }
    const ask = (): void => {
      const { leader } = this
      const again = (reason: string): void => {
        ticket.refusals.push(reason)
        this.clock.after(RETRY_MS, ask)
      }
      if (leader === undefined) return again('nobody')
      ticket.attempts++
      // A leader that crashed answers nothing: its caller finds out.
      const forget = leader.onCrash(() => again('crashed'))
      attempt(leader, (result) => {
        forget()
        if (isRefusal(result)) again(result.kind)
        else ticket.outcome = result
      })
    }
    ask()
    return ticket
  }

  #make(id: number): SimulatedMember<Machine> {
    if (this.members.has(id)) throw new RangeError(`id ${id} was given before`)
    const { machine, options = {}, syncMsMax = 2, openLog, drift } = this.#options
    const { clock, random, network } = this
    const member = new SimulatedMember({
      ...{ id, clock, random, network, machine, options, syncMsMax, openLog },
    })
    member.drift = drift?.(id) ?? 0
    this.members.set(id, member)
    return member
  }
}

function isRefusal(result: Outcome | Refusal): result is Refusal {
  return result.kind === 'not-leader' || result.kind === 'busy' || result.kind === 'lost'
}
