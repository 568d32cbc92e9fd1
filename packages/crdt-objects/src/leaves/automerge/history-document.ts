import type { Patch } from '@automerge/automerge'
import { invalidValue, isJoineryError } from '../../errors.ts'
import { ChangeCheck } from './change-check.ts'
import { joinChunks, type IncomingChange } from './changes.ts'
import { DOCUMENT_OPERATIONS_MAX, OPERATIONS_MAX } from './chunks.ts'
import { EditWriter } from './edit-writer.ts'
import { checkPath, type DocumentEdit, type DocumentPath } from './edits.ts'
import { createBackend, loadBackend, unwrap, type Backend } from './engine.ts'
import { LiveValue, frozenCopy } from './live.ts'
import { tooLarge, type Container } from './value.ts'

/** One change in the history of a document. */
export interface HistoryEntry {
  /** What `readAt` takes. */
  readonly id: string
  /** The replica that made it: 16 hex digits. */
  readonly by: string
  /** When, by the clock of its author. */
  readonly timeMs: number
  /** What its author said of it. */
  readonly message?: string
}

/** What was written, before it is known whether it stays. */
export interface WrittenChange {
  readonly bytes: Uint8Array
  readonly operations: number
  readonly patches: readonly Patch[]
}

export interface WriteOptions {
  /** What the history says of it. */
  readonly message?: string | undefined
  /** Make the change in a full document, too. */
  readonly anyway?: boolean
  /** What the document reads as after the edits: none of the values that lost to these shall ever come back. */
  readonly settled?: Container
}

/** A point to go back to. */
export type Mark = number

/** Changes are packed when they take this much, or as much as what is packed already. */
const PACK_BYTES_MIN = 64 * 1024
/** More of them are not sent one by one in a state. */
const SENT_CHANGES_MAX = 64

interface Loaded {
  readonly backend: Backend
  readonly live: LiveValue
  /** Made when somebody else's changes come. */
  check: ChangeCheck | undefined
}

/**
 * One document: its changes as bytes, and, once somebody asks, the engine's document made from them.
 *
 * The bytes are what counts. A failed transaction goes back to fewer of them; and an engine that panics over a hostile
 * change has a document that is half changed: it is dropped, and made again without that change.
 */
export class HistoryDocument {
  private readonly actor: string
  /** All changes up to some point as one chunk of the engine's, uncompressed: receivers must be able to bound it. */
  private packed: Uint8Array | undefined
  private tail: Uint8Array[] = []
  private tailBytes = 0
  private packBytes = PACK_BYTES_MIN
  private loaded: Loaded | undefined

  /** `initial` is the change that every replica begins with, if there is one. */
  constructor(actor: string, initial: Uint8Array | undefined) {
    this.actor = actor
    if (initial !== undefined) this.append(initial)
  }

  private append(change: Uint8Array): void {
    this.tail.push(change)
    this.tailBytes += change.length
  }

  private get engine(): Loaded {
    this.loaded ??= this.load()
    return this.loaded
  }

  private load(): Loaded {
    const chunks = this.chunks()
    const backend =
      chunks.length === 0 ? createBackend(this.actor) : loadBackend(joinChunks(chunks), this.actor)
    backend.updateDiffCursor()
    const live = new LiveValue(unwrap(backend.materialize('_root')) as Container)
    return { backend, live, check: undefined }
  }

  private unload(): void {
    this.loaded?.backend.free()
    this.loaded = undefined
  }

  /** The value as it is now: not to be changed, and not to be kept. */
  get root(): Container {
    return this.engine.live.root
  }

  read(): Container {
    return this.engine.live.read()
  }

  /**
   * Makes one change of these edits; `undefined` if they change nothing.
   *
   * @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE; nothing changed.
   */
  write(
    edits: readonly DocumentEdit[],
    timeMs: number,
    { message, anyway, settled }: WriteOptions = {},
  ): WrittenChange | undefined {
    // Before the engine has worked on it for seconds.
    checkOperations(edits.reduce((sum, edit) => sum + leastOperations(edit), 0))
    const { backend, live, check } = this.engine
    try {
      const writer = new EditWriter(backend)
      for (const edit of edits) writer.write(edit)
      if (settled !== undefined) writer.settle(settled)
      const operations = backend.pendingOps()
      if (operations === 0) return undefined
      checkOperations(operations)
      if (anyway !== true) this.checkRoom()
      if (backend.commit(message ?? null, timeMs) === null) return undefined
      const bytes = backend.getLastLocalChange()
      if (bytes === null) throw new Error('a change that was made is not there')
      const patches = backend.diffIncremental()
      live.apply(patches, (path) => valueAt(backend, path))
      this.append(bytes)
      check?.noteOwn(this.actor)
      return { bytes, operations, patches }
    } catch (error) {
      if (isJoineryError(error)) backend.rollback()
      else this.loaded = undefined
      throw error
    }
  }

  private checkRoom(): void {
    const { numOps } = this.engine.backend.stats()
    const most = DOCUMENT_OPERATIONS_MAX / 4
    if (numOps > most) throw tooLarge(numOps, most)
  }

