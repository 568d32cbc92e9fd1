import type { Patch } from '@automerge/automerge'
import type { BatchReader } from '../../codec/batch-reader.ts'
import type { BatchWriter } from '../../codec/batch-writer.ts'
import { isJoineryError } from '../../errors.ts'
import type { ReplicaContext } from '../../state/context.ts'
import { SELF } from '../../state/context.ts'
import type { CellDelta, Dot, Kills } from '../../state/dots.ts'
import {
  KILL_BYTES,
  PRESENCE,
  applyCell,
  decodeCell,
  decodeCellDelta,
  encodeCell,
  encodeCellDelta,
  joinCell,
  NO_KILLS,
  kill,
  reissueCell,
  sameCell,
  visitDots,
} from '../../state/dots.ts'
import type { Incoming, Parent } from '../../state/node.ts'
import { Node } from '../../state/node.ts'
import type { Reissue } from '../../state/reissue.ts'
import { decodeChange, decodeChanges, type IncomingChange } from './changes.ts'
import { editsOf, restore } from './draft.ts'
import type { DocumentEdit, DocumentPath } from './edits.ts'
import { HistoryDocument, type HistoryEntry, type WrittenChange } from './history-document.ts'
import { LiveValue } from './live.ts'
import { copyValue, ownEntry, type Container } from './value.ts'

/** What a document reads as before anything is written, and the change that makes the engine's document read so. */
export interface InitialDocument {
  readonly value: Readonly<Record<string, unknown>>
  /** The same bytes at every replica: documents that begin apart are one document. */
  change(): Uint8Array | undefined
}

interface DocumentDelta {
  readonly presence: CellDelta
  readonly changes: readonly IncomingChange[]
}

interface DocumentWhole {
  readonly presence: Dot | undefined
  readonly changes: readonly IncomingChange[]
}

export const EMPTY_DOCUMENT: DocumentWhole = { presence: undefined, changes: [] }

/** A change takes at least this much: 13 bytes of frame, and 32 of the change it follows or its operations. */
const CHANGE_BYTES_MIN = 30
/** More changed places are told as the document. */
const PLACES_MAX = 100

/**
 * A place that is a document of the engine's, beside a cell that says whether it is there.
 *
 * The engine knows no removal, so removing one from a map is two things. The document goes back to its initial value by
 * a change of its own, which undoes what is seen, container by container: what others write concurrently is merged as
 * always. And the cell has a dot of the latest change of each replica that no one has seen: a removal takes those it
 * sees, so that the entry is gone unless somebody wrote concurrently. The price: the history stays for ever, about 100
 * bytes for each change until it is packed, and some 10 then; the place is kept even while nothing is there.
 */
export class DocumentNode extends Node<DocumentDelta, DocumentWhole> {
  private readonly initial: InitialDocument
  private document: HistoryDocument | undefined
  private head: Dot | undefined
  private kills: Kills = NO_KILLS
  private pending: Uint8Array[] = []

  constructor(context: ReplicaContext, parent: Parent, key: string, initial: InitialDocument) {
    super(context, parent, key)
    this.initial = initial
  }

  protected isPresent(): boolean {
    return this.head !== undefined
  }

  isVacant(): boolean {
    return this.document === undefined && this.head === undefined && this.kills.length === 0
  }

  read(): unknown {
    // Concurrent removals can each put back what the others do, too: nothing is there all the same.
    if (!this.present || this.document === undefined) return frozenInitial(this.initial)
    return this.document.read()
  }

  /** What a change function does to what is here, as edits. */
  editsOf(change: (draft: never) => unknown): DocumentEdit[] {
    const { document, initial } = this
    if (document === undefined) return editsOf(copyOf(initial), change)
    if (this.present) return editsOf(document.root, change)
    return editsOf(document.root, (draft) => {
      restore(draft, copyOf(initial))
      return change(draft)
    })
  }

  /** Edits of the initial value, for a document that is not there and may not read so inside. */
  resume(edits: readonly DocumentEdit[]): readonly DocumentEdit[] {
    if (this.present || this.document === undefined) return edits
    return [...this.editsOf(() => undefined), ...edits]
  }

