import { type Lifetime } from '@joinery/crdt-objects'
import { packReplica, type ReplicaId } from '@joinery/crdt-objects/engine'
import { invariant } from '../../replication/core/invariant.ts'
import { type EpochRecord, type HeldReport, type SealRecord } from './control-contract.ts'
import { unpack } from './incarnation.ts'
import { abandonChange, type KeeperSet, newKeeperSet } from './keeper-set.ts'
import { freshSlot, type Slot, SlotTable } from './slot-table.ts'

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

/** Where the numbers of a space begin: that of its first slot, and those that only grow. */
export interface Beginning {
  readonly slot: number
  readonly revision: number
  readonly generation: number
  readonly epoch: number
}

/** How a space came into being. */
export interface Founding {
  /** The generation that it began with. */
  readonly generation: number
  /** Agreed time. */
  readonly atMs: number
  readonly lifetime: Lifetime | undefined
}

/**
 * What the control group keeps of one space: who holds which slot, what is in sealing, what was sealed lately. Its size
 * is bounded by the slots, and by constants.
 */
export class SpaceControl {
  readonly name: string
  readonly keepers: KeeperSet
  readonly founding: Founding
  generation: number
  revision: number
  epoch: number
  rounds = 0
  /** Whether the space has had a member, in this generation. */
  isFounded = false
  /** How often an operator's word went past the rule of the keepers. */
  wordsGiven = 0
  /** The number of the first slot: no slot has had a number that one of an ended space of the same name has had. */
  readonly firstSlot: number
  /** Invariant: only grows, up to `slotsMax`. */
  readonly #table = new SlotTable()
  /** Invariant: exactly the slots in status `sealing`. */
  readonly sealingBySlot = new Map<number, Sealing>()
  /** Invariant: consecutive epochs that end at `epoch`, those above the floor. */
  records: EpochRecord[] = []
  /** Of holders that may come back and ask. Invariant: in the order of their ends; at most `gravesMax`. */
  readonly graveById = new Map<ReplicaId, Grave>()

  /** Invariant: those of the slots as they are; undefined once a slot or a sealing changed. */
  #members: readonly ReplicaId[] | undefined
  #unsealed: readonly ReplicaId[] | undefined

  constructor(
    name: string,
    keepers: KeeperSet | readonly [wanted: number, durability: number],
    beginning: Beginning,
    founding: Founding,
  ) {
    this.name = name
    this.keepers = 'version' in keepers ? keepers : newKeeperSet(...keepers)
    this.founding = founding
    this.firstSlot = beginning.slot
    this.revision = beginning.revision
    this.generation = beginning.generation
    this.epoch = beginning.epoch
  }

  /** By their places: `firstSlot` less than their numbers. */
  get slots(): readonly Slot[] {
    return this.#table.all
  }

  get usedSlots(): number {
    return this.#table.counts.used
  }

  /** At how many peers somebody is in it. */
  get usedBy(): number {
    return this.#table.counts.inUse
  }

  /** Grows whenever somebody comes; at each replica of this state from where it likes. */
  get arrivals(): number {
    return this.#table.arrivals
  }

  /** When its time is over, by agreed time; infinite where it was given none. */
  get endsMs(): number {
    const { lifetime, atMs } = this.founding
    return typeof lifetime === 'object' && 'ttlMs' in lifetime ? atMs + lifetime.ttlMs : Infinity
  }

  /** Whether `generation` is one that it has had. */
  hasHad(generation: number): boolean {
    return generation >= this.founding.generation && generation <= this.generation
  }

  /** Whether the space has had members, and nobody is there who could go on with it. */
  get isDeserted(): boolean {
    return this.isFounded && !this.#table.isAnyPresent(this.epoch)
  }

