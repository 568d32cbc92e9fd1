import { JoineryError } from '../errors.ts'
import { isLeased, lifeOf, packReplica, type ReplicaId } from '../identity.ts'
import type { ReplicaContext } from './context.ts'
import { ALL, SELF } from './context.ts'
import type { Fold } from './node.ts'
import { isOverIn } from './sealed-in.ts'
import type { ObjectTable } from './object-table.ts'

/** A life that is over: incarnation `inc` of `slot`, whose updates up to number `m` are in, and no others. */
export interface Seal {
  readonly slot: number
  /** From 1 on. */
  readonly inc: number
  /** 0 if none is in. */
  readonly m: number
}

/** The epochs of a replica: what is sealed in them, folded, and forgotten. */
export class Epochs {
  private readonly context: ReplicaContext
  private readonly table: ObjectTable
  /** The epoch up to which was trimmed. Invariant: trimmed <= context.settled. */
  private trimmed = 0

  constructor(context: ReplicaContext, table: ObjectTable) {
    this.context = context
    this.table = table
  }

  /** @throws JoineryError EPOCH_TOO_EARLY; nothing changed. */
  enter(seals: readonly Seal[], born: readonly ReplicaId[]): void {
    const { context } = this
    checkSeals(context, seals)
    const epoch = context.epoch + 1
    checkBorn(born, epoch, seals)
    const over = new Set(seals.map(({ slot, inc }) => context.intern(packReplica(slot, inc))))
    for (const index of over) context.seal(index, epoch)
    for (const id of born) context.bear(id)
    context.epoch = epoch
    this.fold({ settles: false, removable: false, isOver: (index) => over.has(index) })
    this.sweepIfDue()
  }

  settle(epoch: number): void {
    const { context } = this
    if (epoch > context.epoch) throw new Error('an epoch is entered before it is settled')
    if (epoch <= context.settled) return
    context.settled = epoch
    const isOver = (index: number): boolean => isOverIn(context.sealedIn[index], epoch)
    this.fold({ settles: true, removable: false, isOver })
    context.settle(epoch)
    this.sweepIfDue()
  }

  get trimmedEpoch(): number {
    return this.trimmed
  }

  trim(epoch: number): void {
    const { context } = this
    if (epoch > context.settled) throw new Error('an epoch is settled before it is trimmed')
    if (epoch <= this.trimmed) return
    this.trimmed = epoch
    for (const object of this.table.all()) object.trim(epoch)
  }

  beginIn(epoch: number, born: readonly ReplicaId[]): void {
    const { context } = this
    if (context.ids.length > 1) throw new Error('begun too late')
    for (const id of born) context.bear(id)
    context.epoch = epoch
    context.settled = epoch
  }

  private fold(fold: Fold): void {
    for (const object of this.table.all()) object.fold(fold)
  }

  /** Forgets lives that are over and that nothing names any more, when there are many. */
  sweepIfDue(): void {
    const { context } = this
    if (!context.sweepIsDue) return
    const named = new Set<number>()
    for (const object of this.table.all()) {
      object.visitReplicas((index) => named.add(index))
    }
    context.forget((index) => named.has(index))
  }
}

/** Refuses what cannot be: lives that were not leased in the epoch before this one, or that are sealed in it. */
function checkBorn(born: readonly ReplicaId[], epoch: number, seals: readonly Seal[]): void {
  const sealed = new Set(seals.map(({ slot, inc }) => packReplica(slot, inc)))
  const isBorn = (id: ReplicaId): boolean => isLeased(id) && lifeOf(id) === epoch && !sealed.has(id)
  if (!born.every(isBorn)) throw new RangeError('born in another epoch')
}

/**
 * Refuses seals of which not everything is applied, exactly.
 *
 * @throws JoineryError EPOCH_TOO_EARLY
 */
function checkSeals(context: ReplicaContext, seals: readonly Seal[]): void {
  const slots = new Set<number>()
  for (const seal of seals) {
    const { slot, inc, m } = seal
    const replica = packReplica(slot, inc)
    if (slots.has(slot)) throw tooEarly(seal, 0, 'its slot is sealed twice')
    slots.add(slot)
    if (replica === context.id(SELF)) throw tooEarly(seal, m, 'it is this very replica')
    const seen = context.boundOf(replica)
    if (seen === ALL) throw tooEarly(seal, m, 'it is sealed already')
    if (!context.hasBegun(replica)) throw tooEarly(seal, seen, 'its predecessor is not sealed here')
    if (seen !== m) throw tooEarly(seal, seen, `${seen} updates of it are applied, not ${m}`)
  }
}

function tooEarly({ slot, inc, m }: Seal, applied: number, why: string): JoineryError {
  return new JoineryError(
    'EPOCH_TOO_EARLY',
    `the epoch that seals incarnation ${inc} of slot ${slot} cannot be entered: ${why}`,
    { slot, incarnation: inc, last: m, applied },
  )
}
