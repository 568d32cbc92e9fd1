import type { ID, Item, Transaction } from 'yjs'
import { yjs } from './engine.ts'
import type { Tools } from './integrate.ts'

type Store = Transaction['doc']['store']
type Lists = Pick<Tools, 'root' | 'seams'>

/** Two units that stand side by side here, for a new one between them. */
export interface Between {
  readonly before: ID | null
  readonly after: ID | null
}

/**
 * Where a unit goes that once was between these two: right after the left one, or, where that is not listed here, right
 * before the right one or the seam where that was, or to the begin. It follows one that is not deleted (`anchor.ts`).
 */
export function placeAgain(
  { left, right }: { readonly left: ID | null; readonly right: ID | null },
  store: Store,
  lists: Lists,
): Between {
  const leftItem = left === null ? undefined : itemOf(left, store)
  if (left !== null && leftItem !== undefined) return placeAfter(leftItem, left.clock, lists)
  if (right === null) return placeFrom(null, lists)
  const rightItem = itemOf(right, store)
  if (rightItem === undefined) {
    const next = lists.seams.after(right)
    if (next === undefined) return placeFrom(null, lists)
    return placeFrom(next === null ? lastOf(lists) : next.left, lists)
  }
  return right.clock > rightItem.id.clock
    ? placeAfter(rightItem, right.clock - 1, lists)
    : placeFrom(rightItem.left, lists)
}

/** The item that a unit is in; none if it is not listed. */
function itemOf(id: ID, store: Store): Item | undefined {
  const { Item, getItem, getState } = yjs()
  if (id.clock >= getState(store, id.client)) return undefined
  const item: unknown = getItem(store, id)
  return item instanceof Item ? item : undefined
}

function placeAfter(item: Item, clock: number, lists: Lists): Between {
  if (item.deleted || clock === item.lastId.clock) return placeFrom(item, lists)
  const { createID } = yjs()
  const { client } = item.id
  return { before: createID(client, clock), after: createID(client, clock + 1) }
}

/** After the last item up to this one that is not deleted. */
function placeFrom(item: Item | null, { root, seams }: Lists): Between {
  let left = item
  while (left?.deleted === true) left = left.left
  return {
    before: left?.lastId ?? null,
    after: seams.rightOrigin(left === null ? root._start : left.right),
  }
}

function lastOf({ root }: Lists): Item | null {
  let last: Item | null = null
  for (let item = root._start; item !== null; item = item.right) last = item
  return last
}
