import type { ChangedPlace } from '../change.ts'
import {
  isLeased,
  lifeOf,
  replicaName,
  slotKeyOf,
  type ReplicaId,
  type SlotKey,
} from '../identity.ts'
import type { KindIdentity } from '../kind-identity.ts'
import type { LeafEngine } from '../leaf-engine.ts'
import { isOfEpoch, VersionVector } from '../version-vector.ts'
import { Causes, type Advance } from './causes.ts'
import { Gate, type Budget } from './gate.ts'
import { HybridClock } from './hybrid-clock.ts'

/** Own index: a replica is always the first one it knows. */
export const SELF = 0
/**
 * What is seen of a replica whose life is sealed: all of it. Stands in {@link ReplicaContext.seen} beside numbers of
 * updates, where it is only ever compared with them (each is at most this); outside of the state rooms it is `sealed`.
 */
export const ALL = Infinity
/** So many dead replicas are known before it is worth while to look which of them nothing names any more. */
const DEAD_MIN = 512
const NONE: readonly never[] = []
/** Pending deltas are asked to leave as a batch from about this size on. */
const PENDING_BYTES_FULL = 64 * 1024

/** What the driver of a replica is told, and what it lends. */
export interface ReplicaPorts {
  readonly replica: ReplicaId
  /** Wall clock, in ms. It may jump: stamps never go back. */
  readonly clock: () => number
  /** The first local update since the last batch was taken. */
  readonly onPending?: (() => void) | undefined
  /** Pending deltas are large enough for a batch of their own. Called between operations. */
  readonly onFull?: (() => void) | undefined
  /** Shared by all replicas that it is for. Without one nothing is refused. */
  readonly budget?: Budget | undefined
  /** A batch or state could not be taken, for want of these engines: load them, and offer it again. */
  readonly onEngineMissing?: ((engines: readonly LeafEngine[]) => void) | undefined
}

/** A transaction under way: what takes back each of its changes, the last first. */
export interface OpenTransaction {
  readonly undo: (() => void)[]
  /** The first write that was refused: then nothing of the transaction comes to be. */
  refusal?: { readonly error: unknown }
}

/** What has something to say with the next batch, whatever that is for, though no update of ours made it. */
export interface Rider {
  markDirty(bytes: number): void
}

/**
 * What all nodes of one replica of a space share: numbering, interned replica ids, the hybrid clock, and who watches.
 */
export class ReplicaContext {
  /** By index. Undefined where a replica was forgotten: the place is given to another. */
  readonly ids: (ReplicaId | undefined)[]
  private readonly indexById = new Map<ReplicaId, number>()
  /** By index, made when asked for. Invariant: of the id that has the index. */
  private readonly names: (string | undefined)[] = []
  /**
   * By index: the number of the last update applied; ALL of a life that is over. Own updates count from the moment they
   * are made.
   */
  seen: number[] = [0]
  private readonly causes = new Causes()
  /** What of others' updates the last batch came after, and the one before it did not, whether it names it or not. */
  observed: readonly (readonly [ReplicaId, number])[] = NONE
  /**
   * By slot: the index of its life that is not sealed, where anything is seen of it or a record named it. Invariant: all
   * lives of a slot before it are sealed; without one, those up to the epoch's number are.
   */
  private readonly lifeBySlot = new Map<SlotKey, number>()
  /** The epoch that was entered last: all that its seals and those before ended is applied, and sealed. */
  epoch = 0
  /** The epoch up to which removable places have folded. Invariant: settled <= epoch. */
  settled = 0
  /** By index: the epoch in which a life was sealed; 0 when not, or when it is settled. Invariant: 0 or above `settled`. */
  readonly sealedIn: number[] = [0]
  /** Places of replicas that were forgotten. */
  private readonly free: number[] = []
  /** Counts the lives that ended since the last sweep. */
  private dead = 0
  /** Counts what makes void what anybody keeps by index: lives that began, and indexes that are free again. */
  generation = 0
  /** Number of the last own update that has left in a batch. Invariant: sealed <= seen[SELF]. */
  sealed = 0
  readonly clock: HybridClock
  /** The id that was looked up last: batches of one author come in a row. */
  private recent: { readonly id: ReplicaId; readonly index: number }
  /** Estimate of what the next batch will take. */
  pendingBytes = 0
  /** Whether the driver knows that there is something to take. */
  private pendingTold = false
  /** Whether what comes may be our own, which has left before: where a state is restored, or comes in pieces. */
  restoring = false
  /** How many listeners there are: nothing is noted for none. */
  watchers = 0
  /** Told of each changed place, at once for local changes. */
  onChange: (object: object, ...places: readonly ChangedPlace[]) => void = () => undefined
  /** Who waits for our next batch. */
  readonly riders = new Set<Rider>()
  /** The transaction under way, if there is one. */
  transaction: OpenTransaction | undefined
  /** Opens another object of the space, as a reference to it does. The engines of `kind` must be loaded. */
  openObject: (name: string, kind: KindIdentity) => object = noSpace
  /**
   * What engines keep for this replica. Not in weak maps of theirs: a minor garbage collection takes what those hold for
   * alive, and so the whole replica.
   */
  readonly kept = new Map<LeafEngine, object>()
  readonly ports: ReplicaPorts
  readonly gate: Gate

