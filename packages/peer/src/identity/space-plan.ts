/*
 * What is to be done about one space: decided by whoever leads the control group, from the state that its member has
 * applied. Nothing of it is needed for safety. Each command says what it is about, and is refused or means nothing if
 * that has changed meanwhile; so a leader may decide on a state that is old, or beside another that believes that it leads.
 *
 * Time is the leader's own, and counts from when it first saw something: a new leader begins to wait anew.
 */
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type ControlCommand } from './core/control-contract.ts'
import { type KeeperSet } from './core/keeper-set.ts'
import { blockersOf, closableSeals } from './core/seal-rule.ts'
import { type SpaceControl } from './core/space-control.ts'
import { nextKeeperChange, staysKeeper } from './keeper-plan.ts'

export interface SpacePlanSettings {
  /** Epochs kept for members that are behind, as the control state has it. */
  readonly recordsMax: number
  /** At the least between two epochs of a space. */
  readonly epochMs: number
  /** So long a member may keep a seal from closing. */
  readonly blockingMs: number
  /** So long nobody is there who has been a member, before the space is declared lost. */
  readonly lostAfterMs: number
  /** So long no slot is in use, before a space that was given no lifetime is forgotten. */
  readonly unusedMs: number
  /** So long there are fewer keepers than could be, before that is told. */
  readonly thinMs: number
  /** So long a keeper may be silent before another takes its place: longer than a renewal of its session takes. */
  readonly keeperSilentMs: number
}

export const defaultSpacePlanSettings: Omit<SpacePlanSettings, 'recordsMax'> = {
  ...{ epochMs: 500, blockingMs: 5_000, lostAfterMs: 3_000 },
  ...{ unusedMs: 10 * 60_000, thinMs: 10_000, keeperSilentMs: 5_000 },
}

/** What the leader sees besides the state. */
export interface SpaceLook {
  readonly nowMs: number
  /** Agreed time, as the leader would stamp it into the log now. */
  readonly agreedMs: number
  /** How long ago the holder of a session was last heard; infinite where that is not known. */
  silentMs(session: string): number
}

export interface SpaceStep {
  readonly commands: readonly ControlCommand[]
  /** What members must act on has changed since the last look. */
  readonly isChanged: boolean
  /** How many keepers are left, where they have just become too few. */
  readonly keepersLeft?: number | undefined
}

const nothing: SpaceStep = { commands: [], isChanged: false }
/** Two members that hold everything let any seal close. */
const WHOLE_MEMBERS_MIN = 2

/** The plan for one space, and what has to be remembered for it between two looks. */
export class SpacePlan {
  /** The generation that the space was founded with: another of the same name has another plan. */
  readonly founded: number
  readonly #settings: SpacePlanSettings
  /** Of the last look at everything, and of the last look of any kind. */
  #lookedRevision = -1
  #seenRevision = -1
  /** What members must act on, as it was at the last look. */
  #print = ''
  /** Whether there is something that time alone makes due. */
  #isWaiting = false
  readonly #sinceMsByRound = new Map<number, number>()
  readonly #since = { deserted: new Since(), idle: new Since(), thin: new Since() }
  #arrivals = -1
  #epoch = -1
  #epochSinceMs = -Infinity
  #isThinTold = false
  /** Of the keepers, at the last look at everything. */
  #keeperSessions: readonly string[] = []

  constructor(settings: SpacePlanSettings, founded = 0) {
    this.#settings = settings
    this.founded = founded
  }

