import type { ControlCommand, ViewRequest } from '#peer/identity/core/control-contract.ts'
import { Random } from '#test/simulation/random.ts'
import { checkEntries } from '#test/simulation/vector-entries.ts'
import { type Counts, noCounts } from './counts.ts'
import { Mail } from './mail.ts'
import type { Plan } from './plan.ts'
import { type Ordered, SimulatedControl } from './simulated-control.ts'
import { SimulatedPeer } from './simulated-peer.ts'
import type { Operation } from './small-replica.ts'
import { type MemberMessage, SpaceMember } from './space-member.ts'
import { Truth } from './truth.ts'

const BATCH_OPERATIONS_MAX = 3
const ELEMENTS = 5

/** Peers, what is between them, and the control group: the parts of a simulated world, and how they reach each other. */
export class Cluster {
  readonly plan: Plan
  readonly random: Random
  readonly mail: Mail
  readonly counts: Counts = noCounts()
  readonly peers: SimulatedPeer[] = []
  readonly truthBySpace = new Map<string, Truth>()
  readonly control: SimulatedControl
  #operations = 0
  #stamps = 0

  constructor(plan: Plan, ordered: Ordered) {
    this.plan = plan
    this.random = new Random(plan.seed)
    this.mail = new Mail(this.random, plan)
    for (let i = 0; i < plan.spaces; i++) this.truthBySpace.set(`space ${i}`, new Truth())
    const { random, counts, peers, truthBySpace } = this
    this.control = new SimulatedControl({ ordered, plan, random, counts, truthBySpace, peers })
  }

  get living(): SimulatedPeer[] {
    return this.peers.filter(({ isAlive }) => isAlive)
  }

  addPeer(): void {
    const peer = new SimulatedPeer(this.peers.length + 1)
    this.peers.push(peer)
    const names = [...this.truthBySpace.keys()]
    for (const name of names) {
      const isNeeded = name === names.at(-1) && peer.memberBySpace.size === 0
      if (!isNeeded && this.random.chance(0.25)) continue
      peer.memberBySpace.set(name, this.#newMember(peer, name))
    }
  }

  #newMember(peer: SimulatedPeer, space: string): SpaceMember {
    return new SpaceMember(peer.id, space, {
      ...{ truth: this.truthBySpace.get(space)!, counts: this.counts, random: this.random },
      request: (request) => this.#request(peer, space, request),
      reply: (to, message) => this.#send(peer, this.peers[to - 1]!, space, message),
      spread: (message) => {
        for (const other of this.neighboursOf(peer, space)) {
          if (this.random.chance(this.plan.pushed)) this.#send(peer, other, space, message)
        }
      },
      wantSnapshot: () => {
        const others = this.neighboursOf(peer, space)
        if (others.length === 0) return
        this.#send(peer, this.random.pick(others), space, { kind: 'snapshot-wanted' })
      },
      nextStamp: () => ++this.#stamps,
    })
  }

  /** The others that are there and have the space open. */
  neighboursOf(peer: SimulatedPeer, space: string): SimulatedPeer[] {
    return this.peers.filter(
      (other) =>
        other !== peer &&
        peer.isReachable &&
        other.isReachable &&
        other.part === peer.part &&
        other.memberBySpace.has(space),
    )
  }

