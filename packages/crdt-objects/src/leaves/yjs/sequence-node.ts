import type { SequenceStep } from '../../change.ts'
import type { BatchReader } from '../../codec/batch-reader.ts'
import type { BatchWriter } from '../../codec/batch-writer.ts'
import type { OpenTransaction, ReplicaContext } from '../../state/context.ts'
import type { Fold, Incoming, Parent } from '../../state/node.ts'
import { SELF } from '../../state/context.ts'
import { Node } from '../../state/node.ts'
import type { Reissue } from '../../state/reissue.ts'
import type { Clients } from './clients.ts'
import { clientsOf } from './clients.ts'
import type { DocumentShape } from './document.ts'
import { YjsDocument } from './document.ts'
import type { Arrival, Deletions } from './integrate.ts'
import { decodeDeletions } from './integrate.ts'
import type { ContentCodec, Section, Sequence } from './structs.ts'
import { CONTENT, decodeStructs } from './structs.ts'
import { encodeNothing } from './encode-whole.ts'
import type { SequenceWhole } from './whole.ts'

/** What a batch says of a document. */
export interface SequenceDelta {
  readonly section: Section
  readonly deletions: readonly Deletions[]
}

/** So many structs of others wait at the most: a transaction of Yjs costs more than what most of them bring. */
const WAITING_MAX = 1000
/** Roughly what one range of deleted units takes in a batch. */
const RANGE_BYTES = 6
/** Roughly what an edit takes in a batch besides its content. */
export const EDIT_BYTES = 12

/**
 * A place that is a document of Yjs: texts and lists.
 *
 * Yjs pays for a transaction several times what it pays for an edit in it. So edits wait, checked against the length
 * that they will lead to, and become one transaction when somebody needs to know: at a read, or when a batch is taken.
 * What others made waits too, behind our own edits that were made before it came. Invariant: edits are older than
 * arrivals; a new edit takes in the arrivals first, because its places count them.
 *
 * In a transaction of the space edits wait until it is over, so that undoing them is to forget them: a read puts them
 * onto a copy.
 *
 * Deleted units stay as a range of clocks, a few bytes for each run: a removal deletes what is observed, so that what
 * others insert meanwhile survives.
 */
export abstract class SequenceNode<S extends Sequence, Edit> extends Node<
  SequenceDelta,
  SequenceWhole
