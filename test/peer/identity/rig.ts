import { strict as assert } from 'node:assert'
import type { ReplicaId } from '@joinery/crdt-objects/engine'
import type {
  ControlAnswer,
  ControlCommand,
  ControlLimits,
  ViewRequest,
} from '#peer/identity/core/control-contract.ts'
import { ControlState } from '#peer/identity/core/control-state.ts'
import type {
  Intent,
  MemberEffect,
  MemberInput,
  MemberLimits,
} from '#peer/identity/core/member-contract.ts'
import { MemberCore } from '#peer/identity/core/member-core.ts'
import type { SpaceControl } from '#peer/identity/core/space-control.ts'
import { answerAtOnce } from '#test/fixtures/answer-at-once.ts'
import {
  type Operation,
  type SmallBatch,
  type SmallBody,
  SmallReplica,
  type SmallState,
} from '#test/simulation/identity/small-replica.ts'

type Input = MemberInput<SmallBody, SmallState, Operation>
type Effect = MemberEffect<SmallBody, Operation>

const SPACE = 'space'

/** One member of the space of a rig: what it asks of the group is answered at once, unless it is told to wait. */
export class RigMember {
  readonly session: string
  readonly core: MemberCore<SmallBody, SmallState, Operation>
  readonly replica = new SmallReplica(() => {})
  /** What it did, but for what it asked of the group. */
  readonly effects: Effect[] = []
  /** What it asked while `waits`. */
  readonly asked: (ControlCommand | ViewRequest)[] = []
  waits = false
  readonly #rig: Rig

  constructor(rig: Rig, session: string, limits?: Partial<MemberLimits>) {
    this.#rig = rig
    this.session = session
    this.core = new MemberCore({ space: SPACE, port: this.replica, limits })
  }

  get id(): ReplicaId {
    assert.ok(this.core.id !== undefined)
    return this.core.id
  }

  step(input: Input): void {
    for (const effect of this.core.step(input)) {
      if (effect.kind === 'reissue') {
        this.effects.push(effect)
        const { operation, stamp } = effect.intent
        this.#write([{ operation, stamp, again: effect.intent }])
      } else if (effect.kind !== 'request') this.effects.push(effect)
      else if (this.waits) this.asked.push(effect.request)
      else this.step({ kind: 'answer', answer: this.#rig.answer(effect.request) })
    }
  }

  contact(session = this.session): void {
    this.step({ kind: 'contact', session })
  }

  /** Writes one batch. */
  write(...operations: Operation[]): SmallBatch {
    return this.#write(operations.map((operation) => ({ operation, stamp: operation.id * 10 })))
  }

  #write(asked: Parameters<SmallReplica['write']>[0]): SmallBatch {
    const { batch, intents } = this.replica.write(asked)
    this.step({ kind: 'wrote', batch, intents })
    return batch
  }

  take(...batches: SmallBatch[]): string[] {
    for (const batch of batches) this.step({ kind: 'batch', batch })
    const verdicts = this.effects.flatMap((effect) =>
      effect.kind === 'batch' ? [effect.verdict] : [],
    )
    return verdicts.slice(-batches.length)
  }

  /** Hears what another says of itself. */
  hear(other: RigMember): void {
    const statement = other.core.statement()
    if (statement !== undefined) this.step({ kind: 'statement', statement })
  }

  /** Begins from the state of another. */
  beginFrom(other: RigMember): void {
    const offer = other.core.offer('snapshot')
    assert.ok(offer !== undefined)
    this.step({ kind: 'snapshot', offer })
  }

  joinStateOf(other: RigMember): void {
    const offer = other.core.offer('state')
    assert.ok(offer !== undefined)
    this.step({ kind: 'state', offer })
  }

  /** Takes all that another has, as far as it may. */
  syncFrom(other: RigMember): void {
    const found = other.core.replica?.batchesAfter(this.replica.vector, Infinity)
    for (const batch of found?.batches ?? []) this.step({ kind: 'batch', batch })
    this.hear(other)
  }

  ofKind<Kind extends Effect['kind']>(kind: Kind): Extract<Effect, { kind: Kind }>[] {
    return this.effects.filter(
      (effect): effect is Extract<Effect, { kind: Kind }> => effect.kind === kind,
    )
  }

  get reissued(): Intent<Operation>[] {
    return this.ofKind('reissue').map(({ intent }) => intent)
  }
}

/** A control group with one space, and members that a test drives by hand. */
export class Rig {
  readonly control: ControlState
  readonly members: RigMember[] = []
  nowMs = 0

  constructor(
    options: {
      readonly keepers?: number
      readonly durability?: number
      readonly limits?: Partial<ControlLimits>
    } = {},
  ) {
    this.control = new ControlState(options.limits)
    const { keepers = 3, durability = 2 } = options
    this.apply({ kind: 'found', space: SPACE, keepers, durability })
  }

  get space(): SpaceControl {
    return this.control.spaceByName.get(SPACE)!
  }

  apply(command: ControlCommand): ControlAnswer {
    return this.answer(command)
  }

  answer(request: ControlCommand | ViewRequest): ControlAnswer {
    return answerAtOnce(this.control, request, this.nowMs)
  }

  /** Somebody who has not asked for anything yet. */
  newcomer(limits?: Partial<MemberLimits>): RigMember {
    const member = new RigMember(this, `session ${this.members.length + 1}`, limits)
    this.members.push(member)
    return member
  }

  /** A member that is active, begun from the first one. */
  join(limits?: Partial<MemberLimits>): RigMember {
    const first = this.members.find(({ core }) => core.offer('snapshot') !== undefined)
    const member = this.newcomer(limits)
    member.contact()
    if (first !== undefined) member.beginFrom(first)
    member.contact()
    assert.equal(member.core.status, 'active')
    return member
  }

  expire(member: RigMember): void {
    this.apply({ kind: 'end-session', session: member.session })
  }

  closeEpoch(): void {
    this.apply({ kind: 'close-epoch', space: SPACE })
  }

  /** Those given speak with the group, twice: what they hear the first time, they report the second. */
  contactAll(...members: RigMember[]): void {
    for (const member of [...members, ...members]) member.contact()
  }

  appoint(incoming: RigMember, outgoing?: RigMember): ControlAnswer {
    const command = { kind: 'appoint-keeper', space: SPACE, incoming: incoming.id } as const
    return this.apply({ ...command, outgoing: outgoing?.id })
  }
}

let operations = 0

export const add = (element: string): Operation => ({
  ...{ id: ++operations, kind: 'add', amount: 0, element },
})
export const remove = (element: string): Operation => ({
  ...{ id: ++operations, kind: 'remove', amount: 0, element },
})
export const increment = (amount: number): Operation => ({
  ...{ id: ++operations, kind: 'increment', amount, element: '' },
})
