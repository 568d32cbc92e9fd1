import type { GC, Item, Transaction } from 'yjs'
import { yjs } from './engine.ts'
import type { Seams } from './seams.ts'
import { mergeRanges, type Ranges } from './ranges.ts'
import type { Sequence } from './structs.ts'

/**
 * Takes deleted units out of the list for good. Their clocks stay taken, as ranges that grow together; of the seams that
 * they leave see `seams.ts`.
 */
export function trimUnits(
  transaction: Transaction,
  deleted: ReadonlyMap<number, Ranges>,
  { root, seams }: { readonly root: Sequence; readonly seams: Seams },
): void {
  const { store } = transaction.doc
  for (const [client, ranges] of deleted) {
    const trimmed = listedOf(transaction, client, ranges)
    if (trimmed.size === 0) continue
    for (const item of trimmed) unlink(item, root, seams)
    store.clients.set(client, withoutItems(store.clients.get(client) ?? [], trimmed))
  }
  // They point to items, some of which are gone.
  if (root._searchMarker !== null) root._searchMarker.length = 0
}

/** What is still listed of deleted units, split from what is not among them. */
function listedOf(transaction: Transaction, client: number, ranges: Ranges): Set<Item> {
  const { Item, createDeleteSet, iterateDeletedStructs } = yjs()
  const deletions = createDeleteSet()
  const clients: Map<number, readonly object[]> = deletions.clients
  const merged = mergeRanges(ranges)
  clients.set(
    client,
    merged.flatMap((clock, i) => (i % 2 === 0 ? [{ clock, len: merged[i + 1] ?? 0 }] : [])),
  )
  const listed = new Set<Item>()
  iterateDeletedStructs(transaction, deletions, (struct) => {
    if (!(struct instanceof Item)) return
    if (!struct.deleted) throw new Error('a unit is trimmed that is not deleted')
    listed.add(struct)
  })
  return listed
}

function unlink(item: Item, root: Sequence, seams: Seams): void {
  const { left, right } = item
  const first = seams.before(item) ?? item.id
  seams.drop(item)
  if (left === null) root._start = right
  else left.right = right
  if (right !== null) right.left = left
  seams.put(first, right)
}

/** The structs of a client, with ranges in place of some, and ranges that touch as one. */
function withoutItems(structs: readonly (GC | Item)[], trimmed: Set<Item>): (GC | Item)[] {
  const { GC } = yjs()
  const kept: (GC | Item)[] = []
  for (const struct of structs) {
    const isGone = struct instanceof GC || trimmed.has(struct)
    const last = kept.at(-1)
    if (!isGone) kept.push(struct)
    else if (last instanceof GC) last.length += struct.length
    else kept.push(new GC(struct.id, struct.length))
  }
  return kept
}
