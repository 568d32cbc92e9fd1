import type { ChangedPlace } from '../change.ts'
import { JoineryError } from '../errors.ts'
import type { ReplicaId } from '../identity.ts'
import type { KindIdentity } from '../kind-identity.ts'
import type { LeafEngine } from '../leaf-engine.ts'

/** Own index: a replica is always the first one it knows. */
export const SELF = 0
/** Stamps a millisecond: a hybrid clock counts within one. 2^53 / 1024 ms lasts until the year 2248. */
export const STAMPS_PER_MS = 1024
const DAY_MS = 86_400_000
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
  readonly ids: ReplicaId[]
  private readonly indexById = new Map<ReplicaId, number>()
  /** By index: the number of the last update applied. Own updates count from the moment they are made. */
  readonly seen: number[] = [0]
  /** Number of the last own update that has left in a batch. Invariant: sealed <= seen[SELF]. */
  sealed = 0
  /** Greatest stamp made or seen. */
  private lastStamp = 0
  /** A day after a time that the clock has shown: stamps up to here are followed. */
  private stampCeiling = 0
  /** The id that was looked up last: batches of one author come in a row. */
  private recent: { readonly id: ReplicaId; readonly index: number }
  /** Estimate of what the next batch will take. */
  pendingBytes = 0
  /** Whether the driver knows that there is something to take. */
  private pendingTold = false
  closed = false
  /** Whether a state of our own is being restored: what it brings is ours, and has left. */
  restoring = false
  /** How many listeners there are: nothing is noted for none. */
  watchers = 0
  /** Told of each changed place, at once for local changes. */
  onChange: (object: object, ...places: readonly ChangedPlace[]) => void = () => undefined
  /** Who waits for our next batch. */
  readonly riders = new Set<Rider>()
  /** The transaction under way, if there is one. */
  transaction: OpenTransaction | undefined
  /** Opens another object of the space, as a reference to it does. */
  openObject: (name: string, kind: KindIdentity) => Promise<object> = () =>
    Promise.reject(new Error('no space to open objects in'))
  /**
   * What engines keep for this replica. Not in weak maps of theirs: a minor garbage collection takes what those hold for
   * alive, and so the whole replica.
   */
  readonly kept = new Map<LeafEngine, object>()
  readonly ports: ReplicaPorts
  private readonly spaceName: string

  constructor(ports: ReplicaPorts, spaceName: string) {
    this.ports = ports
    this.spaceName = spaceName
    this.ids = [ports.replica]
    this.indexById.set(ports.replica, SELF)
    this.recent = { id: ports.replica, index: SELF }
  }

  /** Small number of a replica id, given out on first sight. */
  intern(id: ReplicaId): number {
    const known = this.indexOf(id)
    if (known !== undefined) return known
    const index = this.ids.length
    this.ids.push(id)
    this.seen.push(0)
    this.indexById.set(id, index)
    return index
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

  /** First own number that no batch has carried yet: nobody else can have observed a dot from there on. */
  get firstPending(): number {
    return this.sealed + 1
  }

  /** Refuses writes after the end. Checked before anything changes. */
  checkOpen(): void {
    if (!this.closed) return
    throw new JoineryError('SPACE_ENDED', `the space is closed here: open it again to write`, {
      space: this.spaceName,
    })
  }

  /** The number of a new own update. */
  next(): number {
    if (this.closed) this.checkOpen()
    const number = (this.seen[SELF] ?? 0) + 1
    this.seen[SELF] = number
    return number
  }

  /** The greatest stamp made or seen: near to those that the next batch carries. */
  get latestStamp(): number {
    return this.lastStamp
  }

  /** Goes on from where this very replica was. */
  resume(seen: readonly number[], lastStamp: number): void {
    for (const [index, seq] of seen.entries()) this.seen[index] = seq
    this.sealed = this.seen[SELF] ?? 0
    this.lastStamp = lastStamp
  }

  /** A stamp of the hybrid logical clock (Kulkarni et al. 2014): later than all made and seen here. */
  stamp(): number {
    this.lastStamp = Math.max(this.lastStamp + 1, Math.floor(this.ports.clock() * STAMPS_PER_MS))
    return this.lastStamp
  }

  /**
   * Takes note of a stamp from elsewhere. One from the far future is not followed: it would leave no room for later
   * ones. A `set` that has seen it wins all the same, because it replaces what it has seen.
   */
  observeStamp(stamp: number): void {
    if (stamp <= this.lastStamp) return
    // The clock is only looked at when it may matter: it costs more than all the rest.
    if (stamp > this.stampCeiling) {
      this.stampCeiling = (this.ports.clock() + DAY_MS) * STAMPS_PER_MS
    }
    if (stamp <= this.stampCeiling) this.lastStamp = stamp
  }

  /** A batch is about to be made: whoever waits for one goes with it. */
  callRiders(): void {
    if (this.riders.size === 0) return
    for (const rider of this.riders) rider.markDirty(0)
    this.riders.clear()
  }

  /** Notes that a batch with all updates up to `last` has left. */
  batchTaken(last: number): void {
    this.sealed = last
    this.pendingBytes = 0
    this.pendingTold = false
  }

  /** Takes back the numbers of a transaction that failed. */
  rewind(last: number, pendingBytes: number): void {
    this.seen[SELF] = last
    this.pendingBytes = pendingBytes
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