  #send(from: SimulatedPeer, to: SimulatedPeer, space: string, message: MemberMessage): void {
    if (!from.isReachable) return
    this.mail.send(() => {
      if (to.isReachable) to.memberBySpace.get(space)?.receive(message, from.id)
    })
  }

  #request(peer: SimulatedPeer, space: string, request: ControlCommand | ViewRequest): void {
    const { control, mail, plan } = this
    if (!peer.isReachable || !peer.reachesControl) return
    mail.send(() => {
      if (!control.isUp) return
      const answer = control.answer(request)
      mail.send(() => {
        const isThere = peer.isReachable && peer.reachesControl
        if (isThere) peer.memberBySpace.get(space)?.step({ kind: 'answer', answer })
      }, plan.lostAtControl)
    }, plan.lostAtControl)
  }

  contact(peer: SimulatedPeer): void {
    if (!peer.isReachable || !peer.reachesControl || !this.control.isUp) return
    const { session } = peer
    if (this.control.state.endedSessions.has(session)) peer.openSession()
    for (const member of peer.memberBySpace.values()) {
      member.step({ kind: 'contact', session: peer.session })
    }
  }

  tick(): void {
    for (const peer of this.living) {
      if (peer.isFrozen) continue
      for (const member of peer.memberBySpace.values()) member.step({ kind: 'tick' })
    }
  }

  write(member: SpaceMember): void {
    if (!member.core.isWritable) return
    const count = this.random.integer(1, BATCH_OPERATIONS_MAX)
    const operations = Array.from({ length: count }, () => this.#drawOperation())
    member.write(operations, this.plan.durability)
  }

  #drawOperation(): Operation {
    const { random, plan } = this
    const removes = Array.from({ length: plan.removals }, () => 'remove' as const)
    return {
      id: ++this.#operations,
      kind: random.pick(['increment', 'increment', 'add', ...removes]),
      amount: random.integer(-3, 8),
      element: `element ${random.integer(1, ELEMENTS)}`,
    }
  }

  crash(peer: SimulatedPeer): void {
    peer.isAlive = false
    const { control, random } = this
    const saysSo = random.chance(0.3) && control.isUp && peer.isReachable && peer.reachesControl
    for (const [space, member] of peer.memberBySpace) {
      this.truthBySpace.get(space)!.mayLoseAllOf(member.peer)
      const { id } = member.core
      if (saysSo && id !== undefined) control.giveUp(space, id)
    }
  }

  /** Peers that everybody would count on: members that the group knows as such, and nothing ails. */
  goodPeers(but: SimulatedPeer, space: string): number {
    const control = this.control.space(space)
    return this.living.filter((peer) => {
      const core = peer.memberBySpace.get(space)?.core
      const id = core?.id
      return peer !== but && core?.isWritable === true && id !== undefined && control.isMember(id)
    }).length
  }

  /** Whether its end leaves a member in each of its spaces. */
  isSpareable(peer: SimulatedPeer): boolean {
    return [...peer.memberBySpace.keys()].every((space) => this.goodPeers(peer, space) >= 1)
  }

  heal(): void {
    for (const peer of this.living) peer.heal()
  }

  /** Everybody tells everybody else in the space, so many times, and all of it arrives. */
  exchange(rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      for (const peer of this.living) {
        for (const [space, member] of peer.memberBySpace) {
          for (const other of this.neighboursOf(peer, space)) member.sync(other.id)
          this.mail.deliverAll()
        }
      }
    }
  }

  /** Notes how large everything is, and asserts what is bounded by slots. */
  measure(): void {
    const { counts, plan } = this
    for (const peer of this.living) {
      for (const [name, { core, replica }] of peer.memberBySpace) {
        const usage = core.replica?.usage
        if (usage === undefined) continue
        checkEntries(this.control.space(name), core.replica!.id, replica.vector)
        counts.mostVector = Math.max(counts.mostVector, replica.vector.size)
        counts.mostTotals = Math.max(counts.mostTotals, replica.counted)
        counts.mostKept = Math.max(counts.mostKept, usage.kept)
        counts.mostStaged = Math.max(counts.mostStaged, usage.staged)
        if (replica.counted > plan.slotsMax) throw new Error('I8: metadata is not bounded by slots')
      }
    }
    for (const space of this.control.spaces) {
      space.check()
      counts.mostLives = Math.max(counts.mostLives, space.usedSlots)
      counts.mostRecords = Math.max(counts.mostRecords, space.records.length)
      counts.mostSealings = Math.max(counts.mostSealings, space.sealingBySlot.size)
    }
  }
}
