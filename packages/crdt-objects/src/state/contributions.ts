import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import type { Kind } from '../kind.ts'

/** What replicas contribute to a place: how one kind of it merges and travels. Contents are mutable. */
export interface Contribution<C> {
  zero(): C
  copy(content: C): C
  /** Merges in place. Must be a function of the two contents alone, to the last bit, and never fail. */
  add(target: C, increment: C): void
  /** What was added after `base`, as a content of its own. Absent for what cannot say (maxima, bits). */
  subtract?(total: C, base: C): C
  /** Loses nothing: what is decoded adds to the same bits. */
  encode(batch: BatchWriter, content: C): void
  /** Checks everything, fails through `batch.body.fail`, and allocates no more than in proportion to the bytes read. */
  decode(batch: BatchReader): C
  /** Roughly what the content takes encoded. Asked after each addition, so it must be quick. */
  bytes(content: C): number
}

/** What one replica added to a place from one update on, and how much of it was removed. */
export interface Generation<C> {
  /** Our index of its author; in a decoded whole, the row. */
  replica: number
  /** Number of the author's update that bore it. Invariant: birth <= seq. */
  readonly birth: number
  /** Number of the author's latest update in `total`. */
  seq: number
  total: C
  /** Number of the author's latest update that a removal has seen; 0 for none. Invariant: birth <= baseSeq <= seq. */
  baseSeq: number
  /** The total at `baseSeq`. Invariant: there exactly if contents subtract and 0 < baseSeq < seq. */
  base: C | undefined
  /** Whether a removal of ours is on it that has not left in a batch yet. */
  untold: boolean
}

/** What a removal has seen of a generation. */
interface Mark<C> {
  /** The row of its author. */
  readonly row: number
  readonly birth: number
  readonly seq: number
  /** The total at `seq`, where contents subtract. */
  readonly total: C | undefined
}

/** A generation of the author that is no more. */
interface Closed {
  readonly birth: number
  /**
   * Whether its author removed it. Else it closes what others have removed, which is no operation, and is not made
   * again: their removal may be cut, and what they removed is then to stay.
   */
  readonly isRemoval: boolean
}

/** What the author of a batch adds to one of its generations; one that is born if `birth` is `seq`. */
interface Increment<C> {
  readonly birth: number
  readonly seq: number
  readonly content: C
}

/** What a batch says of one place. */
export interface ContributionsDelta<C> {
  readonly own: Increment<C> | undefined
  readonly closed: readonly Closed[]
  readonly marks: readonly Mark<C>[]
  /** The epoch up to which everything sealed is removed; 0 for none. */
  readonly removedIn: number
}

/**
 * What the folded lives have left: of a place that cannot be removed, those sealed up to the epoch; of a removable one
 * (an entry of a map, or in one), those sealed up to the settled epoch. `docs/protocols/folds.md` says why.
 */
export interface ContributionsBase<C> {
  /** Merged in the order of their epochs. Absent when there is nothing, to a reader, of any of them. */
  readonly content: C | undefined
  /**
   * The epoch of the latest removal: it took all that was sealed up to there. 0 for none. Invariant: 0, or at least the
   * settled epoch, and then `content` is absent.
   */
  readonly removedIn: number
}

/** The base and all generations of a place. */
export interface ContributionsWhole<C> {
  readonly generations: readonly Generation<C>[]
  readonly base: ContributionsBase<C>
}

/** Bits of the first byte of a delta: what it has. */
const OWN = 1
const REMOVES = 2
const REMOVES_BASE = 4
/** Bits beside the number of generations of a state. */
const BASE_CONTENT = 1
const BASE_REMOVED = 2
const BASE_FORMS = 4

const NONE: readonly never[] = []

export const NO_BASE: ContributionsBase<never> = { content: undefined, removedIn: 0 }

/** The state of a place that nobody has contributed to. */
export const NO_CONTRIBUTIONS: ContributionsWhole<never> = { generations: NONE, base: NO_BASE }

/** A delta as its author has it. */
export interface OutgoingContributions<C> {
  readonly own: Increment<C> | undefined
  readonly closed: readonly Generation<C>[]
  readonly marked: readonly Generation<C>[]
  readonly removedIn: number
}

export function encodeContributionsDelta<C>(
  batch: BatchWriter,
  contribution: Contribution<C>,
  { own, closed, marked, removedIn }: OutgoingContributions<C>,
): void {
  const { body } = batch
  const removes = closed.length + marked.length > 0
  body.byte(
    (own === undefined ? 0 : OWN) | (removes ? REMOVES : 0) | (removedIn > 0 ? REMOVES_BASE : 0),
  )
  if (removedIn > 0) body.varint(removedIn)
  if (own !== undefined) {
    body.varint(batch.last - own.seq)
    body.varint(own.seq - own.birth)
    contribution.encode(batch, own.content)
  }
  if (!removes) return
  body.varint(closed.length)
  for (const { birth, untold } of closed) body.varint((batch.last - birth) * 2 + Number(untold))
  body.varint(marked.length)
  for (const { replica, birth, baseSeq, base, total } of marked) {
    batch.dot(replica, baseSeq)
    body.varint(baseSeq - birth)
    if (contribution.subtract !== undefined) contribution.encode(batch, base ?? total)
  }
}

