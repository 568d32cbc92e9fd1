import { type ReplicaId } from '@joinery/crdt-objects/engine'
import {
  type ControlAnswer,
  type ControlCommand,
  type ControlLimits,
  type ControlRefusal,
  defaultControlLimits,
  type MemberCommand,
  type ViewRequest,
} from './control-contract.ts'
import { abandonChange, appoint, completeChange, replaceKeepers } from './keeper-set.ts'
import { readySeals, wouldBlock } from './seal-rule.ts'
import { type Slot, SpaceControl } from './space-control.ts'
import { viewOf } from './space-view.ts'

type CommandOf<Kind extends ControlCommand['kind']> = Extract<
  ControlCommand,
  { readonly kind: Kind }
>

/**
 * The control group's side of identity, for all spaces: which life holds which slot, what is in sealing, what was
 * sealed. A function of its commands, in the order of the group's log; time comes with them. A command that is repeated
 * gets an answer that says how things stand, so a lost reply costs a question and nothing else.
 *
 * It never sees an update of a space, nor any object.
 */
export class ControlState {
  readonly limits: ControlLimits
  readonly spaceByName = new Map<string, SpaceControl>()
  /** Invariant: in the order of their ends; at most `endedSessionsMax`. */
  readonly endedSessions = new Set<string>()

  constructor(limits: Partial<ControlLimits> = {}) {
    this.limits = { ...defaultControlLimits, ...limits }
  }

  /** Carries out a command at `nowMs`, the group's agreed time. */
  apply(command: ControlCommand, nowMs: number): ControlAnswer {
    if (command.kind === 'found') return this.#found(command)
    if (command.kind === 'end-session') return this.#endSession(command.session, nowMs)
    const space = this.spaceByName.get(command.space)
    if (space === undefined) return refused('unknown-space')
    space.revision++
    switch (command.kind) {
      case 'lease':
        return this.#lease(space, command)
      case 'activate':
      case 'report':
      case 'reinstate':
      case 'retire':
      case 'caught-up':
        return this.#takeMember(space, command, nowMs)
      case 'start-seal': {
        if (space.slotOf(command.member) === undefined) return refused('not-a-member')
        const outcome = space.startSeal(command.member, undefined, nowMs)
        const sealing = space.sealingOf(command.member)
        if (sealing !== undefined) sealing.isForBlocking = true
        return answered(outcome)
      }
      case 'close-epoch':
        return this.#closeEpoch(space, nowMs)
      case 'appoint-keeper':
        if (!space.isMember(command.incoming)) return refused('not-a-member')
        return answered(appoint(space.keepers, command.incoming, command.outgoing))
      case 'abandon-keeper':
        abandonChange(space.keepers)
        return { kind: 'done' }
      case 'replace-keepers':
        return this.#replaceKeepers(space, command)
      case 'declare-lost':
        return this.#declareLost(space, nowMs)
      case 'end-space':
        this.spaceByName.delete(space.name)
        return { kind: 'done' }
    }
  }

  /** Answers a question; nothing changes. */
  view(request: ViewRequest): ControlAnswer {
    const space = this.spaceByName.get(request.space)
    if (space === undefined) return refused('unknown-space')
    return { kind: 'view', view: viewOf(space, request.member, request.epoch) }
  }

