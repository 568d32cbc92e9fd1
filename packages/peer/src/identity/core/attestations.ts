import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type KeeperView } from './control-contract.ts'
import { quorumToCatchUp } from './keeper-set.ts'
import { type Statement } from './member-contract.ts'
import { type Reach, type SlotVector } from './slot-vector.ts'

interface Attested {
  readonly vector: SlotVector
  readonly keepersVersion: number
}

/** What the other members said that they hold. Only a member's word counts: a joiner may yet throw its snapshot away. */
export class Attestations {
  /** Invariant: of incarnations that are not sealed, at the last trim. */
  readonly #attestedBy = new Map<ReplicaId, Attested>()
  /** Of old keepers that know of the change: what they held when they first said so. */
  #toCatchUp = new Map<ReplicaId, SlotVector>()
  #caughtUpWith = new Set<ReplicaId>()
  #changeVersion = 0

  note({ sender, vector, keepersVersion }: Statement): void {
    const known = this.#attestedBy.get(sender)
    // A member's vector only grows: what covers less came late.
    if (known !== undefined && !vector.coversAll(known.vector)) return
    const version = Math.max(keepersVersion, known?.keepersVersion ?? 0)
    this.#attestedBy.set(sender, { vector, keepersVersion: version })
  }

  /** Those of `members` that are not known to have all of `vector`. */
  behind(members: readonly ReplicaId[], vector: SlotVector): ReplicaId[] {
    return members.filter(
      (member) => !(this.#attestedBy.get(member)?.vector.coversAll(vector) ?? false),
    )
  }

  /** Whether all of `members` are known to have applied it. */
  allHold(members: readonly ReplicaId[], origin: ReplicaId, seq: number): boolean {
    return members.every((member) => this.#holds(member, origin, seq))
  }

  #holds(member: ReplicaId, origin: ReplicaId, seq: Reach): boolean {
    return this.#attestedBy.get(member)?.vector.covers(origin, seq) ?? false
  }

  /**
   * How many keepers hold `own` up to `last`, `own` counted if it is one. Only what was said under this very set counts,
   * and during a change only keepers that stay.
   */
  keepersThatHold(view: KeeperView, own: ReplicaId, last: number): number {
    const counted = view.keepers.filter((keeper) => {
      if (keeper === view.outgoing) return false
      if (keeper === own) return true
      return (
        this.#attestedBy.get(keeper)?.keepersVersion === view.version &&
        this.#holds(keeper, own, last)
      )
    })
    return counted.length
  }

  /** Whether `vector` has what enough of the old keepers held when they had learnt that it is to be a keeper's. */
  hasCaughtUp(view: KeeperView, vector: SlotVector): boolean {
    if (this.#changeVersion !== view.version) {
      this.#changeVersion = view.version
      this.#toCatchUp = new Map()
      this.#caughtUpWith = new Set()
    }
    for (const keeper of view.keepers) {
      const attested = this.#attestedBy.get(keeper)
      if (attested?.keepersVersion === view.version && !this.#toCatchUp.has(keeper)) {
        this.#toCatchUp.set(keeper, attested.vector)
      }
      const needed = this.#toCatchUp.get(keeper)
      if (needed !== undefined && vector.coversAll(needed)) this.#caughtUpWith.add(keeper)
    }
    return this.#caughtUpWith.size >= quorumToCatchUp(view)
  }

  /** Forgets whoever is sealed. */
  retain(unsealed: readonly ReplicaId[]): void {
    const kept = new Set(unsealed)
    for (const member of this.#attestedBy.keys()) {
      if (!kept.has(member)) this.#attestedBy.delete(member)
    }
  }
}
