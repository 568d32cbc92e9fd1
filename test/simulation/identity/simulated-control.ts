import { strict as assert } from 'node:assert'
import type { ReplicaId } from '@joinery/crdt-objects/engine'
import type {
  ControlAnswer,
  ControlCommand,
  ControlReply,
  ViewAnswer,
  ViewRequest,
} from '#peer/identity/core/control-contract.ts'
import { answerWith, questionAfter } from '#peer/identity/core/control-reply.ts'
import type { ControlState } from '#peer/identity/core/control-state.ts'
import { nameOf } from '#peer/identity/core/incarnation.ts'
import { blockersOf } from '#peer/identity/core/seal-rule.ts'
import type { SpaceControl } from '#peer/identity/core/space-control.ts'
import type { Random } from '#test/simulation/random.ts'
import type { Counts } from './counts.ts'
import type { Plan } from './plan.ts'
import type { SimulatedPeer } from './simulated-peer.ts'
import type { SpaceMember } from './space-member.ts'
import type { Truth } from './truth.ts'

/** Whoever carries out commands in one order: the state itself, or a Raft group around it. */
export interface Ordered {
  readonly state: ControlState
  apply(command: ControlCommand, nowMs: number): ControlReply
  view(request: ViewRequest): ViewAnswer
  /** The agreed time, when the simulation's is `nowMs`. */
  agreedMs(nowMs: number): number
  /** Goes on from a snapshot of the state, as a new leader would. */
  restart(): void
}

const MS_PER_STEP = 10

/** The control group and its leader's policies, with an oracle that looks at every seal that closes. */
export class SimulatedControl {
  isUp = true
  nowSteps = 0
  readonly #ordered: Ordered
  readonly #random: Random
  readonly #counts: Counts
  readonly #truthBySpace: ReadonlyMap<string, Truth>
  readonly #peers: readonly SimulatedPeer[]

  constructor(parts: {
    readonly ordered: Ordered
    readonly plan: Plan
    readonly random: Random
    readonly counts: Counts
    readonly truthBySpace: ReadonlyMap<string, Truth>
    readonly peers: readonly SimulatedPeer[]
  }) {
    this.#ordered = parts.ordered
    this.#random = parts.random
    this.#counts = parts.counts
    this.#truthBySpace = parts.truthBySpace
    this.#peers = parts.peers
    const { keepers, durability } = parts.plan
    for (const space of parts.truthBySpace.keys()) {
      this.apply({ kind: 'found', space, keepers, durability })
    }
  }

  /** The group is gone until further notice. */
  goDown(): void {
    this.isUp = false
    this.#ordered.restart()
  }

  get state(): ControlState {
    return this.#ordered.state
  }

  get spaces(): SpaceControl[] {
    return [...this.state.spaceByName.values()]
  }

  space(name: string): SpaceControl {
    return this.state.spaceByName.get(name)!
  }

  answer(request: ControlCommand | ViewRequest): ControlAnswer {
    if (request.kind === 'view') return this.#ordered.view(request)
    const reply = this.apply(request)
    const question = questionAfter(request, reply)
    return answerWith(reply, question && this.#ordered.view(question))
  }

  apply(command: ControlCommand): ControlReply {
    const reply = this.#ordered.apply(command, this.nowSteps * MS_PER_STEP)
    if (reply.kind === 'leased') this.#counts.incarnations++
    if (command.kind === 'reinstate' && reply.kind === 'taken') {
      const slot = this.space(command.space).slotOf(command.member)
      if (slot?.status === 'leased' && slot.isActive) this.#counts.reinstatements++
    }
    return reply
  }

  /** The member that a life belongs to, while its peer lives and has it. */
  memberOf(space: SpaceControl, id: ReplicaId): SpaceMember | undefined {
    for (const peer of this.#peers) {
      const member = peer.memberBySpace.get(space.name)
      const isThere = peer.isAlive && member?.core.status !== 'left'
      if (isThere && member?.core.id === id) return member
    }
    return undefined
  }

  closeEpochs(): void {
    for (const space of this.spaces) {
      const before = space.epoch
      this.apply({ kind: 'close-epoch', space: space.name })
      if (space.epoch === before) continue
      this.#counts.epochs++
      const record = space.records.find(({ epoch }) => epoch === space.epoch)
      if (record === undefined) continue
      for (const { incarnation, last } of record.seals) this.#judgeSeal(space, incarnation, last)
    }
  }

  /** I1 and I2, at the instant of every seal, for all members that live. */
  #judgeSeal(space: SpaceControl, id: ReplicaId, last: number): void {
    this.#counts.seals++
    const members = space.members()
    this.#truthBySpace.get(space.name)!.noteSealed(id, last, members)
    for (const member of members) {
      const found = this.memberOf(space, member)
      const replica = found?.core.replica
      if (replica === undefined) continue
      const reach = replica.vector.get(id)
      if (reach === 'sealed') continue
      const text = `${nameOf(member)} has ${nameOf(id)}, sealed at ${last}, up to`
      assert.ok(reach <= last, `I1: ${text} ${reach}`)
      const held = replica.held(id)
      assert.ok(held >= last, `I2: ${text} ${held}`)
    }
  }