  /** Only whether an epoch can be closed, between the looks at everything. Cheap where nothing has changed. */
  glance(space: SpaceControl, nowMs: number): SpaceStep {
    if (space.revision === this.#seenRevision) return nothing
    const isChanged = this.#note(space, nowMs)
    return { commands: this.#isEpochDue(space, nowMs) ? [closing(space)] : [], isChanged }
  }

  /** All that is to be done now. */
  next(space: SpaceControl, look: SpaceLook): SpaceStep {
    const isSilent = (session: string): boolean => this.#isSilent(session, look)
    const ending = this.#ending(space, look)
    const isDue = ending !== undefined || this.#isWaiting || this.#keeperSessions.some(isSilent)
    if (space.revision === this.#lookedRevision && !isDue) return nothing
    this.#lookedRevision = space.revision
    this.#keeperSessions = sessionsOf(space, space.keepers)
    const isChanged = this.#note(space, look.nowMs)
    const { deserted } = this.#since
    const { name, revision } = space
    const isDeserted = deserted.holds(space.isDeserted, look.nowMs)
    this.#isWaiting = isDeserted || space.sealingBySlot.size > 0
    if (ending !== undefined) return { commands: [ending], isChanged }
    const commands: ControlCommand[] = []
    if (deserted.lasts(this.#settings.lostAfterMs, look.nowMs))
      commands.push({ kind: 'declare-lost', space: name, revision })
    if (isDeserted || space.usedSlots === 0) return { commands, isChanged }
    if (this.#isEpochDue(space, look.nowMs)) commands.push(closing(space))
    const blocker = this.#blocker(space, look)
    if (blocker !== undefined) commands.push({ kind: 'start-seal', space: name, member: blocker })
    const change = nextKeeperChange(space, isSilent)
    if (change !== undefined) commands.push(change)
    return { commands, isChanged, keepersLeft: this.#tooFewKeepers(space, look.nowMs) }
  }

  /** What ends the space, if its time has come. */
  #ending(space: SpaceControl, look: SpaceLook): ControlCommand | undefined {
    const { name, revision, arrivals, founding } = space
    const { lifetime } = founding
    if (lifetime === 'keep') return undefined
    if (lifetime !== undefined && 'ttlMs' in lifetime)
      return look.agreedMs < space.endsMs ? undefined : { kind: 'expire', space: name }
    const { idle } = this.#since
    // Who came and went between two looks has renewed it all the same.
    if (arrivals !== this.#arrivals) idle.holds(false, look.nowMs)
    this.#arrivals = arrivals
    idle.holds((lifetime === undefined ? space.usedSlots : space.usedBy) === 0, look.nowMs)
    const idleMs = lifetime?.leaseMs ?? this.#settings.unusedMs
    return idle.lasts(idleMs, look.nowMs) ? { kind: 'end-space', space: name, revision } : undefined
  }

  /** Of a session that nobody knows, the state tells that it has ended. */
  #isSilent(session: string, look: SpaceLook): boolean {
    const silentMs = look.silentMs(session)
    return silentMs > this.#settings.keeperSilentMs && silentMs < Infinity
  }

  /** What was asked for may not have been done: the next look is at everything. */
  failed(): void {
    this.#isWaiting = true
  }

  #note(space: SpaceControl, nowMs: number): boolean {
    this.#seenRevision = space.revision
    if (space.epoch !== this.#epoch) {
      // Of the first look nobody knows since when.
      if (this.#epoch >= 0) this.#epochSinceMs = nowMs
      this.#epoch = space.epoch
    }
    const { generation, epoch, rounds, sealingBySlot, keepers } = space
    const parts = [generation, epoch, rounds, sealingBySlot.size, keepers.version]
    const print = parts.join(' ')
    const isChanged = this.#print !== '' && this.#print !== print
    this.#print = print
    return isChanged
  }

  #isEpochDue(space: SpaceControl, nowMs: number): boolean {
    if (space.sealingBySlot.size === 0) return false
    const { epochMs, recordsMax } = this.#settings
    // What is too soon for one is seen at the next look at everything.
    if (nowMs - this.#epochSinceMs < epochMs) return false
    return closableSeals(space, recordsMax).length > 0
  }

  /** The member that is to be sealed because it keeps seals from closing: of those who do, the one silent for longest. */
  #blocker(space: SpaceControl, look: SpaceLook): ReplicaId | undefined {
    const blockers = new Set<ReplicaId>()
    const rounds = new Set<number>()
    for (const [index, { round }] of space.sealingBySlot) {
      rounds.add(round)
      const sinceMs = this.#sinceMsByRound.get(round) ?? look.nowMs
      this.#sinceMsByRound.set(round, sinceMs)
      if (look.nowMs - sinceMs < this.#settings.blockingMs) continue
      for (const id of blockersOf(space, space.idAt(index))) blockers.add(id)
    }
    for (const round of this.#sinceMsByRound.keys()) {
      if (!rounds.has(round)) this.#sinceMsByRound.delete(round)
    }
    const members = space.members().length
    const isAnyAway = [...space.sealingBySlot.values()].some(({ isForBlocking }) => isForBlocking)
    // With fewer that hold everything it is one at a time: it comes back as one that does, from who does.
    if (members - blockers.size < WHOLE_MEMBERS_MIN && isAnyAway) return undefined
    // Its own seal needs others than itself.
    if (members - 1 < WHOLE_MEMBERS_MIN) return undefined
    const silence = (id: ReplicaId): number => look.silentMs(space.slotOf(id)?.session ?? '')
    return [...blockers].sort((a, b) => silence(b) - silence(a))[0]
  }

  #tooFewKeepers(space: SpaceControl, nowMs: number): number | undefined {
    const { keepers, wanted, durability } = space.keepers
    const left = keepers.filter((id) => staysKeeper(space, id)).length
    const staying = space.members().filter((id) => staysKeeper(space, id)).length
    const isThin = left < Math.min(wanted, staying)
    this.#since.thin.holds(isThin, nowMs)
    // So many that may hold what is acknowledged are gone that nothing is sealed any more.
    const isStuck = keepers.length - left >= durability
    const isTold = isStuck || this.#since.thin.lasts(this.#settings.thinMs, nowMs)
    if (isThin && !isTold) this.#isWaiting = true
    const isNew = isTold && !this.#isThinTold
    this.#isThinTold = isTold
    return isNew ? left : undefined
  }
}

/** Since when something holds. */
class Since {
  #ms: number | undefined

  /** To be told at each look; gives what it is told. */
  holds(isSo: boolean, nowMs: number): boolean {
    this.#ms = isSo ? (this.#ms ?? nowMs) : undefined
    return isSo
  }

  lasts(ms: number, nowMs: number): boolean {
    return this.#ms !== undefined && nowMs - this.#ms >= ms
  }
}

/** Of those that keep the space, and of who is to. */
function sessionsOf(space: SpaceControl, { keepers, change }: KeeperSet): string[] {
  const ids = change === undefined ? keepers : [...keepers, change.incoming]
  return ids.flatMap((id) => space.slotOf(id)?.session ?? [])
}

function closing({ name }: SpaceControl): ControlCommand {
  return { kind: 'close-epoch', space: name }
}
