import type { Reader } from '../codec/reader.ts'
import type { Head } from './batch-codec.ts'
import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'

/**
 * What became of a batch that was offered. `engine-missing`: it holds objects whose engine is not loaded; the port
 * `onEngineMissing` was told which, and nothing changed.
 */
export type Applied = 'applied' | 'duplicate' | 'gap' | 'engine-missing'

/** What is to become of a batch, by its head. */
export function judge(context: ReplicaContext, head: Head, reader: Reader): Applied {
  const [author = 0n] = head.replicas
  const seen = seenOf(context, head, 0)
  if (head.last <= seen) return 'duplicate'
  if (author === context.id(SELF) && !context.restoring) {
    reader.fail('a batch of our own that we never made: is a replica id used twice?')
  }
  if (head.first > seen + 1) return 'gap'
  if (head.first <= seen) reader.fail('batch that overlaps what is applied')
  // The gate between epochs: all that its author had seen sealed is sealed here, and so is the life of its slot before it.
  if (head.epoch > context.epoch || !context.hasBegun(author)) return 'gap'
  const isMissing = ([row, last]: readonly [number, number]): boolean =>
    last > seenOf(context, head, row)
  return head.vector.some(isMissing) ? 'gap' : 'applied'
}

/** What is applied here of the replica in a row. */
export function seenOf(context: ReplicaContext, head: Head, row: number): number {
  const id = head.replicas[row] ?? 0n
  return id === context.id(SELF) ? context.sealed : context.boundOf(id)
}

/** Our indexes of the rows of a batch. */
export function indexesOf(context: ReplicaContext, { rows, replicas }: Head): readonly number[] {
  // As a rule the author alone: an array of just that size.
  const indexes = [context.intern(replicas[0] ?? 0n)]
  for (let row = 1; row < rows; row++) indexes.push(context.intern(replicas[row] ?? 0n))
  return indexes
}
