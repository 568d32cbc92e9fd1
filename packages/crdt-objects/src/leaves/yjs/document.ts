import type { GC, Item, Transaction } from 'yjs'
import type { SequenceStep } from '../../change.ts'
import type { BatchWriter } from '../../codec/batch-writer.ts'
import { Ages } from './ages.ts'
import { anchor } from './anchor.ts'
import type { Clients } from './clients.ts'
import { encodeWhole } from './encode-whole.ts'
import { yjs } from './engine.ts'
import { Seams } from './seams.ts'
import { integrateSections, type Arrival, type Tools } from './integrate.ts'
import { loadWhole } from './load.ts'
import { addRange, mergeRanges, type Ranges } from './ranges.ts'
import { reissueEdits, type ReissueClocks, type ReissuedEdits } from './reissue.ts'
import type { ItemEvent } from './steps.ts'
import { encodeStructs, structOf } from './structs.ts'
import type { Content, ContentCodec, Section, Sequence, Struct } from './structs.ts'
import { trimUnits } from './trim.ts'
import { sectionsOf, type SequenceWhole } from './whole.ts'

/** What a text or list brings of its own. */
export interface DocumentShape<S extends Sequence> {
  /** The root type of a new document. */
  root(document: Transaction['doc']): S
  readonly codec: ContentCodec
  /** The content of Yjs that a struct becomes. */
  readonly content: (struct: Struct) => Content
  /** What a struct says of an item, as the codec reads it. */
  readonly said: (item: Item) => unknown
  /** The steps from what was to what is. */
  steps(root: S, event: ItemEvent): readonly SequenceStep[]
}

/** All that was not there before. */
const ALL_COMES: ItemEvent = { adds: () => true, deletes: () => false }

/** The list of a document, and where it was trimmed. */
interface List<S extends Sequence> {
  readonly doc: Transaction['doc']
  readonly root: S
  readonly seams: Seams
}

/** One Y.Doc with one root type, and what of it no batch has carried yet. */
export class YjsDocument<S extends Sequence> {
  private list: List<S>
  private readonly shape: DocumentShape<S>
  private readonly clients: Clients
  /** Our own units from here on have not left. */
  private sealedClock = 0
  /** By client: what we deleted since the last batch. */
  private readonly deleted = new Map<number, Ranges>()
  private readonly ages = new Ages()
  /**
   * The epoch up to which it is trimmed; 0 if nothing ever was. Invariant: whoever made what is not here yet had settled
   * that epoch before.
   */
  private level = 0
  /** By client: every unit below was made in an epoch before `level`. */
  private stableEnds: ReadonlyMap<number, number> = new Map()
  private steps: readonly SequenceStep[] | undefined
  private noting = false

  constructor(shape: DocumentShape<S>, clients: Clients) {
    this.shape = shape
    this.clients = clients
    this.list = this.newList()
  }

  private newList(): List<S> {
    // A name of its own would be drawn at random, and nothing asks for it.
    const doc = new (yjs().Doc)({ guid: '' })
    doc.clientID = this.clients.own
    const root = this.shape.root(doc)
    root.observe((event: ItemEvent) => {
      if (this.noting) this.steps = this.shape.steps(root, event)
    })
    return { doc, root, seams: new Seams() }
  }

  get root(): S {
    return this.list.root
  }

  private get doc(): Transaction['doc'] {
    return this.list.doc
  }

  private get tools(): Tools {
    const { root, seams } = this.list
    return { clients: this.clients, root, seams, content: this.shape.content }
  }

  /** Local edits, as one transaction of Yjs. */
  edit<Edit>(edits: readonly Edit[], apply: (root: S, edit: Edit) => void): void {
    const { root, seams } = this.list
    this.doc.transact((transaction) => {
      for (const edit of edits) {
        const from = this.ownClock
        apply(root, edit)
        for (const item of this.ownItemsFrom(from)) anchor(item, root, seams)
      }
      this.noteEdited(transaction)
    })
  }

  private noteEdited(transaction: Transaction): void {
    this.ages.note(transaction)
    for (const [client, ranges] of transaction.deleteSet.clients) {
      for (const { clock, len } of ranges) this.noteDeleted(client, clock, len)
    }
  }

  /** Our items from a clock on, in its order. */
  private ownItemsFrom(clock: number): readonly Item[] {
    const structs = this.structs(this.doc.clientID)
    let first = structs.length
    while (first > 0 && (structs[first - 1]?.id.clock ?? 0) >= clock) first--
    // What is trimmed is older than what has just been made.
    return structs.slice(first) as Item[]
  }

  private noteDeleted(client: number, clock: number, length: number): void {
    // What nobody has seen leaves as deleted from the start.
    const end = client === this.doc.clientID ? Math.min(clock + length, this.sealedClock) : Infinity
    const seen = Math.min(length, end - clock)
    if (seen <= 0) return
    addRange(this.deleted, client, clock, seen)
  }

  /** Takes in what others made, as one transaction of Yjs; with `note`, gives the steps that it comes to. */
  integrate(arrivals: readonly Arrival[], note = false): readonly SequenceStep[] {
    this.noting = note
    this.steps = undefined
    const ownClock = this.ownClock
    try {
      this.doc.transact((transaction) => {
        for (const arrival of arrivals) integrateSections(transaction, arrival, this.tools)
        this.ages.note(transaction)
        // Yjs would do both for a transaction that is not local, and two things more that make replicas differ: clean
        // up marks, by deletions that nobody hears of, and draw another client id.
        const markers = this.root._searchMarker
        if (markers !== null) markers.length = 0
      })
    } finally {
      this.noting = false
    }
    // Units of our own that come from elsewhere are those of lives before ours, which we go on from.
    if (this.ownClock > ownClock) this.sealedClock = this.ownClock
    return this.steps ?? []
  }

