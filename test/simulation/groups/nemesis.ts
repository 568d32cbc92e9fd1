import type { Random } from '#test/simulation/random.ts'
import type { Client } from './client.ts'
import type { MembershipChurn } from './membership-churn.ts'
import type { Plan } from './plan.ts'
import type { Member, SimulatedGroup } from './simulated-group.ts'

interface NemesisParts {
  readonly plan: Plan
  readonly group: SimulatedGroup
  readonly churn: MembershipChurn
  readonly clients: () => readonly Client[]
  /** A client dies, and another one takes its place. */
  readonly replaceClient: (client: Client) => void
}

const WALL_LEAP_MS = 20_000

/** What goes wrong, as the seed has it. What it breaks it mends some time later, or at the end. */
export class Nemesis {
  readonly #parts: NemesisParts
  readonly #random: Random
  readonly #faults: readonly (() => void)[]
  #isOver = false
  readonly counts = new Map<string, number>()

  constructor(parts: NemesisParts) {
    this.#parts = parts
    this.#random = parts.group.random
    const faults = {
      crash: () => this.#crash(),
      crashLeader: () => this.#crash(this.#group.cluster.leader),
      pause: () => this.#pause(this.#anyMember()),
      pauseLeader: () => this.#pause(this.#group.cluster.leader),
      partition: () => this.#partition(),
      isolateLeader: () => this.#isolate(this.#group.cluster.leader),
      isolateLeaderAgain: () => this.#isolate(this.#group.cluster.leader),
      bounceInElection: () => this.#bounceInElection(),
      bounceAll: () => this.#bounceAll(),
      contest: () => this.#contest(),
      cutOneWay: () => this.#cutOneWay(),
      healNetwork: () => this.#group.cluster.network.heal(),
      slowDisk: () => this.#slowDisk(),
      failDisk: () => this.#failDisk(),
      leapClock: () => this.#leapClock(),
      transfer: () => this.#transfer(),
      churn: () => parts.churn.begin(),
      churnMore: () => parts.churn.begin(),
      cutClient: () => this.#cutClient(),
      pauseClient: () => this.#pauseClient(),
      killClient: () => this.#killClient(),
    }
    // Each run has some kinds of faults only: what goes wrong together differs.
    const entries = Object.entries(faults).filter(() => this.#random.chance(0.7))
    this.#faults = entries.map(([name, fault]) => () => {
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
      fault()
    })
  }

  get #group(): SimulatedGroup {
    return this.#parts.group
  }

  start(): void {
    this.#group.clock.after(this.#random.integer(1, 2 * this.#parts.plan.faultMs), () => {
      if (this.#isOver) return
      if (this.#faults.length > 0) this.#random.pick(this.#faults)()
      this.start()
    })
  }

  /** Mends all, and breaks nothing more. */
  end(): void {
    this.#isOver = true
    const { cluster } = this.#group
    cluster.network.heal()
    cluster.network.weather = { ...cluster.network.weather, lost: 0, repeated: 0, late: 0 }
    for (const member of cluster.members.values()) this.#mend(member)
    for (const client of this.#parts.clients()) {
      client.process.resume()
      client.way.unreachable.clear()
      client.way.losses = { lost: 0, repeated: 0 }
    }
  }

  #mend(member: Member): void {
    member.disk.mend()
    member.syncMsMax = Math.min(member.syncMsMax, 2)
    if (member.isPaused) member.resume()
    // A member whose disk has failed stands still until its process is started anew.
    if (member.isUp && member.hasFailed) this.#group.crash(member.id)
    if (!member.isUp && !this.#group.gone.has(member.id)) this.#group.cluster.restart(member.id)
  }

  #anyMember(): Member | undefined {
    const { live } = this.#group.cluster
    return live.length === 0 ? undefined : this.#random.pick(live)
  }

  #later(msMax: number, task: () => void): void {
    this.#group.clock.after(this.#random.integer(20, msMax), () => {
      if (!this.#isOver) task()
    })
  }

  #crash(member = this.#anyMember()): void {
    if (member?.isUp !== true || !this.#group.mayDie(member.id)) return
    this.#group.crash(member.id)
    this.#later(2_000, () => this.#restart(member))
  }

  #restart(member: Member): void {
    if (!member.isUp && !this.#group.gone.has(member.id)) {
      this.#group.cluster.restart(member.id)
    }
  }

  /** Somebody who may have voted dies in the midst of an election, and is back at once. */
  #bounceInElection(leftMs = 2_000): void {
    if (this.#isOver || !this.#group.isDurable || leftMs === 0) return
    const { live } = this.#group.cluster
    const isElection = live.some(({ node }) => node.status().role === 'candidate')
    if (!isElection) {
      this.#group.clock.after(1, () => this.#bounceInElection(leftMs - 1))
      return
    }
    this.#group.clock.after(this.#random.integer(0, 15), () => {
      for (const member of live) {
        if (member.isUp && member.node.status().role === 'follower') return this.#bounce(member)
      }
    })
  }

  /**
   * Two members that cannot hear each other ask the same third one for its vote, whose disk is slow, and who may die in
   * between.
   */
  #contest(): void {
    const { cluster } = this.#group
    const { leader } = cluster
    if (leader === undefined || !this.#group.isDurable) return
    const others = cluster.live.filter(({ id }) => id !== leader.id)
    for (const a of others) for (const b of others) if (a !== b) cluster.network.cut(a.id, b.id)
    this.#later(1_500, () => cluster.network.heal())
    const { term } = leader.node.status()
    this.#group.crash(leader.id)
    this.#restart(leader)
    for (const member of others) {
      this.#group.clock.after(this.#random.integer(0, 20), () => member.unreachable(leader.id))
    }
    leader.syncMsMax = this.#random.pick([5, 200])
    this.#later(1_500, () => {
      leader.syncMsMax = this.#parts.plan.syncMsMax
    })
    if (this.#random.chance(0.5)) this.#bounceAfter(leader, term, 1_500)
  }

  /** Once it has gone beyond a term, as with a vote in the next. */
  #bounceAfter(member: Member, term: number, leftMs: number): void {
    if (this.#isOver || !member.isUp || leftMs === 0) return
    if (member.node.status().term > term) {
      this.#group.clock.after(this.#random.integer(0, 20), () => {
        if (member.isUp) this.#bounce(member)
      })
    } else this.#group.clock.after(1, () => this.#bounceAfter(member, term, leftMs - 1))
  }

  #bounceAll(): void {
    if (!this.#group.isDurable) return
    for (const member of this.#group.cluster.live) this.#bounce(member)
  }

  #bounce(member: Member): void {
    this.#group.crash(member.id)
    this.#group.clock.after(this.#random.integer(0, 10), () => this.#restart(member))
  }

  #pause(member: Member | undefined): void {
    if (member === undefined || member.isPaused) return
    const { life } = member
    member.pause()
    this.#later(4_000, () => {
      if (member.life === life && member.isPaused) member.resume()
    })
  }

  #partition(): void {
    const sides: number[][] = [[], []]
    for (const { id } of this.#group.cluster.live) sides[this.#random.integer(0, 1)]!.push(id)
    this.#split(sides)
  }

  #isolate(member: Member | undefined): void {
    if (member === undefined) return
    const others = this.#group.cluster.live.map(({ id }) => id).filter((id) => id !== member.id)
    this.#split([[member.id], others])
    // Some clients are on its side.
    for (const { way } of this.#parts.clients()) {
      for (const id of this.#random.chance(0.5) ? others : [member.id]) way.unreachable.add(id)
      this.#later(3_000, () => way.unreachable.clear())
    }
  }

  #split(sides: readonly number[][]): void {
    const { cluster } = this.#group
    cluster.network.partition(...sides)
    this.#later(2_500, () => cluster.network.heal())
    if (!this.#random.chance(0.5)) return
    for (const from of sides[0]!) {
      for (const to of sides[1]!) {
        cluster.member(from).unreachable(to)
        cluster.member(to).unreachable(from)
      }
    }
  }

  #cutOneWay(): void {
    const [from, to] = [this.#anyMember(), this.#anyMember()]
    if (from === undefined || to === undefined || from === to) return
    this.#group.cluster.network.cut(from.id, to.id)
    this.#later(2_500, () => this.#group.cluster.network.heal())
  }

  #slowDisk(): void {
    const member = this.#anyMember()
    if (member === undefined) return
    member.syncMsMax = this.#random.integer(50, 800)
    this.#later(1_500, () => {
      member.syncMsMax = this.#parts.plan.syncMsMax
    })
  }

  #failDisk(): void {
    const member = this.#anyMember()
    if (member === undefined || !this.#group.isDurable) return
    member.disk.fail(new Error('the disk is full'))
    this.#later(1_500, () => {
      member.disk.mend()
      if (!member.isUp || !member.hasFailed) return
      this.#group.crash(member.id)
      this.#restart(member)
    })
  }

  #leapClock(): void {
    const member = this.#anyMember()
    if (member !== undefined) {
      member.wallSkewMs = this.#random.integer(-WALL_LEAP_MS, WALL_LEAP_MS)
    }
  }

  #transfer(): void {
    const [leader, to] = [this.#group.cluster.leader, this.#anyMember()]
    if (leader === undefined || to === undefined) return
    leader.post(() => leader.node.transferLeadership(to.id))
  }

  #anyClient(): Client {
    return this.#random.pick(this.#parts.clients())
  }

  #cutClient(): void {
    const [client, member] = [this.#anyClient(), this.#anyMember()]
    if (member === undefined) return
    client.way.unreachable.add(member.id)
    this.#later(1_500, () => client.way.unreachable.clear())
  }

  #pauseClient(): void {
    const client = this.#anyClient()
    client.process.pause()
    this.#later(3_000, () => client.process.resume())
  }

  #killClient(): void {
    if (this.#random.chance(0.5)) this.#parts.replaceClient(this.#anyClient())
  }
}
