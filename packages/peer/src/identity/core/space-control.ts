import { packReplica, type ReplicaId } from '@joinery/crdt-objects/engine'
import { invariant } from '../../replication/core/invariant.ts'
import { type EpochRecord, type HeldReport } from './control-contract.ts'
import { unpack } from './incarnation.ts'
import { abandonChange, type KeeperSet, newKeeperSet } from './keeper-set.ts'

export interface Slot {
  /** The life that holds the slot, or held it last; 0 before the first. */
  inc: number
  status: 'free' | 'leased' | 'sealing'
  /** Whether this life has been a member: one that has not never wrote. */
  isActive: boolean
  /** The last epoch that the holder said it is in. */
  epoch: number
  session: string
  request: number
  /** The greatest number of its holder's commands. */
  number: number
}

export interface Sealing {
  /** New for every sealing, also of the same incarnation. */
  readonly round: number
  /** Invariant: of members that are not in sealing themselves, or are retiring. */
  readonly heldByMember: Map<ReplicaId, number>
  /** The last update of a holder that retires. */
  claimed: number | undefined
  /**
   * It was sealed for keeping other seals from closing. It comes back only if it does not any more, or it would be
   * back before they close, for ever.
   */
  isForBlocking: boolean
  readonly sinceMs: number
}

export interface Grave {
  readonly last: number
  readonly untilMs: number
}

/**
 * What the control group keeps of one space: who holds which slot, what is in sealing, what was sealed lately. Its size
 * is bounded by the slots, and by constants.
 */
export class SpaceControl {
  readonly name: string
  readonly keepers: KeeperSet
  generation = 1
  revision = 1
  epoch = 0
  rounds = 0
  /** Whether the space has had a member, in this generation. */
  isFounded = false
  /** How often an operator's word went past the rule of the keepers. */
  wordsGiven = 0
  /** Invariant: only grows, up to `slotsMax`. */
  readonly slots: Slot[] = []
  /** Invariant: exactly the slots in status `sealing`. */
  readonly sealingBySlot = new Map<number, Sealing>()
  /** Invariant: consecutive epochs that end at `epoch`, those above the floor. */
  records: EpochRecord[] = []
  /** Of holders that may come back and ask. Invariant: in the order of their ends; at most `gravesMax`. */
  readonly graveById = new Map<ReplicaId, Grave>()

  constructor(name: string, keepers: KeeperSet | readonly [wanted: number, durability: number]) {
    this.name = name
    this.keepers = 'version' in keepers ? keepers : newKeeperSet(...keepers)
  }

  /** The slot that this incarnation holds, until its seal closed. */
  slotOf(id: ReplicaId): Slot | undefined {
    const { slot: index, inc } = unpack(id)
    const slot = this.slots[index]
    return slot?.inc === inc && slot.status !== 'free' ? slot : undefined
  }

  sealingOf(id: ReplicaId): Sealing | undefined {
    return this.slotOf(id) === undefined ? undefined : this.sealingBySlot.get(unpack(id).slot)
  }

  idAt(index: number): ReplicaId {
    return packReplica(index, this.slots[index]!.inc)
  }

  /** A member has activated and is not in sealing; who retires is one until its seal closed. */
  isMember(id: ReplicaId): boolean {
    const slot = this.slotOf(id)
    if (slot === undefined || !slot.isActive) return false
    return slot.status === 'leased' || this.sealingOf(id)?.claimed !== undefined
  }

  members(): ReplicaId[] {
    return this.#ids((id) => this.isMember(id))
  }

  /** Those that were members, and whose seal has not closed. */
  unsealed(): ReplicaId[] {
    return this.#ids((id) => this.slotOf(id)?.isActive === true)
  }

  /** Members that do not leave. Invariant: never none, once founded, until declared lost. */
  staying(): number {
    return this.slots.filter(({ isActive, status }) => isActive && status === 'leased').length
  }

