import { isJoineryError, type Lifetime } from '@joinery/crdt-objects'
import { isSameLifetime, lifetimeDiffers } from '@joinery/crdt-objects/engine'
import { type Known } from '../replication/group-contact.ts'
import { spaceEnded } from './space-ended.ts'

/** What a space is opened with, besides its name. */
export interface Wanted {
  readonly lifetime?: Lifetime | undefined
  /** The space that is meant, where one of the name was seen before. */
  readonly founded?: number | undefined
}

/**
 * Of a space that others here have open already it is only found out whether it is the one that is wanted. What the group
 * has said nothing of is taken as it is.
 *
 * @throws JoineryError SPACE_LIFETIME_DIFFERS, SPACE_ENDED
 */
export function checkWanted(
  { name, known }: { readonly name: string; readonly known: Known | undefined },
  { lifetime, founded }: Wanted,
): void {
  if (known === undefined) return
  if (founded !== undefined && founded !== known.founded) throw spaceEnded(name)
  if (lifetime !== undefined && !isSameLifetime(lifetime, known.lifetime))
    throw lifetimeDiffers(name, lifetime, known.lifetime)
}

/** Whether an opening failed of what one of those wanted who shared it: the others try on their own. */
export function isForAnother(error: unknown): boolean {
  return isJoineryError(error, 'SPACE_LIFETIME_DIFFERS') || isJoineryError(error, 'SPACE_ENDED')
}
