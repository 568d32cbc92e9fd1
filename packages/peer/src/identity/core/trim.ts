import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type Attestations } from './attestations.ts'
import { type SpaceView } from './control-contract.ts'
import { type GuardedReplica } from './guarded-replica.ts'
import { type OwnWrites } from './own-writes.ts'

/** What a member keeps for others. */
export interface Kept<Body, State, Operation> {
  readonly replica: GuardedReplica<Body, State>
  readonly attestations: Attestations
  readonly writes: OwnWrites<Operation>
}

/** Drops what every member has, and what nobody will ask for; and folds what nothing on its way can name. */
export function trim<Body, State, Operation>(
  { replica, attestations, writes }: Kept<Body, State, Operation>,
  { unsealed, floor }: SpaceView,
  tick: number,
): void {
  const others = unsealed.filter((member) => member !== replica.id)
  const isStable = (origin: ReplicaId, last: number): boolean =>
    others.length > 0 && attestations.allHold(others, origin, last)
  replica.trim(({ origin, last }) => isStable(origin, last), floor, tick)
  writes.letGo(
    (seq) => others.length > 0 && attestations.allHoldOurs(others, replica.id, seq),
    others,
  )
  const settled = attestations.settledEpoch(others, replica.vector)
  if (settled !== undefined) replica.settle(Math.min(settled, replica.epoch))
  attestations.retain(unsealed)
}
