import type { Item } from 'yjs'
import type { Seams } from './seams.ts'
import type { Sequence } from './structs.ts'

/**
 * Has a unit that was just inserted here follow one that is not deleted. **Invariant: on its left a new unit has one
 * that its author knew as not deleted, or the begin.** So once everybody has heard of a deletion, nobody puts anything
 * right after what was deleted, and it can be trimmed. On its right it has whatever is there; where that was trimmed
 * here, it may be listed elsewhere, so it is named by its id.
 *
 * Yjs prefers the other end of a row of deleted units. Between them nobody can see a difference.
 */
export function anchor(item: Item, root: Sequence, seams: Seams): void {
  let { left } = item
  while (left?.deleted === true) left = left.left
  if (left !== item.left) move(item, left, root)
  item.origin = left?.lastId ?? null
  let { right } = item
  // What the same edit put there later was not there yet.
  while (right?.id.client === item.id.client && right.id.clock > item.id.clock) right = right.right
  item.rightOrigin = seams.rightOrigin(right)
}

function move(item: Item, left: Item | null, root: Sequence): void {
  if (item.left !== null) item.left.right = item.right
  if (item.right !== null) item.right.left = item.left
  item.left = left
  item.right = left === null ? root._start : left.right
  if (item.right !== null) item.right.left = item
  if (left === null) root._start = item
  else left.right = item
}