  #found({ space: name, keepers, durability }: CommandOf<'found'>): ControlAnswer {
    const found = this.spaceByName.get(name)
    if (found !== undefined) {
      const { keepers: set } = found
      const isSame = set.wanted === keepers && set.durability === durability
      return isSame ? { kind: 'done' } : refused('exists-otherwise')
    }
    const isSound = Number.isInteger(keepers) && Number.isInteger(durability)
    if (!isSound || durability < 1 || durability > keepers) return refused('invalid')
    if (this.spaceByName.size >= this.limits.spacesMax) return refused('too-many-spaces')
    this.spaceByName.set(name, new SpaceControl(name, [keepers, durability]))
    return { kind: 'done' }
  }

  #lease(space: SpaceControl, { session, request }: CommandOf<'lease'>): ControlAnswer {
    if (this.endedSessions.has(session)) return refused('session-ended')
    let index = space.slots.findIndex(
      (slot) => slot.status === 'leased' && slot.session === session && slot.request === request,
    )
    if (index < 0) {
      index = space.slots.findIndex(({ status }) => status === 'free')
      if (index < 0 && space.slots.length >= this.limits.slotsMax) return refused('no-free-slot')
      if (index < 0) index = space.slots.push(newSlot()) - 1
      const slot = space.slots[index]!
      slot.inc++
      Object.assign(slot, { status: 'leased', isActive: false, epoch: 0, number: 0 })
      Object.assign(slot, { session, request })
    }
    const member = space.idAt(index)
    // A joiner needs no records yet: it has no replica that could be behind.
    return { kind: 'leased', request, member, view: viewOf(space, member, space.epoch) }
  }

  #takeMember(space: SpaceControl, command: MemberCommand, nowMs: number): ControlAnswer {
    const slot = space.slotOf(command.member)
    if (slot !== undefined && command.number >= slot.number) {
      slot.number = command.number
      const refusal = this.#carryOut(space, slot, command, nowMs)
      if (refusal !== undefined) return this.#refusedWith(space, command, refusal)
      space.forget(nowMs, this.limits.gravesMax)
    }
    return { kind: 'view', view: viewOf(space, command.member, command.epoch) }
  }

  #carryOut(
    space: SpaceControl,
    slot: Slot,
    command: MemberCommand,
    nowMs: number,
  ): ControlRefusal | undefined {
    const { member, epoch } = command
    switch (command.kind) {
      case 'activate': {
        if (slot.status !== 'leased') return 'not-its-time'
        if (slot.isActive) break
        if (epoch !== space.epoch || !space.coversSealings(member, command.held)) {
          return 'not-its-time'
        }
        slot.isActive = true
        space.isFounded = true
        space.report(member, command.held)
        break
      }
      case 'report':
        if (!space.isMember(member)) return 'not-a-member'
        space.report(member, command.held)
        break
      case 'reinstate': {
        if (this.endedSessions.has(command.session)) return 'session-ended'
        if (!slot.isActive) return 'not-its-time'
        if (slot.status === 'sealing') {
          const isCurrent = epoch === space.epoch && space.coversSealings(member, command.held)
          if (!isCurrent || wouldBlock(space, member, command.held)) return 'not-its-time'
          space.cancelSeal(member)
        }
        slot.session = command.session
        space.report(member, command.held)
        break
      }
      case 'retire':
        if (slot.status !== 'leased' || !slot.isActive) break
        if (space.startSeal(member, command.claimed, nowMs) === 'last-member') return 'last-member'
        break
      case 'caught-up':
        if (!space.isMember(member)) return 'not-a-member'
        completeChange(space.keepers, member, command.version)
    }
    slot.epoch = Math.max(slot.epoch, Math.min(epoch, space.epoch))
    return undefined
  }

  #refusedWith(space: SpaceControl, command: MemberCommand, reason: ControlRefusal): ControlAnswer {
    return { kind: 'refused', reason, view: viewOf(space, command.member, command.epoch) }
  }

  /** Of the last member a session ends without effect: only an operator's word says that the space is lost. */
  #endSession(session: string, nowMs: number): ControlAnswer {
    this.endedSessions.delete(session)
    this.endedSessions.add(session)
    for (const oldest of this.endedSessions) {
      if (this.endedSessions.size <= this.limits.endedSessionsMax) break
      this.endedSessions.delete(oldest)
    }
    for (const space of this.spaceByName.values()) {
      for (const [index, slot] of space.slots.entries()) {
        if (slot.status === 'free' || slot.session !== session) continue
        space.startSeal(space.idAt(index), undefined, nowMs)
        space.revision++
      }
    }
    return { kind: 'done' }
  }

  #closeEpoch(space: SpaceControl, nowMs: number): ControlAnswer {
    const { recordsMax, gravesMax, graveMs } = this.limits
    const seals = readySeals(space)
    const floor = space.floor()
    const isFull = space.records.length >= recordsMax
    // With a full table only what holds the floor down may still go.
    const holdsFloor = (id: ReplicaId): boolean =>
      space.slotOf(id)?.isActive === true && space.slotOf(id)?.epoch === floor
    if (seals.length > 0 && (!isFull || seals.some((seal) => holdsFloor(seal.incarnation)))) {
      space.epoch++
      space.records.push({ epoch: space.epoch, seals })
      for (const { incarnation, last } of seals) space.bury(incarnation, last, nowMs + graveMs)
    }
    space.forget(nowMs, gravesMax)
    return { kind: 'done' }
  }

  #replaceKeepers(space: SpaceControl, command: CommandOf<'replace-keepers'>): ControlAnswer {
    const { keepers } = command
    const isValid =
      keepers.length <= space.keepers.wanted && new Set(keepers).size === keepers.length
    if (!isValid) return refused('invalid')
    if (!keepers.every((id) => space.isMember(id))) return refused('not-a-member')
    const dropped = space.keepers.keepers.filter((id) => !keepers.includes(id))
    replaceKeepers(space.keepers, keepers)
    space.wordsGiven++
    return { kind: 'replaced', dropped, mayLose: space.unsealed() }
  }

  /** Everything that was is sealed at 0, and the state with it: from here on a replica begins with nothing. */
  #declareLost(space: SpaceControl, nowMs: number): ControlAnswer {
    for (const index of space.slots.keys()) {
      if (space.slots[index]!.status === 'free') continue
      space.bury(space.idAt(index), 0, nowMs + this.limits.graveMs)
    }
    space.generation++
    space.epoch++
    space.records = []
    space.isFounded = false
    replaceKeepers(space.keepers, [])
    space.forget(nowMs, this.limits.gravesMax)
    return { kind: 'done' }
  }
}

function newSlot(): Slot {
  return {
    ...{ inc: 0, status: 'free', isActive: false, epoch: 0 },
    ...{ session: '', request: 0, number: 0 },
  }
}

function refused(reason: ControlRefusal): ControlAnswer {
  return { kind: 'refused', reason }
}

function answered(outcome: 'done' | ControlRefusal): ControlAnswer {
  return outcome === 'done' ? { kind: 'done' } : refused(outcome)
}
