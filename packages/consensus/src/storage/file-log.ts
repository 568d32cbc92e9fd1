import { rm } from 'node:fs/promises'
import { JoineryError } from '@joinery/crdt-objects'
import type { LogViewFailure } from '../raft/log-view.ts'
import type { ConfState, Entry, HardState, Snapshot } from '../raft/types.ts'
import { DirectoryLock } from './directory-lock.ts'
import { makeDirectory } from './directory.ts'
import { storageFailed } from './errors.ts'
import {
  emptyPayloadBytes,
  encodeLogRecord,
  entryPayloadBytes,
  kindOfRecord,
  type SegmentLink,
} from './log-record.ts'
import type { LogStorage, LogWrite } from './log-storage.ts'
import type { LogTail } from './log-tail.ts'
import { recordBytes, recordHeaderBytes, sealRecord } from './record.ts'
import { recover, type Recovered } from './recovery.ts'
import { SegmentSupply } from './segment-supply.ts'
import { segmentBytesMin, segmentHeaderBytes, type OpenSegment, type Segment } from './segment.ts'
import { writeSnapshotFile } from './snapshot-file.ts'
import { writeSyncedBeside, writeSyncedBlocking, type WriteSynced } from './synced-writer.ts'

export interface FileLogOptions {
  /** What each file of the log takes on disk, 16 MiB unless said otherwise. */
  readonly segmentBytes?: number | undefined
  /**
   * `async`: syncs run beside the event loop. `blocking`: the event loop waits for each. Commits take about a tenth less
   * where cores are idle, and far more where they are not; a slow disk stops heartbeats and all else in the process.
   * `async` unless said otherwise.
   */
  readonly sync?: 'async' | 'blocking' | undefined
  /** In place of `sync`: how bytes are made durable. See {@link createAdaptiveWriter}. */
  readonly writeSynced?: WriteSynced | undefined
}

const segmentBytesDefault = 16 * 1024 * 1024
/** A larger buffer is not kept for the next write. */
const keptBytesMax = 1024 * 1024

type Done = (error?: Error) => void

/**
 * A log in a directory of its own, in segments of a fixed size.
 *
 * Invariant: one write and one sync are under way at most, and what they make durable is one record.
 * Invariant: a snapshot gets its name when everything that it stands for or counts on is durable; before that, what was
 * there holds, and afterwards nothing else is needed.
 */
export class FileLog implements LogStorage {
  readonly isDurable = true
  readonly #directory: string
  readonly #lock: DirectoryLock
  readonly #writeSynced: WriteSynced
  readonly #supply: SegmentSupply
  readonly #tail: LogTail
  #sealed: Segment[]
  #active: OpenSegment
  /** What the first record of the active segment is to name; undefined when it has one. */
  #link: SegmentLink | undefined
  #snapshotPath: string | undefined
  #nextSnapshot: number
  #buffer = Buffer.allocUnsafe(64 * 1024)
  /** The hard state moved and was not written: only its commit index, so that the next record is soon enough. */
  #isHeldBack = false
  #append: Promise<void> | undefined
  #appendEnded = (): void => {}
  /** How often a leader's snapshot took the place of the log. */
  #replacements = 0
  /** Snapshots are written one after the other. */
  #snapshots: Promise<void> = Promise.resolve()
  #failure: Error | undefined
  #closing: Promise<void> | undefined