  /** Sessions of dead peers end: once, also of who is the last member then. */
  endDeadSessions(): void {
    const living = new Set(this.#peers.filter(({ isAlive }) => isAlive).map((peer) => peer.session))
    const dead = new Set<string>()
    for (const { slots } of this.spaces) {
      for (const { status, session } of slots) {
        const isKnown = status === 'free' || this.state.endedSessions.has(session)
        if (!isKnown && !living.has(session)) dead.add(session)
      }
    }
    for (const session of dead) this.apply({ kind: 'end-session', session })
  }

  /** Its holder is gone, and said so with its last breath; the space goes with the last who may have anything of it. */
  giveUp(name: string, member: ReplicaId): void {
    const space = this.space(name)
    const slot = space.slotOf(member)
    if (slot === undefined) return
    const { generation, epoch } = space
    const of = { space: name, member, number: slot.number + 1, epoch }
    this.apply({ kind: 'dissolve', ...of })
    this.apply({ kind: 'leave', space: name, member })
    if (space.generation === generation) return
    this.#truthBySpace.get(name)!.noteDeclaredLost(space.epoch)
    this.#counts.spacesLost++
  }

  /** Somebody ends a space, whoever is in it, and another of its name is founded. */
  endOne(): void {
    const { name, generation, keepers } = this.#random.pick(this.spaces)
    const { wanted, durability } = keepers
    this.apply({ kind: 'end-space', space: name, generation })
    this.apply({ kind: 'swept', space: name, generation })
    this.apply({ kind: 'found', space: name, keepers: wanted, durability })
    this.#truthBySpace.get(name)!.noteEnded(this.space(name).epoch)
    this.#counts.spacesEnded++
  }

  /** Seals one member that keeps a seal from closing for longer than `steps`: first of those that are silent. */
  expireSlow(steps: number): void {
    const nowMs = this.#ordered.agreedMs(this.nowSteps * MS_PER_STEP)
    for (const space of this.spaces) {
      for (const [index, { sinceMs }] of [...space.sealingBySlot]) {
        if (nowMs - sinceMs < steps * MS_PER_STEP) continue
        const blockers = blockersOf(space, space.idAt(index))
        const silent = blockers.filter((id) => !this.#renews(space, id))
        const candidates = silent.length > 0 ? silent : blockers
        if (candidates.length === 0) continue
        const member = this.#random.pick(candidates)
        const isSealing = space.sealingOf(member) !== undefined
        this.apply({ kind: 'start-seal', space: space.name, member })
        if (!isSealing && space.sealingOf(member) !== undefined) this.#counts.slowFencings++
      }
    }
  }

  #renews(space: SpaceControl, id: ReplicaId): boolean {
    return this.#peers.some(
      (peer) =>
        peer.isReachable &&
        peer.reachesControl &&
        peer.memberBySpace.get(space.name)?.core.id === id,
    )
  }

  /** Keepers that died are replaced, and now and then one that lives. */
  repairKeepers(): void {
    for (const space of this.spaces) {
      const { keepers: set, name } = space
      if (set.change !== undefined) {
        const isStuck = !space.isMember(set.change.incoming) || this.#random.chance(0.02)
        if (isStuck) this.apply({ kind: 'abandon-keeper', space: name })
        continue
      }
      const members = space.members().filter((id) => !set.keepers.includes(id))
      const gone = set.keepers.filter((id) => space.slotOf(id) === undefined)
      if (members.length === 0) continue
      const incoming = this.#random.pick(members)
      const isFull = set.keepers.length >= set.wanted
      if (isFull && gone.length === 0 && !this.#random.chance(0.1)) continue
      const outgoing = isFull ? this.#random.pick(gone.length > 0 ? gone : set.keepers) : undefined
      this.apply({ kind: 'appoint-keeper', space: name, incoming, outgoing })
      this.#counts.keeperChanges++
    }
  }

  /** Where more keepers are gone for good than a seal may miss, an operator says who the keepers are. */
  giveWord(): void {
    for (const space of this.spaces) {
      const { keepers: set, name } = space
      const gone = set.keepers.filter((id) => !space.isMember(id))
      if (gone.length < set.durability) continue
      const members = space.members().filter((id) => this.memberOf(space, id) !== undefined)
      if (members.length === 0) continue
      const keepers = members.slice(0, set.wanted)
      this.apply({ kind: 'replace-keepers', space: name, keepers })
      this.#truthBySpace.get(name)!.noteWord(set.version)
      this.#counts.operatorWords++
    }
  }

  /**
   * Where nobody is left who has the state, the space is declared lost. Who is in sealing may come back with it; after
   * some patience it is known that he cannot, for what he lacks died with others.
   */
  declareLost(isPatient: boolean): void {
    for (const space of this.spaces) {
      if (!space.isFounded) continue
      const hasState = this.#peers.some(({ isAlive, memberBySpace }) => {
        const core = memberBySpace.get(space.name)?.core
        const isThere = core?.status === 'active' || core?.status === 'retiring'
        return isAlive && isThere && (isPatient || space.isMember(core.id!))
      })
      if (hasState) continue
      this.apply({ kind: 'declare-lost', space: space.name })
      this.#truthBySpace.get(space.name)!.noteDeclaredLost(space.epoch)
      this.#counts.spacesLost++
    }
  }
}