  /** The epoch that every incarnation which may be a member is in, or past. */
  floor(): number {
    const active = this.slots.filter(({ isActive, status }) => isActive && status !== 'free')
    return active.reduce((least, { epoch }) => Math.min(least, epoch), this.epoch)
  }

  /** The lives that are sealed: of each slot the last. */
  sealed(): ReplicaId[] {
    return this.slots.flatMap(({ inc, status }, index) => {
      const last = status === 'free' ? inc : inc - 1
      return last > 0 ? [packReplica(index, last)] : []
    })
  }

  /** Begins to seal; `claimed` by a holder that retires. What the holder had reported counts no more, unless it retires. */
  startSeal(id: ReplicaId, claimed: number | undefined, nowMs: number): 'done' | 'last-member' {
    const slot = this.slotOf(id)
    invariant(slot !== undefined, 'what is sealed holds a slot')
    const sealing = this.sealingOf(id)
    if (sealing !== undefined) {
      if (claimed === undefined && sealing.claimed !== undefined) {
        sealing.claimed = undefined
        this.#voidReports(id)
      }
      return 'done'
    }
    if (this.staying() - (slot.isActive ? 1 : 0) < 1 && this.isFounded) return 'last-member'
    slot.status = 'sealing'
    this.rounds++
    this.sealingBySlot.set(unpack(id).slot, {
      ...{ round: this.rounds, claimed, isForBlocking: false, sinceMs: nowMs },
      heldByMember: new Map(),
    })
    if (claimed === undefined) this.#voidReports(id)
    return 'done'
  }

  /** Takes a member's reports of all sealings at once. What is of another round counts for nothing. */
  report(member: ReplicaId, held: readonly HeldReport[]): void {
    for (const { incarnation, round, held: last } of held) {
      const sealing = this.sealingOf(incarnation)
      if (sealing?.round === round) sealing.heldByMember.set(member, last)
    }
  }

  /** Whether these reports are of every sealing, but that of `member`. */
  coversSealings(member: ReplicaId, held: readonly HeldReport[]): boolean {
    const rounds = new Set(held.map(({ round }) => round))
    return [...this.sealingBySlot].every(
      ([index, { round }]) => this.idAt(index) === member || rounds.has(round),
    )
  }

  /** Undoes a sealing: its holder is back. */
  cancelSeal(id: ReplicaId): void {
    const slot = this.slotOf(id)
    invariant(slot?.status === 'sealing', 'what is reinstated is in sealing')
    this.sealingBySlot.delete(unpack(id).slot)
    slot.status = 'leased'
  }

  /** Frees the slot of a sealed incarnation. */
  bury(id: ReplicaId, last: number, untilMs: number): void {
    const slot = this.slotOf(id)
    invariant(slot !== undefined, 'what is buried holds a slot')
    this.sealingBySlot.delete(unpack(id).slot)
    this.#voidReports(id)
    if (slot.isActive) this.graveById.set(id, { last, untilMs })
    slot.status = 'free'
    slot.isActive = false
    if (this.keepers.change?.incoming === id) abandonChange(this.keepers)
  }

  /** Drops records that nobody needs, and graves that are over their time or too many. */
  forget(nowMs: number, gravesMax: number): void {
    const floor = this.floor()
    this.records = this.records.filter(({ epoch }) => epoch > floor)
    for (const [id, { untilMs }] of this.graveById) {
      if (untilMs > nowMs && this.graveById.size <= gravesMax) break
      this.graveById.delete(id)
    }
  }

  #voidReports(member: ReplicaId): void {
    for (const { heldByMember } of this.sealingBySlot.values()) heldByMember.delete(member)
  }

  #ids(isWanted: (id: ReplicaId) => boolean): ReplicaId[] {
    return this.slots.flatMap(({ status }, index) => {
      if (status === 'free') return []
      const id = this.idAt(index)
      return isWanted(id) ? [id] : []
    })
  }
}