  /** Opens the log in a directory, or makes one. Its last state is that of the last write whose `done` was called, or later. */
  static async open(directory: string, options: FileLogOptions = {}): Promise<FileLog> {
    const segmentBytes = options.segmentBytes ?? segmentBytesDefault
    if (!Number.isSafeInteger(segmentBytes) || segmentBytes < segmentBytesMin) {
      const reason = `segmentBytes must be an integer of at least ${segmentBytesMin}`
      throw new JoineryError('VALUE_INVALID', reason, { reason, value: String(segmentBytes) })
    }
    await makeDirectory(directory)
    const lock = await DirectoryLock.take(directory)
    try {
      const recovered = await recover(directory)
      const supply = new SegmentSupply(directory, segmentBytes, recovered.nextSegment)
      const active = recovered.active ?? (await supply.take(0))
      return new FileLog({ directory, options, lock, supply, active, recovered })
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  private constructor(parts: {
    readonly directory: string
    readonly options: FileLogOptions
    readonly lock: DirectoryLock
    readonly supply: SegmentSupply
    readonly active: OpenSegment
    readonly recovered: Recovered
  }) {
    const { options, recovered } = parts
    this.#directory = parts.directory
    this.#lock = parts.lock
    this.#supply = parts.supply
    this.#active = parts.active
    this.#link = recovered.active === undefined ? { segment: 0, end: 0 } : undefined
    this.#tail = recovered.tail
    this.#sealed = [...recovered.sealed]
    this.#snapshotPath = recovered.snapshotPath
    this.#nextSnapshot = recovered.nextSnapshot
    this.#writeSynced =
      options.writeSynced ?? (options.sync === 'blocking' ? writeSyncedBlocking : writeSyncedBeside)
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return this.#tail.initialState()
  }

  entries(low: number, high: number, bytesMax: number): readonly Entry[] | LogViewFailure {
    return this.#tail.entries(low, high, bytesMax)
  }

  term(index: number): number | LogViewFailure {
    return this.#tail.term(index)
  }

  firstIndex(): number {
    return this.#tail.firstIndex()
  }

  lastIndex(): number {
    return this.#tail.lastIndex()
  }

  snapshot(): Snapshot {
    return this.#tail.snapshot()
  }

  append(write: LogWrite, done: Done): void {
    if (this.#append !== undefined) throw new Error('a write is under way: wait for its end')
    if (this.#failure !== undefined) {
      queueMicrotask(() => done(this.#failure))
      return
    }
    const { entries, snapshot } = write
    this.#tail.write(write)
    if (snapshot !== undefined) this.#replacements++
    if (!write.mustSync && entries.length === 0 && snapshot === undefined) {
      this.#isHeldBack ||= write.hardState !== undefined
      queueMicrotask(() => done())
      return
    }
    this.#append = new Promise((resolve) => (this.#appendEnded = resolve))
    const finish: Done = (error) => {
      if (error !== undefined) this.#fail(error)
      this.#append = undefined
      this.#appendEnded()
      done(error === undefined ? undefined : this.#failure)
    }
    if (snapshot === undefined) {
      this.#writeEntries(entries, finish)
      return
    }
    this.#install(snapshot).then(() => {
      if (entries.length > 0) this.#writeEntries(entries, finish)
      else finish()
    }, finish)
  }

  compact(snapshot: Snapshot, keepFrom: number, done: Done): void {
    // Entries up to the snapshot may be under way to the disk: a snapshot never reaches further than the durable log.
    const underWay = this.#append
    const replacements = this.#replacements
    const keep = async (): Promise<void> => {
      await underWay
      if (this.#failure !== undefined) throw this.#failure
      await this.#keep(snapshot, keepFrom, () => this.#replacements !== replacements)
    }
    this.#afterSnapshots(keep).then(
      () => done(),
      (error: unknown) => {
        this.#fail(error)
        done(this.#failure)
      },
    )
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#end())
  }

  async #end(): Promise<void> {
    const wasOpen = this.#failure === undefined
    this.#failure ??= storageFailed(this.#directory, new Error('it is closed'))
    await this.#append
    await this.#snapshots
    if (wasOpen && this.#isHeldBack) {
      await new Promise<void>((resolve) => this.#writeEntries([], () => resolve()))
    }
    await this.#active.handle.close()
    await this.#supply.discard()
    await this.#lock.release()
  }

  /** Makes entries durable together with the hard state: in one record, unless they do not fit into a segment. */
  #writeEntries(entries: readonly Entry[], done: Done): void {
    const room = this.#active.bytesMax - this.#active.end
    const { count, bytes } = this.#fit(entries, room)
    if (count === entries.length || (count > 0 && this.#link !== undefined)) {
      this.#writeRecord(entries.slice(0, count), bytes, (error) => {
        if (error !== undefined || count === entries.length) done(error)
        else this.#writeEntries(entries.slice(count), done)
      })
      return
    }
    const payload = emptyPayloadBytes(true) + (entries[0] ? entryPayloadBytes(entries[0]) : 0)
    const bytesMin = segmentHeaderBytes + recordBytes(payload)
    this.#rotate(bytesMin).then(() => this.#writeEntries(entries, done), done)
  }

  /** How many of the entries go into one record of at most `room`, and the bytes of it. -1: none does. */
  #fit(entries: readonly Entry[], room: number): { count: number; bytes: number } {
    let count = 0
    let payload = 0
    for (const entry of entries) {
      const more = payload + entryPayloadBytes(entry)
      if (this.#recordBytes(more) > room) break
      payload = more
      count++
    }
    const bytes = this.#recordBytes(payload)
    return bytes > room ? { count: -1, bytes } : { count, bytes }
  }

  #recordBytes(entriesBytes: number): number {
    return recordBytes(emptyPayloadBytes(this.#link !== undefined) + entriesBytes)
  }

  #writeRecord(entries: readonly Entry[], bytes: number, done: Done): void {
    const active = this.#active
    if (this.#buffer.length < bytes)
      this.#buffer = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(bytes)))
    const record = { link: this.#link, hardState: this.#tail.hardState, entries }
    const payloadBytes = encodeLogRecord(record, this.#buffer, recordHeaderBytes)
    const place = { nonce: active.nonce, offset: active.end }
    const whole = sealRecord(this.#buffer, kindOfRecord(record), payloadBytes, place)
    this.#isHeldBack = false
    this.#writeSynced(active.handle.fd, whole, active.end, (error) => {
      if (error !== null) {
        done(error)
        return
      }
      this.#link = undefined
      active.end += whole.length
      active.lastIndex = Math.max(active.lastIndex, entries.at(-1)?.index ?? 0)
      if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafe(64 * 1024)
      // Late enough that a log that hardly grows takes one file, early enough that the next one is ready.
      if (active.end * 2 > active.bytesMax) this.#supply.prepare()
      done()
    })
  }

  async #rotate(bytesMin: number): Promise<void> {
    const full = this.#active
    this.#active = await this.#supply.take(bytesMin)
    await full.handle.close()
    if (this.#link === undefined) {
      this.#link = { segment: full.number, end: full.end }
      this.#sealed.push(full)
    } else {
      // Nothing in it, and too small. Not used again: its name might come back after a crash, with another's contents.
      await rm(full.path)
    }
  }

  /** Replaces everything by a snapshot; it holds from the moment that its file has its name. */
  async #install(snapshot: Snapshot): Promise<void> {
    await this.#afterSnapshots(async () => {
      const replaced = [...this.#sealed, this.#active]
      const before = this.#active.handle
      this.#active = await this.#supply.take(0)
      this.#link = { segment: 0, end: 0 }
      this.#sealed = []
      await before.close()
      await this.#replaceSnapshot(snapshot, snapshot, this.#active.number)
      for (const segment of replaced) await this.#supply.retire(segment)
    })
  }

  /** Keeps a snapshot of our own, unless a leader's `isReplaced` the log that it is of. */
  async #keep(snapshot: Snapshot, keepFrom: number, isReplaced: () => boolean): Promise<void> {
    if (isReplaced() || snapshot.index < this.#tail.snapshot().index) return
    const boundary = this.#tail.boundaryFor(snapshot.index, keepFrom)
    const needed = this.#sealed.findIndex(({ lastIndex }) => lastIndex > boundary.index)
    const dropped = this.#sealed.slice(0, needed < 0 ? undefined : needed)
    const segmentFrom = this.#sealed[dropped.length]?.number ?? this.#active.number
    await this.#replaceSnapshot(snapshot, boundary, segmentFrom)
    if (!isReplaced()) this.#tail.compact(snapshot, boundary)
    this.#sealed = this.#sealed.filter((segment) => !dropped.includes(segment))
    for (const segment of dropped) await this.#supply.retire(segment)
  }

  async #replaceSnapshot(
    snapshot: Snapshot,
    { index, term }: { readonly index: number; readonly term: number },
    segmentFrom: number,
  ): Promise<void> {
    const { hardState } = this.#tail
    const before = this.#snapshotPath
    this.#snapshotPath = await writeSnapshotFile(this.#directory, this.#nextSnapshot++, {
      ...{ snapshot, hardState, segmentFrom },
      boundary: { index, term },
    })
    if (before !== undefined) await rm(before, { force: true })
  }

  #afterSnapshots(work: () => Promise<void>): Promise<void> {
    const result = this.#snapshots.then(work)
    this.#snapshots = result.catch(() => {})
    return result
  }

  #fail(cause: unknown): void {
    this.#failure ??= storageFailed(this.#directory, cause)
  }
}
