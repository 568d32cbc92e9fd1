import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { JoineryError } from '../errors.ts'
import type { CellDelta, Dot, Kills, Payload } from './dots.ts'
import {
  KILL_BYTES,
  NO_KILLS,
  applyCell,
  decodeCell,
  decodeCellDelta,
  encodeCell,
  encodeCellDelta,
  joinCell,
  kill,
  reissueCell,
  sameCell,
  visitDots,
} from './dots.ts'
import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type { Incoming, Parent } from './node.ts'
import type { Reissue } from './reissue.ts'
import { Node } from './node.ts'
import { SmallMap } from './small-map.ts'

/** The most that one operation may take in a batch. */
export const OPERATION_BYTES_MAX = 4 * 1024 * 1024

/** Roughly what an update that is made again takes in a batch besides its key. */
const REISSUE_BYTES = 64
/** Up to here, a value written over one that has not left yet is not counted again. */
const REWRITE_BYTES_FREE = 128

/** So many entries of a state are read between two pauses. */
export const LOADED_AT_ONCE = 256

/** Refuses an operation that no batch could carry. */
export function checkOperation(bytes: number): void {
  if (bytes <= OPERATION_BYTES_MAX) return
  throw new JoineryError(
    'OBJECT_TOO_LARGE',
    `one operation takes at most ${OPERATION_BYTES_MAX} bytes in a batch, this one about ${bytes}: do it in parts`,
    { bytes, bytesMax: OPERATION_BYTES_MAX },
  )
}

/** How keys of a keyed store travel. */
export interface KeyCodec<K> {
  encode(batch: BatchWriter, key: K): void
  decode(batch: BatchReader): K
  /** Roughly what a key takes in a batch. */
  bytes(key: K): number
  /** The key as a step of a path, for change events. */
  step(key: K): string
  /** The order in which keys are listed; none is the order of strings. */
  readonly compare?: ((a: K, b: K) => number) | undefined
}

/** How keys and values of a keyed store travel. */
export interface KeyedShape<K> {
  readonly payload: Payload
  readonly keys: KeyCodec<K>
}

/** A place that is a cell of dots for each key: sets and maps of plain values. */
export abstract class KeyedNode<K> extends Node<SmallMap<K, CellDelta>, Map<K, Dot | undefined>> {
  /** Invariant: no cell is empty. */
  cells = new SmallMap<K, Dot>()
  /** What each key's delta kills; a key without kills is here too. Invariant: holds every changed key. */
  private pending: SmallMap<K, Kills> | undefined
  private readonly shape: KeyedShape<K>
  /** The keys in order, made when asked for. Invariant: undefined, or exactly the keys of `cells`. */
  private order: readonly K[] | undefined

  constructor(context: ReplicaContext, parent: Parent, key: string, shape: KeyedShape<K>) {
    super(context, parent, key)
    this.shape = shape
  }

  private get keyCodec(): KeyCodec<K> {
    return this.shape.keys
  }

  private get payload(): Payload {
    return this.shape.payload
  }

  protected isPresent(): boolean {
    return this.cells.size > 0
  }

  isVacant(): boolean {
    return this.cells.size === 0 && this.pending === undefined
  }

  /** One operation: the cell of `key` becomes one new dot; `takesAway` where users see something go by it. */
  protected assign(key: K, value: unknown, bytes: number, takesAway = false): void {
    const context = this.context
    const seq = takesAway ? context.nextOfRemoval() : context.next()
    const stamp = this.payload.stamped ? context.clock.next() : 0
    const head = this.cells.get(key)
    if (context.transaction !== undefined) this.rememberCell(key, head)
    if (
      head !== undefined &&
      head.replica === SELF &&
      head.seq > context.sealed &&
      head.next === undefined
    ) {
      // Nobody can have seen a dot that no batch has carried: there is nothing to kill. Overwrites stay cheap so.
      // A small value costs about what the one before it did; a large one may be the first large one.
      if (bytes > REWRITE_BYTES_FREE) this.markDirty(bytes)
    } else {
      this.kill(key, head)
      this.markDirty(bytes + 12)
    }
    if (head === undefined) {
      this.cells.set(key, { replica: SELF, seq, stamp, value, next: undefined })
      this.order = undefined
      if (!this.present) this.refreshPresence()
    } else {
      // The old dot is gone from here: its place holds the new one.
      head.replica = SELF
      head.seq = seq
      head.stamp = stamp
      head.value = value
      head.next = undefined
    }
    if (context.watchers !== 0) this.notify(this.keyCodec.step(key))
    context.operationDone()
  }