  constructor(ports: ReplicaPorts, spaceName: string) {
    this.ports = ports
    this.clock = new HybridClock(ports.clock)
    this.gate = new Gate(spaceName, ports.budget)
    this.ids = [ports.replica]
    this.indexById.set(ports.replica, SELF)
    this.recent = { id: ports.replica, index: SELF }
  }

  /** Small number of a replica id, given out on first sight. */
  intern(id: ReplicaId): number {
    const known = this.indexOf(id)
    if (known !== undefined) return known
    const seen = this.boundOf(id)
    const index = this.free.pop() ?? this.ids.length
    this.ids[index] = id
    this.names[index] = undefined
    this.seen[index] = seen
    this.causes.begin(index, seen)
    this.sealedIn[index] = 0
    this.indexById.set(id, index)
    // Named by somebody who is behind: forgotten again.
    if (seen === ALL) this.dead++
    return index
  }

  /** The number of the last update seen of a replica, whether it is interned or not; ALL of a life that is over. */
  boundOf(id: ReplicaId): number {
    const index = this.indexOf(id)
    if (index !== undefined) return this.seen[index] ?? 0
    const latest = this.lifeBySlot.get(slotKeyOf(id))
    if (latest === undefined) return isOfEpoch(id, this.epoch) ? ALL : 0
    return lifeOf(this.id(latest)) > lifeOf(id) ? ALL : 0
  }

  /** Whether a replica may begin, or has begun: all lives of its slot before it are sealed here. */
  hasBegun(id: ReplicaId): boolean {
    const latest = this.lifeBySlot.get(slotKeyOf(id))
    if (latest !== undefined) return lifeOf(this.id(latest)) >= lifeOf(id)
    return !isLeased(id) || isOfEpoch(id, this.epoch + 1)
  }

  /** A replica has made its first update here, or a record named it. */
  begin(index: number): void {
    const slot = slotKeyOf(this.id(index))
    const before = this.lifeBySlot.get(slot)
    if (before === index) return
    if (before !== undefined) throw new Error('a life begins too early')
    this.lifeBySlot.set(slot, index)
    this.generation++
  }

  /** A record names a life that goes on, whether anything is seen of it or not. */
  bear(id: ReplicaId): void {
    const index = this.intern(id)
    if (this.isAlive(index)) return
    this.seen[index] = 0
    this.causes.begin(index, 0)
    this.begin(index)
  }

  /** The lives that are not sealed, by index. */
  lives(): Iterable<number> {
    return this.lifeBySlot.values()
  }

  /** What is applied here. Our own entry ends at the last batch taken. */
  get vector(): VersionVector {
    const entries = Array.from(this.reaches(), ([index, last]): [ReplicaId, number] => [
      this.id(index),
      last,
    ])
    return new VersionVector(this.epoch, entries)
  }

  /** How far each life that is not sealed is applied here: what the vector says, by index. */
  *reaches(): Iterable<[index: number, last: number]> {
    for (const index of this.lives()) yield [index, this.sealedSeen(index)]
  }

  /** How many lives a vector names. */
  get liveCount(): number {
    return this.lifeBySlot.size
  }

  /** As `seen`, but that our own ends at the last batch: what a vector says. */
  sealedSeen(index: number): number {
    return index === SELF ? this.sealed : (this.seen[index] ?? 0)
  }

  /** A batch is applied that names these rows of its table. */
  imply(names: readonly Advance[], indexes: readonly number[]): void {
    this.causes.imply(names, indexes)
  }

  /** What our next batch names of others' updates. Of lives that are sealed its epoch says enough. */
  tellAdvanced(): readonly Advance[] {
    if (this.ids.length === 1) return NONE
    const advanced = this.causes
      .tell(this.seen)
      .filter(([index]) => this.ids[index] !== undefined && this.isAlive(index))
    this.observed = advanced.map(([index, last]) => [this.id(index), last])
    return advanced.filter((each) => !this.causes.isImplied(each))
  }

  /** Whether a life is one of {@link ReplicaContext.lives}. */
  isAlive(index: number): boolean {
    return this.lifeBySlot.get(slotKeyOf(this.id(index))) === index
  }

  /**
   * Does `work` as if nothing were seen and no epoch entered, for what is loaded: it is new, though what it has seen is
   * noted already.
   */
  unseen<T>(work: () => T): T {
    const { seen, epoch, settled } = this
    this.seen = []
    this.epoch = 0
    this.settled = 0
    try {
      return work()
    } finally {
      Object.assign(this, { seen, epoch, settled })
    }
  }

  /** A batch of a replica is applied here, up to its last update. Ours may come with the state of another. */
  applied(index: number, last: number): void {
    this.seen[index] = last
    if (index === SELF) this.sealed = last
  }