  /** Takes changes of others, all or none: none of those that the engine refuses. Gives what changed. */
  receive(changes: readonly IncomingChange[]): readonly Patch[] {
    const mark = this.mark()
    try {
      const { engine } = this
      const { backend, live } = engine
      const news = changes.filter(
        ({ content }) => backend.getChangeMetaByHash(content.hash) === null,
      )
      if (news.length === 0) return []
      const check = (engine.check ??= new ChangeCheck(backend))
      if (!news.every((change) => check.take(change))) {
        engine.check = undefined
        return []
      }
      for (const { bytes } of news) this.append(bytes)
      backend.applyChanges(news.map(({ bytes }) => bytes))
      check.settle()
      const patches = backend.diffIncremental()
      live.apply(patches, (path) => valueAt(backend, path))
      return patches
    } catch {
      // The engine's own document may be half changed, or locked for ever: it is not even freed.
      this.loaded = undefined
      this.restore(mark)
      return []
    }
  }

  /** Takes one change of another, and tells whether it is here now: not what the engine refuses. */
  take(change: IncomingChange): boolean {
    this.receive([change])
    return this.engine.backend.getChangeMetaByHash(change.content.hash) !== null
  }

  /** Another document with the same history. */
  copy(): HistoryDocument {
    const copy = new HistoryDocument(this.actor, undefined)
    copy.packed = this.packed
    for (const change of this.tail) copy.append(change)
    return copy
  }

  mark(): Mark {
    return this.tail.length
  }

  /** Goes back to what was there at the mark. */
  restore(mark: Mark): void {
    if (this.tail.length === mark) return
    for (const change of this.tail.splice(mark)) this.tailBytes -= change.length
    this.unload()
  }

  /** Packs the changes if that is worth while. Marks are void after it. */
  pack(): void {
    if (this.tailBytes < Math.max(this.packBytes, this.packed?.length ?? 0)) return
    this.packNow()
  }

  private packNow(): void {
    try {
      const packed = this.engine.backend.saveNoCompress()
      // A hostile change can spoil what the engine saves, and not what it shows: only what loads again replaces it.
      loadBackend(packed, this.actor).free()
      this.packed = packed
      this.tail = []
      this.tailBytes = 0
    } catch {
      this.packBytes *= 2
      this.loaded = undefined
    }
  }

  /** All of it, as chunks to send; canonical ones do not tell when it was packed. */
  chunksToSend(canonical: boolean): readonly Uint8Array[] {
    const isPacked = this.packed !== undefined && canonical
    if (this.tail.length > (isPacked ? 0 : SENT_CHANGES_MAX)) this.packNow()
    return this.chunks()
  }

  private chunks(): readonly Uint8Array[] {
    return this.packed === undefined ? this.tail : [this.packed, ...this.tail]
  }

  /** What changed by whom, each change after those it had seen; concurrent ones in an order that all replicas share. */
  history(): readonly HistoryEntry[] {
    const changes = this.engine.backend
      .getChangesMeta([])
      .filter(({ actor }) => actor !== INITIAL_ACTOR)
    changes.sort((a, b) => a.startOp - b.startOp || (a.actor < b.actor ? -1 : 1))
    return Object.freeze(
      changes.map(({ hash, actor, time, message }) =>
        Object.freeze({
          id: hash,
          by: actor,
          timeMs: time,
          ...(message === null ? {} : { message }),
        }),
      ),
    )
  }

  /** What the author of a change saw when it was made. */
  readAt(id: string): unknown {
    const { backend } = this.engine
    const known = /^[0-9a-f]{64}$/.test(id) && backend.getChangeMetaByHash(id) !== null
    if (!known) throw invalidValue('the id of a change in the history of this document', id)
    return frozenCopy(backend.materialize('_root', [id]))
  }

  /** The values of a place that concurrent changes wrote and that lost, latest first. */
  conflicts(path: DocumentPath): readonly unknown[] {
    const { backend } = this.engine
    let id = '_root'
    let type = 'map'
    for (const step of path.slice(0, -1)) {
      if ((typeof step === 'string') !== (type === 'map')) return []
      const found = backend.getWithType(id, step)
      if (found === null || (found[0] !== 'map' && found[0] !== 'list')) return []
      ;[type, id] = found
    }
    const last = path[path.length - 1] ?? ''
    if ((typeof last === 'string') !== (type === 'map')) return []
    if (typeof last === 'number' && last >= backend.length(id)) return []
    const all = backend.getAll(id, last).slice(0, -1).reverse()
    return Object.freeze(all.map(([kind, value]) => frozenCopy(valueOf(backend, kind, value))))
  }
}

/** What the engine has at a place, `undefined` where nothing is. */
function valueAt(backend: Backend, path: DocumentPath): unknown {
  let kind = 'map'
  let value: unknown = '_root'
  for (const step of path) {
    const found = backend.getWithType(value as string, step)
    if (found === null) return undefined
    ;[kind, value] = found
  }
  return valueOf(backend, kind, value)
}

function valueOf(backend: Backend, kind: string, value: unknown): unknown {
  if (kind === 'text') return backend.text(value as string)
  return kind === 'map' || kind === 'list' ? backend.materialize(value as string) : value
}

function checkOperations(operations: number): void {
  if (operations > OPERATIONS_MAX) throw tooLarge(operations, OPERATIONS_MAX)
}

/** Each item, and each character of a text, is an operation of its own. */
function leastOperations(edit: DocumentEdit): number {
  return edit.type === 'splice' || edit.type === 'text' ? edit.delete + edit.insert.length : 1
}

/** Who makes the change that every replica begins with: no replica, whose ids are longer. */
const INITIAL_ACTOR = '00'

/** The change that makes an empty document read as `initial`; `undefined` if it is empty as well. */
export function initialChange(initial: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  const document = new HistoryDocument(INITIAL_ACTOR, undefined)
  const edits = Object.entries(initial).map(([key, value]): DocumentEdit => {
    return { type: 'set', path: checkPath([key]), value }
  })
  return document.write(edits, 0)?.bytes
}