/** Reads the delta of a ContributionsNode. */
export function decodeContributionsDelta<C>(
  batch: BatchReader,
  contribution: Contribution<C>,
): ContributionsDelta<C> {
  const { body } = batch
  const parts = body.byte()
  if (parts > (OWN | REMOVES | REMOVES_BASE)) body.fail('parts of a contribution')
  const removedIn = (parts & REMOVES_BASE) === 0 ? 0 : body.varint()
  let own: Increment<C> | undefined
  if ((parts & OWN) !== 0) {
    const seq = batch.ownSeq()
    own = { seq, birth: decodeBirth(batch, seq), content: contribution.decode(batch) }
  }
  if ((parts & REMOVES) === 0) return { own, closed: NONE, marks: NONE, removedIn }
  const closed: Closed[] = []
  for (let left = body.count(); left > 0; left--) closed.push(decodeClosed(batch))
  const marks: Mark<C>[] = []
  for (let left = body.count(3); left > 0; left--) {
    const row = batch.row()
    const seq = batch.seenSeq(row)
    const birth = decodeBirth(batch, seq)
    const total = contribution.subtract === undefined ? undefined : contribution.decode(batch)
    marks.push({ row, birth, seq, total })
  }
  return { own, closed, marks, removedIn }
}

function decodeClosed(batch: BatchReader): Closed {
  const code = batch.body.varint()
  const isRemoval = code % 2 === 1
  return { birth: birthBefore(batch, batch.frame.last, (code - Number(isRemoval)) / 2), isRemoval }
}

function decodeBirth(batch: BatchReader, seq: number): number {
  return birthBefore(batch, seq, batch.body.varint())
}

function birthBefore(batch: BatchReader, seq: number, before: number): number {
  const birth = seq - before
  return birth > 0 ? birth : batch.body.fail('birth of a generation')
}

export function encodeContributionsWhole<C>(
  batch: BatchWriter,
  contribution: Contribution<C>,
  { generations, base }: ContributionsWhole<C>,
): void {
  const forms =
    (base.content === undefined ? 0 : BASE_CONTENT) | (base.removedIn > 0 ? BASE_REMOVED : 0)
  batch.body.varint(generations.length * BASE_FORMS + forms)
  if (base.content !== undefined) contribution.encode(batch, base.content)
  if (base.removedIn > 0) batch.body.varint(base.removedIn)
  for (const { replica, birth, seq, total, baseSeq, base: removed } of generations) {
    batch.dot(replica, seq)
    batch.body.varint(seq - birth)
    batch.body.varint(baseSeq === 0 ? 0 : seq - baseSeq + 1)
    contribution.encode(batch, total)
    if (removed !== undefined) contribution.encode(batch, removed)
  }
}

/** Reads the state of a ContributionsNode. */
export function decodeContributionsWhole<C>(
  batch: BatchReader,
  contribution: Contribution<C>,
): ContributionsWhole<C> {
  const { body } = batch
  const head = body.varint()
  const forms = head % BASE_FORMS
  const content = (forms & BASE_CONTENT) === 0 ? undefined : contribution.decode(batch)
  const removedIn = (forms & BASE_REMOVED) === 0 ? 0 : body.varint()
  const generations: Generation<C>[] = []
  const named = new Set<string>()
  const count = (head - forms) / BASE_FORMS
  if (count * 4 > body.remaining) body.fail('count beyond the bytes that follow')
  for (let left = count; left > 0; left--) {
    const replica = batch.row()
    const seq = batch.seenSeq(replica)
    const birth = decodeBirth(batch, seq)
    const name = `${replica} ${birth}`
    if (named.has(name)) batch.body.fail('generation named twice')
    named.add(name)
    const marked = batch.body.varint()
    const baseSeq = marked === 0 ? 0 : seq - marked + 1
    if (marked > 0 && baseSeq < birth) batch.body.fail('more removed than added')
    const total = contribution.decode(batch)
    const hasBase = contribution.subtract !== undefined && baseSeq > 0 && baseSeq < seq
    const base = hasBase ? contribution.decode(batch) : undefined
    generations.push({ replica, birth, seq, total, baseSeq, base, untold: false })
  }
  return { generations, base: { content, removedIn } }
}

/** What all kinds over these contributions have in common. */
export function contributionsCodec<C>(
  contribution: Contribution<C>,
): Pick<Kind, 'emptyWhole' | 'decodeDelta' | 'decodeWhole'> {
  return {
    emptyWhole: () => NO_CONTRIBUTIONS,
    decodeDelta: (batch) => decodeContributionsDelta(batch, contribution),
    decodeWhole: (batch) => decodeContributionsWhole(batch, contribution),
  }
}