  /** Notes how much of a replica is seen from now on. */
  take(index: number, seen: number): void {
    if (seen === ALL && this.seen[index] !== ALL) this.dead++
    this.seen[index] = seen
  }

  /** A life is over, in this epoch: all of it is applied. */
  seal(index: number, epoch: number): void {
    this.take(index, ALL)
    this.sealedIn[index] = epoch > this.settled ? epoch : 0
    this.dropSealed([index])
  }

  /** Those of these lives that are sealed have no entry any more. */
  dropSealed(indexes: Iterable<number>): void {
    for (const index of indexes) {
      if (this.seen[index] !== ALL || !this.isAlive(index)) continue
      this.lifeBySlot.delete(slotKeyOf(this.id(index)))
      this.generation++
    }
  }

  /** Removable places have folded up to this epoch. */
  settle(epoch: number): void {
    this.settled = epoch
    for (let index = 0; index < this.sealedIn.length; index++) {
      if ((this.sealedIn[index] ?? 0) <= epoch) this.sealedIn[index] = 0
    }
  }

  /** Whether so many lives have ended that it is worth while to look which of them nothing names any more. */
  get sweepIsDue(): boolean {
    return this.dead >= Math.max(DEAD_MIN, (this.ids.length - this.free.length) / 2)
  }

  /**
   * Forgets replicas that are sealed and not named, by `isNamed`. A sweep costs a walk through the whole state; there is
   * one for each 512 seals at the most.
   */
  forget(isNamed: (index: number) => boolean): void {
    for (let index = SELF + 1; index < this.ids.length; index++) {
      const id = this.ids[index]
      if (id === undefined || this.seen[index] !== ALL || this.sealedIn[index] !== 0) continue
      if (isNamed(index)) continue
      this.ids[index] = undefined
      this.indexById.delete(id)
      this.free.push(index)
    }
    this.recent = { id: this.id(SELF), index: SELF }
    this.dead = 0
    this.generation++
  }

  /** The index of a replica id, if it is known. */
  indexOf(id: ReplicaId): number | undefined {
    if (this.recent.id === id) return this.recent.index
    const index = this.indexById.get(id)
    if (index !== undefined) this.recent = { id, index }
    return index
  }

  id(index: number): ReplicaId {
    const id = this.ids[index]
    if (id === undefined) throw new Error(`replica index ${index} was never given out`)
    return id
  }

  /** A replica as events name it. */
  name(index: number): string {
    return (this.names[index] ??= replicaName(this.id(index)))
  }

  /** First own number that no batch has carried yet: nobody else can have observed a dot from there on. */
  get firstPending(): number {
    return this.sealed + 1
  }

  /** The number of a new own update, which adds something. */
  next(): number {
    if (this.gate.isNarrow) this.gate.checkRoom()
    return this.nextNumber()
  }

  /** The number of a new own update that takes something away, for which there always is room. */
  nextOfRemoval(): number {
    if (this.gate.isClosed) this.gate.checkOpen()
    return this.nextNumber()
  }

  private nextNumber(): number {
    const number = (this.seen[SELF] ?? 0) + 1
    this.seen[SELF] = number
    return number
  }

  /** Goes on from where this very replica was. */
  resume(lastStamp: number): void {
    this.restoring = false
    this.sealed = this.seen[SELF] ?? 0
    this.clock.latest = Math.max(this.clock.latest, lastStamp)
  }

  /** A batch is about to be made: whoever waits for one goes with it. */
  callRiders(): void {
    if (this.riders.size === 0) return
    for (const rider of this.riders) rider.markDirty(0)
    this.riders.clear()
  }

  /** Notes that a batch with all updates up to `last` has left. */
  batchTaken(last: number): void {
    if (this.sealed === 0) this.begin(SELF)
    this.sealed = last
    this.pendingBytes = 0
    this.pendingTold = false
  }

  /** Takes back the numbers of a transaction that failed. */
  rewind(last: number, pendingBytes: number): void {
    this.seen[SELF] = last
    this.pendingBytes = pendingBytes
  }

  /** Another replica has taken over: who has kept a place of this one keeps nothing else of it. */
  letGo(): void {
    this.gate.isClosed = true
    this.onChange = () => undefined
    this.openObject = noSpace
    this.riders.clear()
    this.kept.clear()
  }

  /** Ends an operation: tells the driver of the first pending update, and of a full batch. */
  operationDone(): void {
    // What a transaction wrote leaves as one, and not before all of it is there.
    if (this.transaction !== undefined) return
    // Not by counting: a listener may have written before the operation it was told of was done.
    if (!this.pendingTold && (this.seen[SELF] ?? 0) > this.sealed) {
      this.pendingTold = true
      this.ports.onPending?.()
    }
    if (this.pendingBytes >= PENDING_BYTES_FULL) this.ports.onFull?.()
  }
}

function noSpace(): never {
  throw new Error('no space to open objects in')
}
