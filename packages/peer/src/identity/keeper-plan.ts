import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type ControlCommand } from './core/control-contract.ts'
import { type ControlState } from './core/control-state.ts'
import { type SpaceControl } from './core/space-control.ts'

/** What whoever stays asks the control group: which spaces it should keep, and which it need not. */
export interface DutyRequest {
  /** Its session; empty while it has none. */
  readonly session: string
  /** In [0, 1): where to begin to look, so that not all who ask are told the same. */
  readonly from: number
}

/** Names of spaces, of each kind at most `dutySpacesMax`: who has done what it can asks again. */
export interface KeeperDuty {
  /** With members, and with fewer that stay than are to keep it: the asker could be one more. */
  readonly wanted: readonly string[]
  /** Of the asker's, those that are kept by as many as should, all of which stay, without the asker. */
  readonly spare: readonly string[]
}

export const dutySpacesMax = 64

/** Whether it is there to keep: a member that does not leave, and whose holder is not known to be gone. */
export function staysKeeper(space: SpaceControl, id: ReplicaId): boolean {
  const slot = space.slotOf(id)
  return slot?.isActive === true && slot.status === 'leased' && !slot.isAbandoned
}

/**
 * The next step towards keepers that stay: as many as are wanted, those that are gone or silent replaced, and stable
 * members in the place of others. One at a time, as the set changes.
 *
 * Who is silent is not waited for: its session ends seconds later, and a second keeper that goes in between takes what
 * both held with it. If it was only slow, it is a member like any other from then on.
 */
export function nextKeeperChange(
  space: SpaceControl,
  isSilent: (session: string) => boolean,
): ControlCommand | undefined {
  const { name, keepers: set } = space
  const { change, keepers, wanted } = set
  const isThere = (id: ReplicaId): boolean =>
    staysKeeper(space, id) && !isSilent(space.slotOf(id)!.session)
  if (change !== undefined) {
    if (isThere(change.incoming)) return undefined
    return { kind: 'abandon-keeper', space: name }
  }
  if (keepers.length < wanted) {
    const incoming = candidate(space, isThere, false)
    return incoming === undefined ? undefined : { kind: 'appoint-keeper', space: name, incoming }
  }
  const gone = keepers.find((id) => !staysKeeper(space, id)) ?? keepers.find((id) => !isThere(id))
  const outgoing = gone ?? keepers.find((id) => space.slotOf(id)?.isStable === false)
  if (outgoing === undefined) return undefined
  const incoming = candidate(space, isThere, gone === undefined)
  if (incoming === undefined) return undefined
  return { kind: 'appoint-keeper', space: name, incoming, outgoing }
}

/** A member that could be a keeper and is none: a stable one, if there is one or if it must be. */
function candidate(
  space: SpaceControl,
  isThere: (id: ReplicaId) => boolean,
  mustBeStable: boolean,
): ReplicaId | undefined {
  const keepers = new Set(space.keepers.keepers)
  let found: ReplicaId | undefined
  for (const id of space.members()) {
    if (keepers.has(id) || !isThere(id)) continue
    if (space.slotOf(id)!.isStable) return id
    found ??= id
  }
  return mustBeStable ? undefined : found
}

/** Answers who asks for its duty as a keeper. */
export function dutyOf({ spaceByName }: ControlState, { session, from }: DutyRequest): KeeperDuty {
  const wanted: string[] = []
  const spare: string[] = []
  for (const space of spaceByName.values()) {
    const { own, stable } = look(space, session)
    if (own === undefined) {
      if (space.members().length > 0 && stable < space.keepers.wanted) wanted.push(space.name)
    } else if (isSpare(space, own)) spare.push(space.name)
  }
  return { wanted: someOf(wanted, from), spare: someOf(spare, from) }
}

/** Which life of the space is held under `session`, and how many hold one that stay, or will once they have activated. */
function look(
  space: SpaceControl,
  session: string,
): { readonly own: ReplicaId | undefined; readonly stable: number } {
  let own: ReplicaId | undefined
  let stable = 0
  for (const [index, slot] of space.slots.entries()) {
    if (slot.status === 'free') continue
    if (slot.session === session) own = space.idAt(index)
    if (slot.status === 'leased' && slot.isStable && !slot.isAbandoned) stable++
  }
  return { own, stable }
}

/** Whether it is kept as it should be without `own`. */
function isSpare(space: SpaceControl, own: ReplicaId): boolean {
  const { keepers, wanted, change } = space.keepers
  if (!space.isMember(own) || change !== undefined || keepers.length < wanted) return false
  return keepers.every((id) => id !== own && staysKeeper(space, id) && space.slotOf(id)!.isStable)
}

function someOf(names: readonly string[], from: number): string[] {
  const first = Math.floor(from * names.length)
  return [...names.slice(first), ...names.slice(0, first)].slice(0, dutySpacesMax)
}