  /** One operation, by which users see something go: the cells of all these keys become one new dot each. */
  protected assignEach(keys: readonly K[], value: unknown): void {
    if (keys.length === 0) return
    checkOperation(keys.reduce((bytes, key) => bytes + this.keyCodec.bytes(key) + KILL_BYTES, 0))
    const seq = this.context.nextOfRemoval()
    const stamp = this.payload.stamped ? this.context.clock.next() : 0
    for (const key of keys) {
      const head = this.cells.get(key)
      if (this.context.transaction !== undefined) this.rememberCell(key, head)
      this.kill(key, head)
      this.put(key, { replica: SELF, seq, stamp, value, next: undefined })
      this.markDirty(this.keyCodec.bytes(key) + KILL_BYTES)
    }
    this.finish()
  }

  /** One operation: removes the key, as far as it is observed. */
  protected remove(key: K): void {
    const head = this.cells.get(key)
    if (head === undefined) return
    this.context.nextOfRemoval()
    this.drop(key, head)
    this.finish(key)
  }

  /** One operation: removes every key. */
  protected removeAll(): void {
    if (this.cells.size === 0) return
    checkOperation(this.resetBytes())
    this.context.nextOfRemoval()
    this.reset()
    this.finish()
  }

  private finish(key?: K): void {
    this.refreshPresence()
    this.notify(key === undefined ? undefined : this.keyCodec.step(key))
    this.context.operationDone()
  }

  reset(): void {
    for (const [key, head] of this.cells) this.drop(key, head)
    this.refreshPresence()
  }

  protected drop(key: K, head: Dot): void {
    if (this.context.transaction !== undefined) this.rememberCell(key, head)
    this.kill(key, head)
    this.cells.delete(key)
    this.order = undefined
    this.markDirty(this.keyCodec.bytes(key) + KILL_BYTES)
  }

  /** For a transaction: an assignment writes into the dot that was there, so a copy is kept. */
  private rememberCell(key: K, head: Dot | undefined): void {
    const before = head === undefined ? undefined : { ...head }
    const kills = this.pending?.get(key)
    this.onUndo(() => {
      this.put(key, before)
      this.pending?.set(key, kills ?? NO_KILLS)
    })
  }

  resetBytes(): number {
    let bytes = 0
    for (const key of this.cells.keys()) bytes += this.keyCodec.bytes(key) + KILL_BYTES
    return bytes
  }

  /** Notes what an operation on `key` replaces or removes. */
  private kill(key: K, head: Dot | undefined): void {
    this.pending ??= new SmallMap()
    const known = this.pending.get(key)
    const kills = kill(this.context, head, known ?? NO_KILLS)
    if (kills !== known) this.pending.set(key, kills)
  }

  encodeDelta(batch: BatchWriter): void {
    const { cells, pending } = this
    const { keys, payload } = this.shape
    batch.body.varint(pending?.size ?? 0)
    pending?.forEach((kills, key) => {
      keys.encode(batch, key)
      encodeCellDelta(batch, payload, cells.get(key), kills)
    })
  }

  protected clearDelta(): void {
    this.pending = undefined
  }

  apply(delta: SmallMap<K, CellDelta>, incoming: Incoming): void {
    delta.forEach((cell, key) => {
      this.put(key, applyCell(this.cells.get(key), cell, incoming))
      if (this.context.watchers !== 0) this.notify(this.keyCodec.step(key))
    })
    this.refreshPresence()
  }

  reissue(delta: SmallMap<K, CellDelta>, again: Reissue): boolean {
    const pending = (this.pending ??= new SmallMap())
    delta.forEach((changed, key) => {
      const cell = { head: this.cells.get(key), kills: pending.get(key) ?? NO_KILLS }
      const { head, kills } = reissueCell(cell, changed, again)
      pending.set(key, kills)
      this.put(key, head)
      this.markDirty(this.keyCodec.bytes(key) + REISSUE_BYTES)
      if (this.context.watchers !== 0) this.notify(this.keyCodec.step(key))
    })
    this.refreshPresence()
    return true
  }

