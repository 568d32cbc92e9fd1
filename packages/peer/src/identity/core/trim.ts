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

/** Settles what a member has settled that had nothing which is not here. */
export function settleAsOthers<Body, State>(
  replica: GuardedReplica<Body, State>,
  attestations: Attestations,
): void {
  replica.settle(Math.min(attestations.settledByOther(replica.vector), replica.epoch))
}

/** Drops what every member has, and what nobody will ask for; folds and forgets what nothing on its way can name. */
export function trim<Body, State, Operation>(
  { replica, attestations, writes }: Kept<Body, State, Operation>,
  view: SpaceView,
  tick: number,
): void {
  const { unsealed, floor, epoch, settledFloor } = view
  attestations.unheard.noteView(view, replica.vector, tick)
  const others = unsealed.filter((member) => member !== replica.id)
  const isStable = (origin: ReplicaId, last: number): boolean =>
    others.length > 0 && attestations.allHold(others, origin, last)
  replica.trim(({ origin, last }) => isStable(origin, last), floor, tick)
  writes.letGo(
    (seq) => attestations.allHoldOurs(others, replica.id, seq),
    attestations.heard(others),
  )
  const entered = attestations.settledEpoch(others, replica.vector)
  // Whom the view does not name yet had entered its epoch when it became a member, and maybe no later one.
  replica.settle(Math.min(entered, replica.epoch, epoch))
  // In another epoch than the view some may be sealed whose last updates are not here, or members that it does not name.
  if (replica.epoch === epoch) {
    const heard = attestations.heardEpoch(others, replica.vector)
    replica.forget(Math.min(heard, settledFloor, replica.settled))
  }
  attestations.retain(unsealed)
}
