import type { ID, Transaction } from 'yjs'
import { SELF } from '../../state/context.ts'
import { yjs } from './engine.ts'
import { integrateOwn, remove, type Arrival, type Deletions, type Tools } from './integrate.ts'
import { placeAgain } from './place-again.ts'
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
 * Makes units of another life again, as ours: each right after the left neighbour it had, or, where that was cut or
 * trimmed, right before the right one; a unit with none left goes to the begin. Then deletes what that life deleted.
 *
 * They go where we would insert them now. The naive way, with both neighbours as they were, puts units of ours between
 * units that we know stand closer together by now, which is what receivers take for somebody's mistake, and drop.
 */
export function reissueEdits(
  transaction: Transaction,
  { section, deletions, indexes, from }: ReissuedEdits,
  tools: Tools,
): void {
  // The first batch may only have deleted.
  if (from.old === Infinity) from.old = section.structs[0]?.clock ?? Infinity
  const ownRow = indexes.length
  const rows = [...indexes, SELF]
  const arrival: Arrival = { sections: [], deletions: [], indexes: rows }
  const clientOf = (row: number): number | undefined => {
    return tools.clients.client(rows[row] ?? SELF)
  }
  const unitOf = ([row, clock]: readonly [number, number]): ID | null => {
    const client = row === NONE ? undefined : clientOf(row)
    return client === undefined ? null : yjs().createID(client, clock)
  }
  const rowByClient = new Map<number, number>()
  const rowOf = (id: ID | null): readonly [number, number] => {
    if (id === null) return [NONE, 0]
    const known = rowByClient.get(id.client)
    const row = known ?? rows.push(tools.clients.index(id.client)) - 1
    rowByClient.set(id.client, row)
    return [row, id.clock]
  }
  const moved = (row: number, clock: number): readonly [number, number] =>
    row === 0 && clock >= from.old ? [ownRow, clock - from.old + from.now] : [row, clock]
  const again = (struct: Struct): Struct => {
    const neighbours = {
      left: unitOf(moved(struct.leftRow, struct.leftClock)),
      right: unitOf(moved(struct.rightRow, struct.rightClock)),
    }
    const { before, after } = placeAgain(neighbours, transaction.doc.store, tools)
    const [leftRow, leftClock] = rowOf(before)
    const [rightRow, rightClock] = rowOf(after)
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
