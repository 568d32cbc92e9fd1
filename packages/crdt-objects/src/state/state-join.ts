import { BatchReader } from '../codec/batch-reader.ts'
import { Reader } from '../codec/reader.ts'
import type { Head } from './batch-codec.ts'
import { decodeHead, seenByRow, vectorOf } from './batch-codec.ts'
import type { ReplicaContext } from './context.ts'
import { ALL, SELF } from './context.ts'
import type { FoldComparison, Incoming } from './node.ts'

/** What a state brings, by our indexes. */
export function incomingOf(
  context: ReplicaContext,
  head: Head,
): Incoming & { readonly seen: number[] } {
  const vector = vectorOf(head)
  const indexes = head.replicas.map((id) => context.intern(id))
  const seen = context.ids.map((id) => (id === undefined ? 0 : vector.lastOf(id, ALL)))
  const { epoch } = head
  const { settled, sealedIn } = head.fold
  const openThere = new Set<number>()
  for (const [row, sealed] of sealedIn) {
    const index = indexes[row] ?? SELF
    openThere.add(index)
    if (context.seen[index] !== ALL) context.sealedIn[index] = sealed
  }
  const isOverHere = (index: number): boolean => context.seen[index] === ALL
  const isOverThere = (index: number): boolean => seen[index] === ALL
  const folds: FoldComparison = {
    ...{ mine: context.epoch, theirs: epoch },
    ...{ isFoldedHere: isOverHere, isFoldedThere: isOverThere },
  }
  const later: FoldComparison = {
    ...{ mine: context.settled, theirs: settled },
    isFoldedHere: (index) => isOverHere(index) && context.sealedIn[index] === 0,
    isFoldedThere: (index) => isOverThere(index) && !openThere.has(index),
  }
  return { indexes, seen, folds, removable: { indexes, seen, folds: later } }
}

/** The joined state has seen what either had, and is of the later epoch. */
export function takeOver(
  context: ReplicaContext,
  head: Head,
  seen: readonly number[],
  news: readonly number[],
): void {
  for (const index of news) context.take(index, seen[index] ?? 0)
  context.dropSealed(news)
  for (const [row] of head.vector) {
    const index = context.intern(head.replicas[row] ?? 0n)
    if (context.seen[index] !== ALL) context.begin(index)
  }
  context.epoch = Math.max(context.epoch, head.epoch)
  context.settle(Math.max(context.settled, head.fold.settled))
}

/** Reads the head of a state; its body is to be read by what the head says. */
export function openState(bytes: Uint8Array): { reader: Reader; head: Head; batch: BatchReader } {
  const reader = new Reader(bytes)
  const head = decodeHead(reader, 'state')
  const batch = new BatchReader(reader, { ...head, seenByRow: seenByRow(head) })
  return { reader, head, batch }
}
