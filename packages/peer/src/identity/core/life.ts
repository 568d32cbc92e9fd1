import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { invariant } from '../../replication/core/invariant.ts'
import { GuardedReplica } from './guarded-replica.ts'
import {
  type Beginning,
  type MemberLimits,
  type ReplicaPort,
  type StateOffer,
} from './member-contract.ts'

/** One life of a slot, from its lease to its seal, and the replica that it has meanwhile. */
export class Life<Body, State> {
  readonly id: ReplicaId
  /** Invariant: there while active or retiring, and for a joiner once it has a snapshot. */
  replica: GuardedReplica<Body, State> | undefined
  readonly #port: ReplicaPort<Body, State>
  readonly #limits: MemberLimits
  /** A joiner has told the group what its snapshot holds: it keeps that until the epoch has moved on. */
  #spokenEpoch: number | undefined
  #sinceTick = 0

  constructor(id: ReplicaId, port: ReplicaPort<Body, State>, limits: MemberLimits) {
    this.id = id
    this.#port = port
    this.#limits = limits
  }

  begin(from: Beginning<State>, tick: number): void {
    this.replica = new GuardedReplica(this.id, from, this.#port, this.#limits)
    this.#sinceTick = tick
  }

  beginWith(offer: StateOffer<Body, State>, tick: number): void {
    this.begin({ kind: 'state', state: offer.state }, tick)
    this.replica!.stock(offer)
  }

  /** Whether a joiner has tried for long enough to catch up from the snapshot that it has. */
  hasTriedEnough(tick: number): boolean {
    return tick - this.#sinceTick > this.#limits.joinTicks
  }

  /** An `activate` is on its way that tells what is held in this epoch. */
  speakOf(epoch: number): void {
    this.#spokenEpoch = epoch
  }

  /** Nothing that was said before can be carried out any more, or all of it was. */
  isHeard(): void {
    this.#spokenEpoch = undefined
  }

  /**
   * Discards the replica; a joiner takes another snapshot. Invariant: never what an `activate` that may yet succeed has
   * spoken of. All that calls for it is news of a later epoch, and in that the old one is refused.
   */
  drop(epochOfGroup: number): void {
    const spoken = this.#spokenEpoch
    invariant(
      spoken === undefined ||
        epochOfGroup > spoken ||
        this.replica?.book.hasRecordAfter(spoken) === true,
      'a joiner keeps what it may be a member with',
    )
    this.#spokenEpoch = undefined
    this.replica?.discard()
    this.replica = undefined
  }
}
