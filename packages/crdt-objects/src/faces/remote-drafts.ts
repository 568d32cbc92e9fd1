import type { Kind } from '../kind.ts'
import { KIND, PLACE } from './members.ts'
import { RemoteHandle } from './remote.ts'
import type { RemotePlace } from './remote-place.ts'

/** Where a remote handle points, and its kind: for whoever drafts writes to it. Undefined for what is no such handle. */
export function remotePlaceOf(
  handle: unknown,
): (RemotePlace & { readonly kind: Kind }) | undefined {
  if (!(handle instanceof RemoteHandle)) return undefined
  return { ...handle[PLACE], kind: handle[KIND] }
}