  /** Takes in a state of another replica. Gives the steps that it comes to, if they can be told. */
  join(
    whole: SequenceWhole,
    indexes: readonly number[],
    note: boolean,
  ): readonly SequenceStep[] | undefined {
    const isNew = this.doc.store.clients.size === 0
    if (!isNew && whole.level <= this.level) {
      return this.integrate([{ sections: sectionsOf(whole), deletions: [], indexes }], note)
    }
    const ours = isNew ? undefined : this.asArrival()
    this.load(whole, indexes)
    if (ours !== undefined) this.integrate([ours])
    if (isNew) return note ? this.shape.steps(this.root, ALL_COMES) : []
    return undefined
  }

  /**
   * Begins anew with a state that is trimmed further than what is here: it has all that its trimmed units go with. What
   * only we have was made by authors who knew them as gone, so it finds its place there.
   */
  private load(whole: SequenceWhole, indexes: readonly number[]): void {
    const ownEnd = this.ownClock
    this.list = this.newList()
    this.doc.transact((transaction) => {
      loadWhole(transaction, whole, { ...this.tools, indexes, ownEnd })
      this.ages.note(transaction)
    })
    this.level = whole.level
    this.stableEnds = new Map()
    if (this.ownClock > ownEnd) this.sealedClock = this.ownClock
  }

  /** All structs that are listed here, as another replica would bring them. */
  private asArrival(): Arrival {
    const indexes: number[] = []
    const rowByClient = new Map<number, number>()
    const rowOf = (client: number): number => {
      const row = rowByClient.get(client) ?? indexes.push(this.clients.index(client)) - 1
      rowByClient.set(client, row)
      return row
    }
    const { Item } = yjs()
    const sections = Array.from(this.doc.store.clients, ([client, structs]): Section => {
      const items = structs.filter((struct) => struct instanceof Item)
      return {
        row: rowOf(client),
        structs: items.map((item) => structOf(item, rowOf, this.shape.said)),
      }
    })
    return { sections, deletions: [], indexes, isOurs: true }
  }

  /** An epoch was entered. */
  age(epoch: number): void {
    this.ages.enter(epoch, () => this.ends())
  }

  /** Whether something is to be trimmed once an epoch is over. */
  get isAging(): boolean {
    return this.ages.isWaiting
  }

  private ends(): Map<number, number> {
    const { store } = this.doc
    return new Map(
      Array.from(store.clients.keys(), (client) => [client, yjs().getState(store, client)]),
    )
  }

  /** Trims what was deleted in epochs before this one: whoever made what is not here yet had settled it before. */
  trim(epoch: number): void {
    const age = this.ages.take(epoch)
    if (age === undefined) return
    this.level = epoch
    this.stableEnds = age.ends
    if (age.deleted.size > 0) {
      this.doc.transact((transaction) => {
        trimUnits(transaction, age.deleted, this.list)
      })
    }
  }

  /** Where units of a life that is over begin to be made again, and where ours do. */
  nextClocks({ structs }: Section): ReissueClocks {
    return { old: structs[0]?.clock ?? Infinity, now: this.ownClock }
  }

  /** Makes again what a life before ours made and deleted, beside the neighbours that are still here. */
  reissue(reissued: ReissuedEdits): void {
    this.doc.transact((transaction) => {
      reissueEdits(transaction, reissued, this.tools)
      this.noteEdited(transaction)
    })
  }

  /** Everything but the units that are gone, for a walk. */
  *visible(): Generator<Item> {
    for (let item = this.root._start; item !== null; item = item.right)
      if (!item.deleted) yield item
  }

  /** How many structs there are: what a removal of all may take. */
  get structCount(): number {
    let count = 0
    for (const structs of this.doc.store.clients.values()) count += structs.length
    return count
  }

  private structs(client: number): readonly (GC | Item)[] {
    return this.doc.store.clients.get(client) ?? []
  }

  private get ownClock(): number {
    const last = this.structs(this.doc.clientID).at(-1)
    return last === undefined ? 0 : last.id.clock + last.length
  }

  /** What we made and deleted since the last batch. */
  encodeDelta(batch: BatchWriter): void {
    const { clients } = this
    const tools = { clients, codec: this.shape.codec }
    encodeStructs(batch, this.structs(this.doc.clientID), this.sealedClock, tools)
    batch.body.varint(this.deleted.size)
    for (const [client, ranges] of this.deleted) {
      const merged = mergeRanges(ranges)
      batch.body.varint(batch.row(clients.index(client)))
      batch.body.varint(merged.length / 2)
      for (const number of merged) batch.body.varint(number)
    }
  }

  /** The batch has it. */
  sealed(): void {
    this.sealedClock = this.ownClock
    this.deleted.clear()
  }

  /** The whole list: what is deleted says so itself. */
  encodeWhole(batch: BatchWriter): void {
    const { clients, level, stableEnds } = this
    const { root, seams, doc } = this.list
    const structsByClient = doc.store.clients
    const listed = { level, start: root._start, seams, structsByClient, stableEnds }
    encodeWhole(batch, listed, { clients, codec: this.shape.codec })
  }
}