  /** Sets or removes a cell as a whole: merges and undone operations do. */
  protected put(key: K, head: Dot | undefined): void {
    const { size } = this.cells
    if (head === undefined) this.cells.delete(key)
    else this.cells.set(key, head)
    if (this.cells.size !== size) this.order = undefined
  }

  /** The keys in an order that is the same at every replica. */
  keysInOrder(): readonly K[] {
    this.order ??= [...this.cells.keys()].sort(this.keyCodec.compare)
    return this.order
  }

  encodeWhole(batch: BatchWriter): void {
    batch.body.varint(this.cells.size)
    for (const key of batch.canonical ? this.keysInOrder() : this.cells.keys()) {
      this.keyCodec.encode(batch, key)
      encodeCell(batch, this.payload, this.cells.get(key))
    }
  }

  join(whole: Map<K, Dot | undefined>, incoming: Incoming): void {
    for (const [key, mine] of this.cells) {
      if (!whole.has(key)) this.joinKey(key, mine, undefined, incoming)
    }
    for (const [key, theirs] of whole) this.joinKey(key, this.cells.get(key), theirs, incoming)
    this.refreshPresence()
  }

  /** Reads a state of it where nothing is kept, in steps. */
  *load(batch: BatchReader, incoming: Incoming): Generator<undefined> {
    for (let left = batch.body.count(2); left > 0; left--) {
      const key = this.keyCodec.decode(batch)
      if (this.cells.has(key)) batch.body.fail('key named twice')
      this.joinKey(key, undefined, decodeCell(batch, this.payload), incoming)
      if (left % LOADED_AT_ONCE === 0) yield
    }
    this.refreshPresence()
  }

  private joinKey(
    key: K,
    mine: Dot | undefined,
    theirs: Dot | undefined,
    incoming: Incoming,
  ): void {
    const joined = joinCell(this.context, mine, theirs, incoming)
    if (sameCell(mine, joined)) return
    this.put(key, joined)
    this.notify(this.keyCodec.step(key))
  }

  visitReplicas(visit: (index: number) => void): void {
    this.cells.forEach((head) => {
      visitDots(head, NO_KILLS, visit)
    })
    this.pending?.forEach((kills) => {
      visitDots(undefined, kills, visit)
    })
  }
}

/** Reads the delta of a {@link KeyedNode}. */
export function decodeKeyedDelta<K>(
  batch: BatchReader,
  keys: KeyCodec<K>,
  payload: Payload,
): SmallMap<K, CellDelta> {
  return decodeChanged(batch, keys, () => decodeCellDelta(batch, payload))
}

/** What a batch says of some keys, each named once: as a rule of one. */
export function decodeChanged<K, T>(
  batch: BatchReader,
  keys: Pick<KeyCodec<K>, 'decode'>,
  entry: () => T,
): SmallMap<K, T> {
  const changed = new SmallMap<K, T>()
  for (let left = batch.body.count(2); left > 0; left--) {
    const key = keys.decode(batch)
    if (changed.has(key)) batch.body.fail('key named twice')
    changed.set(key, entry())
  }
  return changed
}

/** Reads the state of a {@link KeyedNode}. */
export function decodeKeyedWhole<K>(
  batch: BatchReader,
  keys: KeyCodec<K>,
  payload: Payload,
): Map<K, Dot | undefined> {
  return decodeEntries(batch, keys, () => decodeCell(batch, payload))
}

/** Entries by key, each key once. */
export function decodeEntries<K, T>(
  batch: BatchReader,
  keys: Pick<KeyCodec<K>, 'decode'>,
  entry: () => T,
): Map<K, T> {
  const entries = new Map<K, T>()
  for (let left = batch.body.count(2); left > 0; left--) {
    const key = keys.decode(batch)
    if (entries.has(key)) batch.body.fail('key named twice')
    entries.set(key, entry())
  }
  return entries
}