> {
  private readonly shape: DocumentShape<S>
  private readonly clients: Clients
  private document: YjsDocument<S> | undefined
  /** Not yet in the document, in order. */
  protected edits: Edit[] = []
  private arrivals: Arrival[] = []
  /** How many structs they bring, and they themselves. */
  private waiting = 0
  /** How long it is, with all edits and without the arrivals. */
  private editedLength = 0
  /** How long it is at least, with all edits and arrivals: the length itself when nothing has arrived. */
  private lengthMin = 0
  private checkedClient = false
  /** The transaction whose edits wait. */
  private heldBy: OpenTransaction | undefined

  constructor(context: ReplicaContext, parent: Parent, key: string, shape: DocumentShape<S>) {
    super(context, parent, key)
    this.shape = shape
    this.clients = clientsOf(context)
  }

  /** Puts an edit into the document. */
  protected abstract applyEdit(root: S, edit: Edit): void
  /** Deletes everything there. */
  protected abstract clearEdit(): Edit
  /** What was read before no longer holds. */
  protected abstract forget(): void

  /** How long it is. */
  get length(): number {
    if (this.arrivals.length > 0) this.settle()
    return this.editedLength
  }

  /** Whether edits wait for the end of a transaction. */
  protected get isHeld(): boolean {
    return this.context.transaction !== undefined && this.heldBy === this.context.transaction
  }

  /** The document as readers see it, if there is one: but for the edits that wait for the end of a transaction. */
  protected view(): YjsDocument<S> | undefined {
    if (!this.isHeld) this.settle()
    return this.document
  }

  /** The document without the edits and arrivals that wait. */
  protected get applied(): YjsDocument<S> | undefined {
    return this.document
  }

  /**
   * Begins a local edit.
   *
   * @throws JoineryError REPLICA_CLASHES
   */
  protected begin(): void {
    if (!this.checkedClient) {
      this.clients.checkOwn()
      this.checkedClient = true
    }
    this.hold()
  }

  /** From here on what is edited can be undone, and what has arrived counts. */
  private hold(): void {
    const { transaction } = this.context
    if (transaction === undefined || this.heldBy === transaction) {
      if (this.arrivals.length > 0) this.settle()
      return
    }
    this.settle()
    const { editedLength } = this
    this.onUndo(() => {
      this.edits = []
      this.resize(editedLength)
      this.heldBy = undefined
    })
    this.heldBy = transaction
  }

  private resize(length: number): void {
    this.editedLength = length
    this.lengthMin = length
    this.forget()
  }

  /** Ends a local edit that was put into `edits`. */
  protected finish(change: number, bytes: number, steps: readonly SequenceStep[]): void {
    this.resize(this.editedLength + change)
    this.markDirty(bytes)
    this.refreshPresence()
    if (this.context.watchers > 0) this.notify(undefined, steps)
    this.context.operationDone()
  }

  private documentMade(): YjsDocument<S> {
    return (this.document ??= new YjsDocument(this.shape, this.clients))
  }

  private settle(): void {
    this.applyEdits()
    const { arrivals } = this
    if (arrivals.length === 0) return
    this.arrivals = []
    this.waiting = 0
    this.documentMade().integrate(arrivals)
    this.measure()
  }

  private applyEdits(): void {
    const { edits } = this
    if (edits.length === 0) return
    this.edits = []
    const document = this.documentMade()
    document.edit(edits, (root, edit) => {
      this.applyEdit(root, edit)
    })
    if (document.root.length !== this.editedLength) throw new Error('an edit was misjudged')
  }

  private measure(): void {
    this.resize(this.document?.root.length ?? 0)
    this.refreshPresence()
  }

  protected isPresent(): boolean {
    return this.lengthMin > 0
  }

  isVacant(): boolean {
    return this.document === undefined && this.edits.length === 0 && this.arrivals.length === 0
  }

  reset(): void {
    this.hold()
    const bytes = this.resetBytes()
    this.edits.push(this.clearEdit())
    this.resize(0)
    this.markDirty(bytes)
    this.refreshPresence()
  }

  resetBytes(): number {
    return ((this.document?.structCount ?? 0) + this.edits.length + 1) * RANGE_BYTES
  }

  encodeDelta(batch: BatchWriter): void {
    this.applyEdits()
    if (this.document === undefined) {
      batch.body.varint(0)
      batch.body.varint(0)
    } else {
      this.document.encodeDelta(batch)
    }
  }

  protected clearDelta(): void {
    this.applyEdits()
    this.document?.sealed()
  }

  apply({ section, deletions }: SequenceDelta, { indexes }: Incoming): void {
    // What is left of a transaction that failed.
    if (section.structs.length === 0 && deletions.length === 0) return
    const arrival = { sections: [section], deletions, indexes }
    this.forget()
    const isOurs = this.context.restoring && indexes[0] === SELF
    if (this.context.watchers > 0 || isOurs) {
      this.settle()
      const steps = this.documentMade().integrate([arrival], true)
      if (isOurs) this.document?.sealed()
      this.measure()
      // What others deleted too is no change.
      if (steps.length > 0) this.notify(undefined, steps)
      return
    }
    this.arrivals.push(arrival)
    this.waiting += 1 + section.structs.length
    for (const { what, length } of section.structs) if (what === CONTENT) this.lengthMin += length
    for (const { ranges } of deletions) {
      for (let i = 1; i < ranges.length; i += 2) this.lengthMin -= ranges[i] ?? 0
    }
    // Whether anything is left has to be known: a map above counts its entries.
    if (this.lengthMin <= 0 || this.waiting >= WAITING_MAX) this.settle()
    else this.refreshPresence()
  }

  reissue({ section, deletions }: SequenceDelta, again: Reissue): boolean {
    if (section.structs.length === 0 && deletions.length === 0) return true
    this.settle()
    const document = this.documentMade()
    const from = again.note(this, () => document.nextClocks(section))
    document.reissue({ section, deletions, indexes: again.indexes, from })
    this.measure()
    this.markDirty((section.structs.length + deletions.length) * EDIT_BYTES)
    this.notify()
    return true
  }

  encodeWhole(batch: BatchWriter): void {
    this.settle()
    if (this.document === undefined) encodeNothing(batch)
    else this.document.encodeWhole(batch)
  }

  join(whole: SequenceWhole, { indexes }: Incoming): void {
    // Nothing is ever missing from a state but what it has not seen: there is nothing to take away.
    if (whole.structs.length === 0 && whole.tails.length === 0) return
    this.settle()
    const steps = this.documentMade().join(whole, indexes, this.context.watchers > 0)
    if (this.context.restoring) this.document?.sealed()
    this.measure()
    if (steps === undefined) this.notify()
    else if (steps.length > 0) this.notify(undefined, steps)
  }

  /** What was deleted, and waits for an epoch to be over, would wait again if it was kept as bytes. */
  get restingParts(): number {
    const { document, waiting, edits } = this
    if (document?.isAging === true) return Infinity
    return 1 + (document?.structCount ?? 0) + waiting + edits.length
  }

  letGo(): void {
    this.document = undefined
    this.arrivals = []
    this.resize(0)
  }

  override fold({ settles }: Fold): void {
    if (!settles) this.document?.age(this.context.epoch)
  }

  override trim(epoch: number): void {
    this.settle()
    this.document?.trim(epoch)
  }

  /** Documents name slots, which need no life of theirs to be known; what waits names replicas. */
  visitReplicas(visit: (index: number) => void): void {
    for (const { indexes } of this.arrivals) for (const index of indexes) visit(index)
  }
}

/** Reads what {@link SequenceNode.encodeDelta} wrote. */
export function decodeSequenceDelta(batch: BatchReader, codec: ContentCodec): SequenceDelta {
  const section = decodeStructs(batch, 0, codec)
  return { section, deletions: decodeDeletions(batch) }
}