  /** The slot that this incarnation holds, until its seal closed. */
  slotOf(id: ReplicaId): Slot | undefined {
    const slot = this.slots[this.#indexOf(id)]
    return slot?.inc === unpack(id).inc && slot.status !== 'free' ? slot : undefined
  }

  sealingOf(id: ReplicaId): Sealing | undefined {
    return this.slotOf(id) === undefined ? undefined : this.sealingBySlot.get(this.#indexOf(id))
  }

  idAt(index: number): ReplicaId {
    return packReplica(this.firstSlot + index, this.slots[index]!.inc)
  }

  /** Adds a slot, as it was kept. */
  addSlot(slot: Slot): number {
    this.#forgetLists()
    return this.#table.add(slot)
  }

  /**
   * Leases a slot, a new one if none is free; undefined where there are `slotsMax`. Its life is numbered after the epoch,
   * so that vectors need no entry of a sealed one: see `version-vector.ts`.
   */
  lease(
    to: Pick<Slot, 'session' | 'request' | 'isStable' | 'isUsed'>,
    slotsMax: number,
  ): number | undefined {
    let index = this.slots.findIndex(({ status }) => status === 'free')
    if (index < 0 && this.slots.length >= slotsMax) return undefined
    if (index < 0) index = this.addSlot(freshSlot)
    const inc = this.epoch + 1
    invariant(inc > this.slots[index]!.inc, 'a slot is free again from a later epoch on')
    this.#change(index, { ...freshSlot, ...to, inc, status: 'leased' })
    return index
  }

  /** Notes what its holder said, or what became of it. */
  note(
    id: ReplicaId,
    to: Partial<
      Pick<
        Slot,
        'epoch' | 'settled' | 'number' | 'session' | 'isAbandoned' | 'isUsed' | 'useNumber'
      >
    >,
  ): void {
    this.#table.change(this.#indexOf(id), to)
  }

  activate(id: ReplicaId): void {
    this.#change(this.#indexOf(id), { isActive: true })
    this.isFounded = true
  }

  /** A member has activated and is not in sealing; who retires is one until its seal closed. */
  isMember(id: ReplicaId): boolean {
    const slot = this.slotOf(id)
    if (slot === undefined || !slot.isActive) return false
    return slot.status === 'leased' || this.sealingOf(id)?.claimed !== undefined
  }

  members(): readonly ReplicaId[] {
    return (this.#members ??= this.#ids((id) => this.isMember(id)))
  }

  /** Those that were members, and whose seal has not closed. */
  unsealed(): readonly ReplicaId[] {
    return (this.#unsealed ??= this.#ids((id) => this.slotOf(id)?.isActive === true))
  }

  /** Members that do not leave. Invariant: never none, once founded, until declared lost. */
  staying(): number {
    return this.#table.counts.staying
  }

  /** The epoch that every incarnation which may be a member is in, or past. */
  floor(): number {
    return Math.min(this.epoch, this.#table.leastEpoch)
  }

  /** The epoch that every incarnation which may be a member has settled. Invariant: of a generation it only grows. */
  settledFloor(): number {
    return Math.min(this.epoch, this.#table.leastSettled)
  }

  /** The lives that were leased before this epoch and are not sealed. */
  bornBefore(): ReplicaId[] {
    return this.#ids((id) => unpack(id).inc <= this.epoch)
  }

  /** Enters the next epoch, in which these lives are sealed. */
  closeEpoch(seals: readonly SealRecord[], gravesUntilMs: number): void {
    this.epoch++
    for (const { incarnation, last } of seals) this.bury(incarnation, last, gravesUntilMs)
    const born = this.#ids((id) => unpack(id).inc === this.epoch)
    this.records.push({ epoch: this.epoch, seals, born })
  }

  /** Begins to seal; `claimed` by a holder that retires. What the holder had reported counts no more, unless it retires. */
  startSeal(id: ReplicaId, claimed: number | undefined, nowMs: number): 'done' | 'last-member' {
    const slot = this.slotOf(id)
    invariant(slot !== undefined, 'what is sealed holds a slot')
    const sealing = this.sealingOf(id)
    if (sealing !== undefined) {
      if (claimed === undefined && sealing.claimed !== undefined) {
        sealing.claimed = undefined
        this.#forgetLists()
        this.#voidReports(id)
      }
      return 'done'
    }
    if (this.staying() - (slot.isActive ? 1 : 0) < 1 && this.isFounded) return 'last-member'
    const index = this.#indexOf(id)
    this.#change(index, { status: 'sealing' })
    this.rounds++
    this.sealingBySlot.set(index, {
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
    this.sealingBySlot.delete(this.#indexOf(id))
    this.#change(this.#indexOf(id), { status: 'leased' })
  }

  /** Whoever was the last member when its session ended is sealed as soon as there is another. */
  sealDeserted(nowMs: number): void {
    if (this.#table.counts.deserted === 0 || this.staying() < 2) return
    for (const [index, { status, isActive, isAbandoned }] of this.slots.entries()) {
      if (status === 'leased' && isActive && isAbandoned) {
        this.startSeal(this.idAt(index), undefined, nowMs)
      }
    }
  }

  /** Frees the slot of a sealed incarnation. */
  bury(id: ReplicaId, last: number, untilMs: number): void {
    const slot = this.slotOf(id)
    invariant(slot !== undefined, 'what is buried holds a slot')
    this.sealingBySlot.delete(this.#indexOf(id))
    this.#voidReports(id)
    if (slot.isActive) this.graveById.set(id, { last, untilMs })
    this.#change(this.#indexOf(id), { status: 'free', isActive: false })
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

  /** Asserts what is counted and kept of all slots: for tests, as it goes through all. */
  check(): void {
    this.#table.check()
    const [members, unsealed] = [this.members(), this.unsealed()]
    this.#forgetLists()
    invariant(String(members) === String(this.members()), 'the members are those of the slots')
    invariant(String(unsealed) === String(this.unsealed()), 'so are the unsealed')
  }

  #change(index: number, to: Partial<Slot>): void {
    this.#forgetLists()
    this.#table.change(index, to)
  }

  #forgetLists(): void {
    this.#members = this.#unsealed = undefined
  }

  #indexOf(id: ReplicaId): number {
    return unpack(id).slot - this.firstSlot
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
