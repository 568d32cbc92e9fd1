import { invariant } from '../../replication/core/invariant.ts'

export interface Slot {
  /** The life that holds the slot, or held it last; 0 before the first. */
  readonly inc: number
  readonly status: 'free' | 'leased' | 'sealing'
  /** Whether this life has been a member: one that has not never wrote. */
  readonly isActive: boolean
  /** The last epoch that the holder said it is in. */
  readonly epoch: number
  /** The last epoch that the holder said it has settled. Invariant: at most `epoch`. */
  readonly settled: number
  readonly session: string
  readonly request: number
  /** The greatest number of its holder's commands. */
  readonly number: number
  /** The holder is there to stay, and is chosen as a keeper before others. */
  readonly isStable: boolean
  /** The holder's session ended, or it said that it is gone: it may be in no state to be sealed yet, as the last one. */
  readonly isAbandoned: boolean
  /** Somebody is in the space there, and it is not only kept. */
  readonly isUsed: boolean
  /** The greatest number under which that was said. */
  readonly useNumber: number
}

export const freshSlot: Slot = {
  ...{ inc: 0, status: 'free', isActive: false, epoch: 0, settled: 0 },
  ...{ session: '', request: 0, number: 0, isStable: false, isAbandoned: false },
  ...{ isUsed: false, useNumber: 0 },
}

/** What is counted of all slots, so that no command has to go through them. */
interface Counts {
  used: number
  /** Members that do not leave. */
  staying: number
  /** Of those, the abandoned. */
  deserted: number
  /** Of those, the others. */
  present: number
  /** Where somebody is in the space, and whose holder is not known to be gone. */
  inUse: number
}

/** The slots of one space. A slot is changed here only, for what is counted goes with it. */
export class SlotTable {
  readonly #slots: Slot[] = []
  /** Invariant: what going through all slots would give; see {@link SlotTable.check}. */
  #counts: Counts = noCounts()
  /** How many unsealed members are in each epoch. Invariant: none is 0. */
  readonly #activeByEpoch = new Map<number, number>()
  /** How many unsealed members have settled each epoch, and none after. Invariant: none is 0. */
  readonly #activeBySettled = new Map<number, number>()
  /** How many in sealing that are not abandoned are in each epoch. Invariant: none is 0. */
  readonly #returningByEpoch = new Map<number, number>()
  /** How often somebody has come since this table was made: who was there between two looks is seen by that. */
  #arrivals = 0

  get all(): readonly Slot[] {
    return this.#slots
  }

  get counts(): Readonly<Counts> {
    return this.#counts
  }

  get arrivals(): number {
    return this.#arrivals
  }

  /** The least epoch of an unsealed member; infinite where there is none. */
  get leastEpoch(): number {
    return leastOf(this.#activeByEpoch)
  }

  /** The least epoch that an unsealed member has settled; infinite where there is none. */
  get leastSettled(): number {
    return leastOf(this.#activeBySettled)
  }

  /**
   * Whether anybody is there who has the state in `epoch`, or can come to it without help. Who is in sealing and
   * stays behind was no member when an epoch closed, and lacks what nobody has any more.
   */
  isAnyPresent(epoch: number): boolean {
    return this.#counts.present > 0 || this.#returningByEpoch.has(epoch)
  }

  /** Gives the place of the slot. */
  add(slot: Slot): number {
    this.#count(slot, 1)
    return this.#slots.push(slot) - 1
  }

  change(index: number, to: Partial<Slot>): void {
    const slot = this.#slots[index]
    invariant(slot !== undefined, 'what is changed is a slot')
    this.#count(slot, -1)
    const changed = { ...slot, ...to }
    this.#slots[index] = changed
    this.#count(changed, 1)
    if (isInUse(changed) && !isInUse(slot)) this.#arrivals++
  }

  /** Asserts what is counted: for tests, as it goes through all. */
  check(): void {
    const fresh = new SlotTable()
    for (const slot of this.#slots) fresh.add(slot)
    for (const of of ['used', 'staying', 'deserted', 'present', 'inUse'] as const) {
      invariant(this.#counts[of] === fresh.#counts[of], `${of} slots are counted`)
    }
    invariant(this.leastEpoch === fresh.leastEpoch, 'the least epoch is that of a member')
    invariant(this.leastSettled === fresh.leastSettled, 'so is the least that is settled')
    const returning = [...this.#returningByEpoch].sort()
    invariant(
      String(returning) === String([...fresh.#returningByEpoch].sort()),
      'so are the returning',
    )
  }

  #count(slot: Slot, by: 1 | -1): void {
    if (slot.status === 'free') return
    const counts = this.#counts
    counts.used += by
    if (isInUse(slot)) counts.inUse += by
    if (!slot.isActive) return
    if (slot.status === 'leased') {
      counts.staying += by
      if (slot.isAbandoned) counts.deserted += by
    }
    bump(this.#activeByEpoch, slot.epoch, by)
    bump(this.#activeBySettled, slot.settled, by)
    if (slot.isAbandoned) return
    if (slot.status === 'leased') counts.present += by
    else bump(this.#returningByEpoch, slot.epoch, by)
  }
}

function isInUse({ status, isUsed, isAbandoned }: Slot): boolean {
  return status !== 'free' && isUsed && !isAbandoned
}

function bump(counts: Map<number, number>, epoch: number, by: 1 | -1): void {
  const count = (counts.get(epoch) ?? 0) + by
  if (count === 0) counts.delete(epoch)
  else counts.set(epoch, count)
}

function leastOf(counts: ReadonlyMap<number, number>): number {
  let least = Infinity
  for (const epoch of counts.keys()) least = Math.min(least, epoch)
  return least
}

function noCounts(): Counts {
  return { used: 0, staying: 0, deserted: 0, present: 0, inUse: 0 }
}
