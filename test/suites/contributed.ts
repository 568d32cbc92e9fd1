// What contents that cannot subtract still hold: sketches that keep maxima or bits, and types of the user's own.
import type { Recorded, View } from './type-spec.ts'

/** What one replica added in a row, no removal of it seen in between, batch by batch. */
type Generation = Recorded[][]

/**
 * The writes at a place that count. A removal takes what it has seen of a replica's additions; but where the replica
 * went on adding to the same without knowing of the removal, nobody can tell the two apart any more, and all of it
 * stays. A batch tells what its replica knew when it left: additions in one batch are one.
 */
export function contributed(path: readonly string[], view: View): Recorded[] {
  const writes = view.written(path)
  const replicas = new Set(writes.map(({ replica }) => replica))
  return [...replicas].flatMap((replica) => {
    const own = writes.filter((write) => write.replica === replica)
    return generationsOf(own, view)
      .filter((generation) => generation.at(-1)!.some((write) => view.isStanding(write)))
      .flat(2)
  })
}

function generationsOf(writes: readonly Recorded[], view: View): Generation[] {
  const generations: Generation[] = []
  for (const batch of batchesOf(writes, view)) {
    const current = generations.at(-1)
    const first = batch[0]!
    const known = (id: number): boolean => first.left?.has(id) ?? true
    const isMarked = current?.flat().some((write) => isRemoved(write, known, view)) ?? true
    if (isMarked) generations.push([batch])
    else current!.push(batch)
  }
  return generations
}

/** The writes of one replica by the batch that they left in, without what it had removed itself before that. */
function batchesOf(writes: readonly Recorded[], view: View): Recorded[][] {
  const byLeft = new Map<ReadonlySet<number> | undefined, Recorded[]>()
  for (const write of writes) {
    const before = (id: number): boolean => write.left?.has(id) ?? true
    if (isRemoved(write, (id) => before(id) && isOwn(id, write, view), view)) continue
    const batch = byLeft.get(write.left) ?? []
    byLeft.set(write.left, batch)
    batch.push(write)
  }
  return [...byLeft.values()]
}

/** Whether an operation of the same replica; while a write is pending only those can have seen it. */
function isOwn(id: number, write: Recorded, view: View): boolean {
  return view.visible.some((one) => one.id === id && one.replica === write.replica)
}

function isRemoved(write: Recorded, known: (id: number) => boolean, view: View): boolean {
  return view.visible.some(({ id, removed }) => removed.has(write.id) && known(id))
}
