import type { Array as YArray, Doc, Item, Text, Transaction } from 'yjs'
import type { SequenceStep } from '../../change.ts'
import type { BatchWriter } from '../../codec/batch-writer.ts'
import type { Clients } from './clients.ts'
import { yjs } from './engine.ts'
import { integrateSections } from './integrate.ts'
import { reissueEdits, type ReissueClocks, type ReissuedEdits } from './reissue.ts'
import type { Arrival } from './integrate.ts'
import { encodeStructs } from './structs.ts'
import type { ItemEvent } from './steps.ts'
import type { Content, ContentCodec, Section, Struct } from './structs.ts'

/** The root type of a document. */
export type Sequence = Text | YArray<unknown>

/** What a text or list brings of its own. */
export interface DocumentShape<S extends Sequence> {
  /** The root type of a new document. */
  root(document: Doc): S
  readonly codec: ContentCodec
  /** The content of Yjs that a struct becomes. */
  readonly content: (struct: Struct) => Content
  /** The steps from what was to what is. */
  steps(root: S, event: ItemEvent): readonly SequenceStep[]
}

/** Ranges of clocks: start and length by turns. */
export type Ranges = number[]

/** One Y.Doc with one root type, and what of it no batch has carried yet. */
export class YjsDocument<S extends Sequence> {
  readonly root: S
  private readonly doc: Doc
  private readonly shape: DocumentShape<S>
  private readonly clients: Clients
  /** Our own units from here on have not left. */
  private sealedClock = 0
  /** By client: what we deleted since the last batch. */
  private readonly deleted = new Map<number, Ranges>()
  private steps: readonly SequenceStep[] | undefined
  private noting = false

  constructor(shape: DocumentShape<S>, clients: Clients) {
    // A name of its own would be drawn at random, and nothing asks for it.
    this.doc = new (yjs().Doc)({ guid: '' })
    this.doc.clientID = clients.own
    this.shape = shape
    this.clients = clients
    this.root = shape.root(this.doc)
    this.root.observe((event: ItemEvent) => {
      if (this.noting) this.steps = shape.steps(this.root, event)
    })
  }

  /** Local edits, as one transaction of Yjs. */
  edit(work: () => void): void {
    this.doc.transact((transaction) => {
      work()
      for (const [client, ranges] of transaction.deleteSet.clients) {
        for (const { clock, len } of ranges) this.noteDeleted(client, clock, len)
      }
    })
  }

  private noteDeleted(client: number, clock: number, length: number): void {
    // What nobody has seen leaves as deleted from the start.
    const end = client === this.doc.clientID ? Math.min(clock + length, this.sealedClock) : Infinity
    const seen = Math.min(length, end - clock)
    if (seen <= 0) return
    const ranges = this.deleted.get(client)
    if (ranges === undefined) this.deleted.set(client, [clock, seen])
    else ranges.push(clock, seen)
  }

  /** Takes in what others made, as one transaction of Yjs; with `note`, gives the steps that it comes to. */
  integrate(arrivals: readonly Arrival[], note = false): readonly SequenceStep[] {
    this.noting = note
    this.steps = undefined
    const ownClock = this.ownClock
    try {
      this.doc.transact((transaction) => {
        for (const arrival of arrivals) this.take(transaction, arrival)
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

  /** Where units of a life that is over begin to be made again, and where ours do. */
  nextClocks({ structs }: Section): ReissueClocks {
    return { old: structs[0]?.clock ?? Infinity, now: this.ownClock }
  }

  /** Makes again what a life before ours made and deleted, beside the neighbours that are still here. */
  reissue(reissued: ReissuedEdits): void {
    this.doc.transact((transaction) => {
      const tools = { clients: this.clients, root: this.root, content: this.shape.content }
      reissueEdits(transaction, reissued, tools)
      for (const [client, ranges] of transaction.deleteSet.clients) {
        for (const { clock, len } of ranges) this.noteDeleted(client, clock, len)
      }
    })
  }

  private take(transaction: Transaction, arrival: Arrival): void {
    integrateSections(transaction, arrival, {
      clients: this.clients,
      root: this.root,
      content: this.shape.content,
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

  private items(client: number): readonly Item[] {
    // Other structs than items stand for children of what was deleted, or gaps: neither ever is in these documents.
    return (this.doc.store.clients.get(client) ?? []) as Item[]
  }

  private get ownClock(): number {
    const last = this.items(this.doc.clientID).at(-1)
    return last === undefined ? 0 : last.id.clock + last.length
  }

  /** What we made and deleted since the last batch. */
  encodeDelta(batch: BatchWriter): void {
    const { clients } = this
    const tools = { clients, codec: this.shape.codec }
    encodeStructs(batch, this.items(this.doc.clientID), this.sealedClock, tools)
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

  /** Every struct: what is deleted says so itself. */
  encodeWhole(batch: BatchWriter): void {
    const { clients } = this
    const known = [...this.doc.store.clients.keys()]
    batch.body.varint(known.length)
    for (const client of known) {
      batch.body.varint(batch.row(clients.index(client)))
      encodeStructs(batch, this.items(client), 0, { clients, codec: this.shape.codec })
    }
  }
}

/** Sorted, with those that touch as one. */
function mergeRanges(ranges: Ranges): Ranges {
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0])
  if (pairs.length > 1) pairs.sort(([a], [b]) => a - b)
  const merged: Ranges = []
  for (const [clock, length] of pairs) {
    const start = merged.at(-2)
    const before = merged.at(-1)
    if (start !== undefined && before !== undefined && start + before >= clock) {
      merged[merged.length - 1] = Math.max(before, clock + length - start)
    } else {
      merged.push(clock, length)
    }
  }
  return merged
}
