import { isSameLifetime, type ReplicaId } from '@joinery/crdt-objects/engine'
import {
  type ControlCommand,
  type ControlLimits,
  type ControlRefusal,
  type ControlReply,
  defaultControlLimits,
  type MemberCommand,
  type ViewAnswer,
  type ViewRequest,
} from './control-contract.ts'
import { abandonChange, appoint, completeChange, enlarge, replaceKeepers } from './keeper-set.ts'
import { closableSeals, wouldBlock } from './seal-rule.ts'
import { type Beginning, SpaceControl } from './space-control.ts'
import { viewOf } from './space-view.ts'

/** Beyond it the numbers of slots begin again: nobody has been away for so many. */
const FIRST_SLOT_MAX = 2 ** 22
/** Stands for the number of the last command of who has given up. */
const NO_MORE = Number.MAX_SAFE_INTEGER

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
  /** Where the numbers of the next space begin. Invariant: beyond those of any ended space, which may be of its name. */
  beginning: Beginning = { slot: 0, revision: 1, generation: 1, epoch: 0 }
  /**
   * Ended spaces, by the generation that they ended in, of which objects in strong mode may be left: another of that name
   * is founded once they are gone. Invariant: none is in `spaceByName`; with those at most `spacesMax`.
   */
  readonly unsweptByName = new Map<string, number>()
  /** Invariant: in the order of their ends; at most `endedSessionsMax`. */
  readonly endedSessions = new Set<string>()

  constructor(limits: Partial<ControlLimits> = {}) {
    this.limits = { ...defaultControlLimits, ...limits }
  }

  /** Carries out a command at `nowMs`, the group's agreed time. */
  apply(command: ControlCommand, nowMs: number): ControlReply {
    if (command.kind === 'found') return this.#found(command, nowMs)
    if (command.kind === 'end-session') return this.#endSession(command.session, nowMs)
    if (command.kind === 'swept') return this.#swept(command)
    const space = this.spaceByName.get(command.space)
    if (space === undefined) return refused('unknown-space')
    const { revision } = space
    space.revision++
    switch (command.kind) {
      case 'lease':
        return this.#lease(space, command, nowMs)
      case 'activate':
      case 'report':
      case 'reinstate':
      case 'retire':
      case 'caught-up':
      case 'dissolve':
        return this.#takeMember(space, command, nowMs)
      case 'use': {
        const { member, isUsed, number } = command
        const slot = space.slotOf(member)
        if (slot === undefined) return refused('not-a-member')
        if (number > slot.useNumber) space.note(member, { isUsed, useNumber: number })
        return { kind: 'done' }
      }
      case 'start-seal': {
        if (space.slotOf(command.member) === undefined) return refused('not-a-member')
        const outcome = space.startSeal(command.member, undefined, nowMs)
        const sealing = space.sealingOf(command.member)
        if (sealing !== undefined) sealing.isForBlocking = true
        return answered(outcome)
      }
      case 'leave':
        if (space.slotOf(command.member) !== undefined) giveUp(space, command.member, nowMs)
        return { kind: 'done' }
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
      case 'end-space':
        if ((command.revision ?? revision) !== revision) return refused('not-its-time')
        if (command.kind === 'declare-lost') this.#beginAnew(space, nowMs)
        else {
          if (!space.hasHad(command.generation ?? space.generation)) return refused('not-its-time')
          this.#endSpace(space)
          // What nobody was in is only forgotten: its objects in strong mode are there for who opens it again.
          const isForgotten =
            command.revision !== undefined && space.founding.lifetime === undefined
          if (!isForgotten) this.unsweptByName.set(space.name, space.generation)
        }
        return { kind: 'done' }
      case 'expire':
        if (nowMs < space.endsMs) return refused('not-its-time')
        this.#endSpace(space)
        this.unsweptByName.set(space.name, space.generation)
        return { kind: 'done' }
    }
  }

  /** Answers a question; nothing changes. */
  view(request: ViewRequest): ViewAnswer {
    const space = this.spaceByName.get(request.space)
    if (space === undefined) return { kind: 'refused', reason: 'unknown-space' }
    return { kind: 'view', view: viewOf(space, request.member, request.epoch) }
  }

  #found(command: CommandOf<'found'>, nowMs: number): ControlReply {
    const { space: name, keepers, durability, lifetime } = command
    const found = this.spaceByName.get(name)
    if (found !== undefined) {
      const { keepers: set, founding } = found
      const isSame = set.wanted === keepers && set.durability === durability
      const isAsLong = lifetime === undefined || isSameLifetime(lifetime, founding.lifetime)
      return isSame && isAsLong ? { kind: 'done' } : refused('exists-otherwise')
    }
    const isSound = Number.isInteger(keepers) && Number.isInteger(durability)
    if (!isSound || durability < 1 || durability > keepers) return refused('invalid')
    if (this.unsweptByName.has(name)) return refused('not-its-time')
    const { beginning, spaceByName, unsweptByName, limits } = this
    if (spaceByName.size + unsweptByName.size >= limits.spacesMax) return refused('too-many-spaces')
    const founding = { generation: beginning.generation, atMs: nowMs, lifetime }
    spaceByName.set(name, new SpaceControl(name, [keepers, durability], beginning, founding))
    return { kind: 'done' }
  }

  #swept({ space, generation }: CommandOf<'swept'>): ControlReply {
    // What is late says nothing of one that ended after it.
    if (this.unsweptByName.get(space) === generation) this.unsweptByName.delete(space)
    return { kind: 'done' }
  }

  #lease(space: SpaceControl, command: CommandOf<'lease'>, nowMs: number): ControlReply {
    const { session, request, isStable = false, isUsed = false } = command
    if (this.endedSessions.has(session)) return refused('session-ended')
    const lives = space.slots.flatMap((slot, index) =>
      slot.status === 'leased' && slot.session === session
        ? [{ index, request: slot.request }]
        : [],
    )
    // Late: what it was asked for is over.
    if (lives.some((life) => life.request > request)) return refused('not-its-time')
    const found = lives.find((life) => life.request === request)?.index
    const index = found ?? space.lease({ session, request, isStable, isUsed }, this.limits.slotsMax)
    if (index === undefined) return refused('no-free-slot')
    // A peer is in a space once: who begins anew there has lost what it was, and may not have been heard.
    for (const life of lives)
      if (life.request < request) giveUp(space, space.idAt(life.index), nowMs)
    return { kind: 'leased', request, member: space.idAt(index), epoch: space.epoch }
  }

  #takeMember(space: SpaceControl, command: MemberCommand, nowMs: number): ControlReply {
    const { member, number, epoch } = command
    const slot = space.slotOf(member)
    // Answered like any that comes late, it would be asked for again at once.
    if (slot?.number === NO_MORE) return refused('not-a-member')
    if (slot !== undefined && number >= slot.number) {
      // What is refused there goes on, with lesser numbers.
      if (command.kind !== 'dissolve') space.note(member, { number })
      const refusal = this.#carryOut(space, command, nowMs)
      if (refusal !== undefined) return refused(refusal)
      const entered = Math.max(slot.epoch, Math.min(epoch, space.epoch))
      const told = 'settled' in command ? command.settled : 0
      const settled = Math.max(slot.settled, Math.min(told, entered))
      if (space.slotOf(member) !== undefined) space.note(member, { epoch: entered, settled })
      space.forget(nowMs, this.limits.gravesMax)
    }
    return { kind: 'taken' }
  }

  #carryOut(
    space: SpaceControl,
    command: MemberCommand,
    nowMs: number,
  ): ControlRefusal | undefined {
    const { member, epoch } = command
    const { status, isActive } = space.slotOf(member)!
    switch (command.kind) {
      case 'activate':
        if (status !== 'leased') return 'not-its-time'
        if (isActive) return undefined
        if (epoch !== space.epoch || !space.coversSealings(member, command.held)) {
          return 'not-its-time'
        }
        // Others count on it that whoever writes has heard of what was removed before that epoch.
        if (space.isFounded && command.settled < space.settledFloor()) return 'not-its-time'
        space.note(member, { epoch, settled: Math.min(command.settled, epoch) })
        space.activate(member)
        space.report(member, command.held)
        // Larger at once is safe, and a space that has just begun needs keepers.
        enlarge(space.keepers, member)
        space.sealDeserted(nowMs)
        return undefined
      case 'report':
        if (!space.isMember(member)) return 'not-a-member'
        space.report(member, command.held)
        return undefined
      case 'reinstate': {
        if (this.endedSessions.has(command.session)) return 'session-ended'
        if (!isActive) return 'not-its-time'
        if (status === 'sealing') {
          const isCurrent = epoch === space.epoch && space.coversSealings(member, command.held)
          if (!isCurrent || wouldBlock(space, member, command.held)) return 'not-its-time'
          space.cancelSeal(member)
        }
        space.note(member, { session: command.session, isAbandoned: false })
        space.report(member, command.held)
        space.sealDeserted(nowMs)
        return undefined
      }
      case 'retire': {
        if (status !== 'leased' || !isActive) return undefined
        const outcome = space.startSeal(member, command.claimed, nowMs)
        return outcome === 'done' ? undefined : outcome
      }
      case 'caught-up':
        if (!space.isMember(member)) return 'not-a-member'
        completeChange(space.keepers, member, command.version)
        return undefined
      case 'dissolve':
        if (!isActive || !isOnlyOne(space, member)) return 'not-its-time'
        this.#beginAnew(space, nowMs)
        return undefined
    }
  }

  #endSession(session: string, nowMs: number): ControlReply {
    this.endedSessions.delete(session)
    this.endedSessions.add(session)
    for (const oldest of this.endedSessions) {
      if (this.endedSessions.size <= this.limits.endedSessionsMax) break
      this.endedSessions.delete(oldest)
    }
    for (const space of this.spaceByName.values()) {
      for (const [index, slot] of space.slots.entries()) {
        if (slot.status === 'free' || slot.session !== session) continue
        abandon(space, space.idAt(index), nowMs)
        space.revision++
      }
    }
    return { kind: 'done' }
  }

  #closeEpoch(space: SpaceControl, nowMs: number): ControlReply {
    const { recordsMax, gravesMax, graveMs } = this.limits
    const seals = closableSeals(space, recordsMax)
    if (seals.length > 0) space.closeEpoch(seals, nowMs + graveMs)
    space.forget(nowMs, gravesMax)
    return { kind: 'done' }
  }

  #replaceKeepers(space: SpaceControl, command: CommandOf<'replace-keepers'>): ControlReply {
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
  #beginAnew(space: SpaceControl, nowMs: number): void {
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
  }

  /** Who was away may still hold what was in it: a space of the same name, later, has other numbers. */
  #endSpace({ name, slots, revision, generation, epoch }: SpaceControl): void {
    this.spaceByName.delete(name)
    const { beginning } = this
    const slot = beginning.slot + slots.length
    this.beginning = {
      slot: slot > FIRST_SLOT_MAX ? 0 : slot,
      revision: Math.max(beginning.revision, revision + 1),
      generation: Math.max(beginning.generation, generation + 1),
      epoch: Math.max(beginning.epoch, epoch + 1),
    }
  }
}

/** Its holder is gone. The last member is sealed when there is another, or declared lost. */
function abandon(space: SpaceControl, member: ReplicaId, nowMs: number): void {
  space.note(member, { isAbandoned: true })
  space.startSeal(member, undefined, nowMs)
}

/** Its holder says so, or has begun anew: nothing that it had asked for before, and comes late, brings it back. */
function giveUp(space: SpaceControl, member: ReplicaId, nowMs: number): void {
  space.note(member, { number: NO_MORE })
  abandon(space, member, nowMs)
}

/** Whether all others that may have anything of the space are gone: those in sealing, and without a session. */
function isOnlyOne(space: SpaceControl, member: ReplicaId): boolean {
  return space.unsealed().every((id) => {
    const slot = space.slotOf(id)
    return id === member || (slot?.status === 'sealing' && slot.isAbandoned)
  })
}

function refused(reason: ControlRefusal): ControlReply {
  return { kind: 'refused', reason }
}

function answered(outcome: 'done' | ControlRefusal): ControlReply {
  return outcome === 'done' ? { kind: 'done' } : refused(outcome)
}