  /** One operation: one change of these edits. */
  edit(edits: readonly DocumentEdit[], message: string | undefined): void {
    const { context } = this
    context.gate.checkRoom()
    const document = this.document ?? this.create()
    const before = document.mark()
    const written = document.write(edits, this.now(), { message })
    if (written === undefined) return
    this.remember(before)
    this.document = document
    const seq = context.next()
    this.kills = kill(context, this.head, this.kills)
    this.head = { replica: SELF, seq, stamp: 0, value: undefined, next: undefined }
    this.wrote(written)
    this.notifyPlaces(written.patches)
    context.operationDone()
    if (context.transaction === undefined) document.pack()
  }

  private now(): number {
    return Math.max(0, Math.floor(this.context.ports.clock()))
  }

  private create(): HistoryDocument {
    return new HistoryDocument(nameOf(this.context, SELF), this.initial.change())
  }

  private wrote({ bytes, operations }: WrittenChange): void {
    this.pending.push(bytes)
    // Receivers work for each operation, however few bytes say it.
    this.markDirty(Math.max(bytes.length, operations) + 8)
    this.refreshPresence()
  }

  private remember(mark: number): void {
    if (this.context.transaction === undefined) return
    const { document, head, kills } = this
    const waiting = this.pending.length
    this.onUndo(() => {
      document?.restore(mark)
      this.document = document
      this.head = head
      this.kills = kills
      this.pending.length = waiting
    })
  }

  reset(): void {
    const { document } = this
    if (document !== undefined) this.remember(document.mark())
    this.kills = kill(this.context, this.head, this.kills)
    this.head = undefined
    const written = document === undefined ? undefined : this.writeInitial(document)
    if (written !== undefined) this.wrote(written)
    this.markDirty(KILL_BYTES)
    this.refreshPresence()
  }

  private writeInitial(document: HistoryDocument): WrittenChange | undefined {
    const now = this.now()
    const settled = copyOf(this.initial)
    try {
      const edits = editsOf(document.root, (draft) => {
        restore(draft, settled)
      })
      return document.write(edits, now, { settled })
    } catch (error) {
      if (!isJoineryError(error, 'OBJECT_TOO_LARGE')) throw error
      // Item by item that is too much: then key by key.
      return document.write(coarseEdits(document.root, settled), now, { anyway: true, settled })
    }
  }

  resetBytes(): number {
    return KILL_BYTES + 128
  }

  encodeDelta(batch: BatchWriter): void {
    encodeCellDelta(batch, PRESENCE, this.head, this.kills)
    batch.body.varint(this.pending.length)
    for (const change of this.pending) batch.body.bytes(change)
  }

  protected clearDelta(): void {
    this.kills = NO_KILLS
    this.pending = []
  }

  apply({ presence, changes }: DocumentDelta, incoming: Incoming): void {
    const author = nameOf(this.context, incoming.indexes[0] ?? SELF)
    const own = changes.every(({ content }) => content.actor === author)
    const patches = own ? this.receive(changes) : []
    this.head = applyCell(this.head, presence, incoming)
    this.refreshPresence()
    this.notifyPlaces(patches)
  }

  /**
   * A change names its author and what that had seen, so it is not made again itself: what it does is, to a copy that has
   * those before it. What builds on changes that nobody has any more does nothing there, and is not made again.
   */
  reissue({ presence, changes }: DocumentDelta, again: Reissue): boolean {
    const copy = again.note(this, () => this.document?.copy() ?? this.create())
    const isRemoved = presence.added === undefined && presence.kills.length > 0
    const made = changes.filter((change, index) => {
      if (!copy.take(change)) return false
      const settled = isRemoved && index === changes.length - 1
      return this.becomeAgain(copy.read(), change, settled)
    })
    if (changes.length > 0 && made.length === 0) return false
    const cell = { head: this.head, kills: this.kills }
    ;({ head: this.head, kills: this.kills } = reissueCell(cell, presence, again))
    this.markDirty(KILL_BYTES)
    this.refreshPresence()
    this.notifyPlaces([])
    this.document?.pack()
    return made.length === changes.length
  }

  /** Makes the document read as `wanted`, as one change with the time and message of another. Tells whether it does. */
  private becomeAgain(wanted: Container, { content }: IncomingChange, isSettled: boolean): boolean {
    const document = (this.document ??= this.create())
    try {
      const edits = editsOf(document.root, (draft) => {
        restore(draft, wanted)
      })
      const settled = isSettled ? { settled: wanted } : {}
      const message = content.message ?? undefined
      const written = document.write(edits, content.time, { message, anyway: true, ...settled })
      if (written !== undefined) this.wrote(written)
      return true
    } catch (error) {
      if (!isJoineryError(error, 'OBJECT_TOO_LARGE')) throw error
      return false
    }
  }

