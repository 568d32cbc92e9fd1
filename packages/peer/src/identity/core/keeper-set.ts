/*
 * Keepers, and why an acknowledged write survives. A write is acknowledged when `durability` (k) keepers said that they
 * hold it, all in the same version of the set; a seal closes only while fewer than k keepers are missing from its
 * reports. So one of those that hold the write reports, and the seal's end is at or above it.
 *
 * The set changes under authors that know nothing of it. The naive way, "the new keeper has everything that is
 * acknowledged, so swap them", loses what is acknowledged between the look and the swap: by a keeper that stays and by
 * the one that goes. Hence two steps. From the first, a keeper that learnt of the change speaks in the new version, in
 * which the outgoing one does not count. The new keeper catches up with what n - k + 1 of the old ones held when they
 * had learnt: every write acknowledged in the old version is among it, for k of n had said so before. Only then, by
 * the second step, does it count. Making the set larger needs no such care: k holders stay k holders.
 */
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { invariant } from '../../replication/core/invariant.ts'
import { type KeeperView } from './control-contract.ts'

export interface KeeperSet {
  /** Grows with each change, so that what was said under another set is not counted in this one. */
  version: number
  /** How many there are to be. */
  readonly wanted: number
  readonly durability: number
  /** Invariant: at most `wanted`, none twice. Sealed ones stay until another takes their place. */
  keepers: ReplicaId[]
  /** Invariant: `incoming` is no keeper, `outgoing` is one. At most one change at a time. */
  change: { readonly incoming: ReplicaId; readonly outgoing: ReplicaId } | undefined
}

export function newKeeperSet(wanted: number, durability: number): KeeperSet {
  return { version: 1, wanted, durability, keepers: [], change: undefined }
}

export function keeperView(set: KeeperSet, isMember: (id: ReplicaId) => boolean): KeeperView {
  const { version, keepers, durability, wanted, change } = set
  const isUnderReplicated = keepers.filter(isMember).length < wanted
  return { version, keepers: [...keepers], durability, isUnderReplicated, ...change }
}

/** Of how many old keepers an incoming one has to hear: a write that k of them hold is with one of these. Of none if they are fewer than k. */
export function quorumToCatchUp({ keepers, durability }: KeeperView): number {
  return Math.max(0, keepers.length - durability + 1)
}

/** Begins the change of one keeper for another, or makes the set larger at once. */
export function appoint(
  set: KeeperSet,
  incoming: ReplicaId,
  outgoing: ReplicaId | undefined,
): 'done' | 'change-under-way' | 'invalid' {
  const { change, keepers } = set
  if (change !== undefined) {
    const isRepeated = change.incoming === incoming && change.outgoing === outgoing
    return isRepeated ? 'done' : 'change-under-way'
  }
  if (keepers.includes(incoming)) return outgoing === undefined ? 'done' : 'invalid'
  if (outgoing === undefined) {
    if (keepers.length >= set.wanted) return 'invalid'
    keepers.push(incoming)
  } else {
    if (!keepers.includes(outgoing)) return 'invalid'
    set.change = { incoming, outgoing }
  }
  set.version++
  checkKeepers(set)
  return 'done'
}

/** Makes a new member a keeper, where there are to be more and no change is under way. */
export function enlarge(set: KeeperSet, member: ReplicaId): void {
  if (set.change === undefined && set.keepers.length < set.wanted) appoint(set, member, undefined)
}

/** Ends the change: the incoming keeper holds what it must. */
export function completeChange(set: KeeperSet, incoming: ReplicaId, version: number): boolean {
  const { change } = set
  if (change?.incoming !== incoming || set.version !== version) return false
  set.keepers = set.keepers.map((id) => (id === change.outgoing ? incoming : id))
  set.change = undefined
  set.version++
  checkKeepers(set)
  return true
}

/** Gives a change up; what was acknowledged meanwhile was so by keepers that stay. */
export function abandonChange(set: KeeperSet): void {
  if (set.change === undefined) return
  set.change = undefined
  set.version++
}

export function replaceKeepers(set: KeeperSet, keepers: readonly ReplicaId[]): void {
  set.keepers = [...keepers]
  set.change = undefined
  set.version++
  checkKeepers(set)
}

function checkKeepers({ keepers, wanted, change }: KeeperSet): void {
  invariant(keepers.length <= wanted, 'no more keepers than are wanted')
  invariant(new Set(keepers).size === keepers.length, 'no keeper twice')
  invariant(
    change === undefined ||
      (keepers.includes(change.outgoing) && !keepers.includes(change.incoming)),
    'a change is of a keeper for another',
  )
}
