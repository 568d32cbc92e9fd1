import type { ChangeLedger } from './change-ledger.ts'
import { SELF, type ReplicaContext } from './context.ts'
import { differencesOf } from './differences.ts'
import type { ObjectState } from './object-state.ts'
import type { ObjectTable } from './object-table.ts'

/*
 * A replica whose life was sealed cannot go on: its numbers are over. Another one begins from what a member holds, and takes
 * over what users hold of the former: handles, listeners, waits. They are to notice nothing but what became different.
 *
 * What users hold of an object stands beside its state, so it moves as a whole and nothing is looked up twice later. Places
 * below keep their nodes: these are detached, as those of removed entries are, so the next use looks again.
 *
 * Whether an object became different is decided by what can be read of it. Dots and replica ids tell too much: updates
 * that were made again have new ones, and what was folded meanwhile has none. A reader sees neither.
 */

/** One replica, as far as another takes over from it. */
export interface Adopted {
  readonly context: ReplicaContext
  readonly table: ObjectTable
}

/**
 * Moves all that users hold; `done` is called before listeners are told.
 *
 * @throws JoineryError VALUE_INVALID where schemas of an object do not go together; nothing changed.
 */
export function adopt(
  mine: Adopted & { readonly ledger: ChangeLedger },
  former: Adopted,
  done: () => void,
): void {
  const held = [...former.table.all()].filter(({ isHeld }) => isHeld)
  for (const object of held) mine.table.checkAdoptable(object)
  const news = newsFor(mine.context, former.context)
  const differing = new Map<ObjectState, readonly (readonly string[])[]>()
  for (const object of held) {
    const heir = mine.table.heirOf(object)
    if (object.watched) differing.set(heir, differencesOf(heir.kind, object.root, heir.root))
    heir.adopt(object)
  }
  former.context.letGo()
  done()
  // Only now: a listener may look at any object, and write.
  mine.ledger.tellAdopted(differing, news)
}

/** Whose updates are here and were not there. */
function newsFor(mine: ReplicaContext, former: ReplicaContext): number[] {
  const own = former.id(SELF)
  return [...mine.lives()].filter((index) => {
    const id = mine.id(index)
    return id !== own && (mine.seen[index] ?? 0) > former.boundOf(id)
  })
}
