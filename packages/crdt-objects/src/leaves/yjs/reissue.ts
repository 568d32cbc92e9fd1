import type { Transaction } from 'yjs'
import { SELF } from '../../state/context.ts'
import { yjs } from './engine.ts'
import { integrateOwn, remove, type Arrival, type Deletions, type Tools } from './integrate.ts'
import { NONE, type Section, type Struct } from './structs.ts'

/** Clocks from which units of a life that is over are made again, and from which ours are them. */
export interface ReissueClocks {
  /** Of its client. Infinity while it only deleted. */
  old: number
  readonly now: number
}

export interface ReissuedEdits {
  readonly section: Section
  readonly deletions: readonly Deletions[]
  /** Our index of each row: row 0 is the life that is over. */
  readonly indexes: readonly number[]
  readonly from: ReissueClocks
}

/**
 * Makes units of another life again, as ours: each beside the neighbours it had, as far as they are here. A neighbour
 * that was cut is left out; a unit with none left goes to the begin. Then deletes what that life deleted.
 */
export function reissueEdits(
  transaction: Transaction,
  { section, deletions, indexes, from }: ReissuedEdits,
  tools: Tools,
): void {
  // The first batch may only have deleted.
  if (from.old === Infinity) from.old = section.structs[0]?.clock ?? Infinity
  const ownRow = indexes.length
  const arrival: Arrival = { sections: [], deletions: [], indexes: [...indexes, SELF] }
  const clientOf = (row: number): number | undefined => {
    return tools.clients.client(arrival.indexes[row] ?? SELF)
  }
  const isHere = (row: number, clock: number): boolean => {
    const client = clientOf(row)
    return client !== undefined && clock < yjs().getState(transaction.doc.store, client)
  }
  const moved = (row: number, clock: number): readonly [number, number] =>
    row === 0 && clock >= from.old ? [ownRow, clock - from.old + from.now] : [row, clock]
  const again = (struct: Struct): Struct => {
    let [leftRow, leftClock] = moved(struct.leftRow, struct.leftClock)
    let [rightRow, rightClock] = moved(struct.rightRow, struct.rightClock)
    if (leftRow !== NONE && !isHere(leftRow, leftClock)) [leftRow, leftClock] = [NONE, 0]
    if (rightRow !== NONE && !isHere(rightRow, rightClock)) [rightRow, rightClock] = [NONE, 0]
    const clock = struct.clock - from.old + from.now
    return { ...struct, clock, leftRow, leftClock, rightRow, rightClock }
  }
  for (const struct of section.structs) integrateOwn(transaction, again(struct), arrival, tools)
  for (const { row, ranges } of deletions) {
    for (let i = 0; i < ranges.length; i += 2) {
      const [start, length] = [ranges[i] ?? 0, ranges[i + 1] ?? 0]
      // A range of the old life may begin before the cut and end after it.
      const before = row === 0 ? Math.max(0, Math.min(length, from.old - start)) : length
      deleteRange(transaction, clientOf(row), start, before)
      const [, clock] = moved(row, start + before)
      if (length > before) deleteRange(transaction, clientOf(ownRow), clock, length - before)
    }
  }
}

function deleteRange(
  transaction: Transaction,
  client: number | undefined,
  clock: number,
  length: number,
): void {
  if (client === undefined || length <= 0) return
  remove(transaction, client, [clock, length], yjs().getState(transaction.doc.store, client))
}