  private receive(changes: readonly IncomingChange[]): readonly Patch[] {
    if (changes.length === 0) return []
    const document = (this.document ??= this.create())
    const patches = document.receive(changes)
    document.pack()
    return patches
  }

  encodeWhole(batch: BatchWriter): void {
    encodeCell(batch, PRESENCE, this.head)
    const chunks = this.document?.chunksToSend(batch.canonical) ?? []
    batch.body.varint(chunks.length)
    for (const chunk of chunks) batch.body.bytes(chunk)
  }

  join({ presence, changes }: DocumentWhole, incoming: Incoming): void {
    const joined = joinCell(this.context, this.head, presence, incoming)
    const same = sameCell(this.head, joined)
    this.head = joined
    const patches = this.receive(changes)
    this.refreshPresence()
    if (!same || patches.length > 0) this.notifyPlaces(patches)
  }

  /** The changes name their authors in full. */
  visitReplicas(visit: (index: number) => void): void {
    visitDots(this.head, this.kills, visit)
  }

  history(): readonly HistoryEntry[] {
    return this.document?.history() ?? []
  }

  /** What there was at a change, if this place has a history. */
  readAt(id: string): { readonly value: unknown } | undefined {
    const { document } = this
    return document === undefined ? undefined : { value: document.readAt(id) }
  }

  conflicts(path: DocumentPath): readonly unknown[] {
    if (!this.present) return []
    return this.document?.conflicts(path) ?? []
  }

  /** Tells listeners which places of the document changed. */
  private notifyPlaces(patches: readonly Patch[]): void {
    if (this.context.watchers === 0) return
    const { object, path } = this.locate()
    const places = changedPlaces(patches)
    this.context.onChange(object, ...places.map((place) => ({ path: [...path, ...place] })))
  }
}

/** The places that patches change, without those within others. */
function changedPlaces(patches: readonly Patch[]): readonly (readonly string[])[] {
  const paths = new Map<string, readonly string[]>()
  for (const { action, path } of patches) {
    // Of a list or text that grew or shrank, the whole changed: the positions of the rest did.
    const grew = action === 'insert' || action === 'splice'
    const shrank = action === 'del' && typeof path[path.length - 1] === 'number'
    const place = (grew || shrank ? path.slice(0, -1) : path).map(String)
    paths.set(JSON.stringify(place), place)
  }
  if (paths.size > PLACES_MAX) return [[]]
  const places = [...paths.values()].filter(
    (place) => !place.some((_, length) => paths.has(JSON.stringify(place.slice(0, length)))),
  )
  return places.length === 0 ? [[]] : places
}

function nameOf(context: ReplicaContext, index: number): string {
  return context.name(index)
}

function copyOf({ value }: InitialDocument): Container {
  return copyValue(value) as Container
}

/** A snapshot of the initial value. */
export function frozenInitial(initial: InitialDocument): unknown {
  return new LiveValue(copyOf(initial)).read()
}

function coarseEdits(root: Container, initial: Container): DocumentEdit[] {
  const edits: DocumentEdit[] = []
  for (const key of Object.keys(root)) {
    if (!Object.hasOwn(initial, key)) edits.push({ type: 'delete', path: [key] })
  }
  for (const key of Object.keys(initial)) {
    edits.push({ type: 'set', path: [key], value: ownEntry(initial, key) })
  }
  return edits
}

/** Reads the delta of a document. The engine has been loaded. */
export function decodeDocumentDelta(batch: BatchReader): DocumentDelta {
  const presence = decodeCellDelta(batch, PRESENCE)
  const changes: IncomingChange[] = []
  for (let left = batch.body.count(CHANGE_BYTES_MIN); left > 0; left--) {
    changes.push(decodeChange(batch, batch.body.bytes()))
  }
  return { presence, changes }
}

/** Reads the whole of a document. The engine has been loaded. */
export function decodeDocumentWhole(batch: BatchReader): DocumentWhole {
  const presence = decodeCell(batch, PRESENCE)
  const chunks: Uint8Array[] = []
  for (let left = batch.body.count(CHANGE_BYTES_MIN); left > 0; left--)
    chunks.push(batch.body.bytes())
  return { presence, changes: chunks.length === 0 ? [] : decodeChanges(batch, chunks) }
}
