import { strict as assert } from 'node:assert'
import { MemoryLog } from '#consensus/storage/memory-log.ts'
import type { GroupOptions } from '#consensus/group/options.ts'
import { classType } from '#consensus/host/class-type.ts'
import type { HostedType } from '#consensus/host/hosted-object.ts'
import { LinearizableType } from '#consensus/host/linearizable-object.ts'
import type { LogView } from '#consensus/raft/log-view.ts'
import type { ConfState } from '#consensus/raft/types.ts'
import { GroupCluster } from '#test/simulation/group-cluster.ts'
import type { Random } from '#test/simulation/random.ts'
import type { SimulatedMember } from '#test/simulation/simulated-member.ts'
import type { VirtualClock } from '#test/simulation/virtual-clock.ts'
import { ObservedLog } from './observed-log.ts'
import { ObservedMachine } from './observed-machine.ts'
import type { Plan } from './plan.ts'
import { Truth } from './truth.ts'

export type Member = SimulatedMember<ObservedMachine>

const types: readonly HostedType[] = [classType, new LinearizableType()]

/** Loads what the objects are made with, once. */
export async function loadTypes(): Promise<void> {
  for (const type of types) await type.prepare?.()
}

/** A group under observation: its members, and what must hold of them at every moment. */
export class SimulatedGroup {
  readonly truth = new Truth()
  readonly cluster: GroupCluster<ObservedMachine>
  readonly isDurable: boolean
  /** The log of each member as far as it survives: a memory log for as long as its process, and then as it was. */
  readonly #durable = new Map<number, LogView>()
  /** What each leader counts by, and up to where others counted before. */
  readonly #counting = new Map<number, { readonly confState: ConfState; readonly upTo: number }>()
  readonly #reportsSeen = new Map<number, number>()
  #isCheckDue = false
  #lastConf: ConfState = {
    ...{ voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
  }
  /** Members that will not come back. */
  readonly gone = new Set<number>()
  /** Commits that were found on a majority of disks. */
  commitsChecked = 0
  crashes = 0

  /** Hosts objects of `hosted`: those that simulations call, if it is not given. */
  constructor(plan: Plan, hosted = types) {
    const { truth } = this
    this.isDurable = plan.isDurable
    this.cluster = new GroupCluster<ObservedMachine>({
      seed: plan.seed,
      machine: (id) => new ObservedMachine(id, truth, hosted),
      options: plan.options satisfies Partial<GroupOptions>,
      syncMsMax: plan.syncMsMax,
      breakMsMax: plan.breakMsMax,
      drift: (id) => plan.driftMax * Math.sin(id * 2.4 + plan.seed),
      openLog: ({ id, disk }) => {
        const memory = plan.isDurable
          ? undefined
          : new MemoryLog((task) => this.clock.after(0, () => this.#inLife(id, task)))
        const log = memory ?? disk.open()
        this.#durable.set(id, memory ?? disk.durable)
        this.#listen(id)
        return new ObservedLog(log, id, truth)
      },
    })
    truth.onFirst = (member) => this.#checkLater(member)
  }

  get clock(): VirtualClock {
    return this.cluster.clock
  }

  get random(): Random {
    return this.cluster.random
  }

  /** The configuration of whoever has applied most, dead or alive. */
  get confState(): ConfState {
    const [first] = this.cluster.live
      .map(({ node }) => node.status())
      .sort((a, b) => b.applied - a.applied)
    return first?.confState ?? this.#lastConf
  }

  /** A process dies, and what it had not synced; with a memory log, the member is gone for ever. */
  crash(id: number): void {
    this.#lastConf = this.confState
    this.checkReports()
    this.crashes++
    if (!this.isDurable) this.gone.add(id)
    this.cluster.crash(id)
  }

  /**
   * Whether a member may die: with memory logs, only while all voters and learners live, and know who they are. Otherwise
   * the others may be too few, and nobody can help them.
   */
  mayDie(id: number): boolean {
    if (this.isDurable) return true
    const { voters, votersOutgoing, learners } = this.confState
    const members = [...voters, ...votersOutgoing, ...learners]
    const isSafe = members.includes(id) && members.every((member) => !this.gone.has(member))
    return isSafe && this.isSettled
  }

  /** Whether all voters that live know of the last change. */
  get isSettled(): boolean {
    const { confState } = this
    const key = JSON.stringify(confState)
    const { members } = this.cluster
    return confState.voters.every((voter) => {
      const member = members.get(voter)
      return member?.isUp !== true || JSON.stringify(member.node.status().confState) === key
    })
  }

  /** What members have reported since the last time: leaders, one in each term, and nothing that tells of a mistake. */
  checkReports(): void {
    for (const member of this.cluster.members.values()) {
      const { reports, id } = member
      for (const report of reports.slice(this.#reportsSeen.get(id) ?? 0)) {
        if (report.kind === 'leader-changed' && report.leader !== 0) {
          this.truth.leads(report.leader, report.term)
        }
        if (report.kind === 'object-diverged') {
          assert.fail(`object ${report.object} differs among ${report.members.join(', ')}`)
        }
      }
      this.#reportsSeen.set(id, reports.length)
    }
  }

  /** Follows what a leader counts by, from the moment at which it changes. */
  #listen(id: number): void {
    const member = this.cluster.member(id)
    member.onReport = (report) => {
      const isNewLeader = report.kind === 'leader-changed' && report.leader === id
      if (!isNewLeader && report.kind !== 'membership-changed') return
      const { role, confState, committed, applied } = member.node.status()
      if (!isNewLeader) {
        // The change itself was committed by what it changed.
        if (role !== 'leader') return
        this.#checkCommit(member, applied)
      }
      this.#counting.set(id, { confState, upTo: committed })
    }
  }

  /** Of a memory log, what is under way ends with its process. */
  #inLife(id: number, task: () => void): void {
    if (!this.gone.has(id)) task()
  }

  #checkLater(id: number): void {
    if (this.#isCheckDue) return
    this.#isCheckDue = true
    this.clock.after(0, () => {
      this.#isCheckDue = false
      this.checkReports()
      const member = this.cluster.members.get(id)
      if (member?.isUp === true) this.#checkCommit(member)
    })
  }

  /** What a leader takes for committed is durable at a majority, of both halves where there are two. */
  #checkCommit(member: Member, at?: number): void {
    const { id, role, term, committed } = member.node.status()
    const index = at ?? committed
    const counting = this.#counting.get(id)
    if (role !== 'leader' || counting === undefined || index <= counting.upTo) return
    const entryTerm = this.#durable.get(id)!.term(index)
    // Nothing is durable here yet; a majority without it is rare.
    if (typeof entryTerm !== 'number') return
    // Entries of earlier terms are committed by one of its own after them.
    if (at !== undefined && entryTerm !== term) return
    assert.equal(entryTerm, term, `leader ${id} commits by counting what is of its own term`)
    const { voters, votersOutgoing } = counting.confState
    for (const half of [voters, votersOutgoing]) {
      const held = half.filter((voter) => isHeldBy(this.#durable.get(voter), index, term)).length
      if (half.length > 0 && held <= half.length / 2) {
        assert.fail(`index ${index} of term ${term} is committed and durable at ${held} only`)
      }
    }
    this.commitsChecked++
  }
}

function isHeldBy(log: LogView | undefined, index: number, term: number): boolean {
  if (log === undefined) return false
  const found = log.term(index)
  return found === term || (found === 'compacted' && log.lastIndex() >= index)
}
