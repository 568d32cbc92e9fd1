import {
  incarnationOf,
  isLeased,
  type ReplicaId,
  type VersionVector,
} from '@joinery/crdt-objects/engine'
import { type SpaceView } from './control-contract.ts'

/** Of epochs that were heard of. */
const FLOORS_MAX = 256
/** How often it is noted what is here, within the time that counts. */
const LOOKS = 6

/**
 * What is known of members that have said nothing: where peers die all the time there always is one, until it is sealed,
 * and nothing could ever be settled or dropped if each were waited for.
 *
 * What they had entered and settled is certain, by the conditions under which the group lets anybody become a member. What
 * they have is only likely: they began with what another member had, and all who spoke had it long before. Where that is
 * wrong they lack batches that nobody keeps, and take a state.
 */
export class Unheard {
  readonly #graceTicks: number
  /**
   * What all members had settled when an epoch was first heard of. Invariant: both only grow; at most FLOORS_MAX. What is
   * older counts as nothing.
   */
  readonly #floors: { readonly epoch: number; readonly settled: number }[] = []
  /** What was here lately, the oldest first. Invariant: at most LOOKS + 2, of which one is `graceTicks` old, if there are so many. */
  readonly #past: { readonly tick: number; readonly vector: VersionVector }[] = []
  /** What was here `graceTicks` before the group first named them. Invariant: of members that it named last. */
  #vectorBy = new Map<ReplicaId, VersionVector | undefined>()

  constructor(graceTicks: number) {
    this.#graceTicks = graceTicks
  }

  /** The group has told how things stand, while `vector` is what is here. */
  noteView(
    { epoch, settledFloor, unsealed }: Pick<SpaceView, 'epoch' | 'settledFloor' | 'unsealed'>,
    vector: VersionVector,
    tick: number,
  ): void {
    if (epoch > (this.#floors.at(-1)?.epoch ?? -1)) {
      this.#floors.push({ epoch, settled: settledFloor })
      if (this.#floors.length > FLOORS_MAX) this.#floors.shift()
    }
    this.#look(vector, tick)
    const isOld = (past: { readonly tick: number }): boolean => past.tick <= tick - this.#graceTicks
    const atFirst = this.#past.findLast(isOld)?.vector
    const known = this.#vectorBy
    this.#vectorBy = new Map(
      unsealed.map((member) => [member, known.has(member) ? known.get(member) : atFirst]),
    )
  }

  #look(vector: VersionVector, tick: number): void {
    const past = this.#past
    if (tick - (past.at(-1)?.tick ?? -Infinity) < this.#graceTicks / LOOKS) return
    past.push({ tick, vector: vector.copy() })
    while (past.length > 1 && past[1]!.tick <= tick - this.#graceTicks) past.shift()
  }

  /** It had entered this before it wrote anything: the epoch of its lease, after which it is numbered. */
  enteredBy(member: ReplicaId): number {
    return isLeased(member) ? incarnationOf(member) - 1 : 0
  }

  /** It had settled this before it wrote anything: what all members had settled before its lease, or it would be none. */
  settledBy(member: ReplicaId): number {
    const leasedIn = this.enteredBy(member)
    return this.#floors.findLast(({ epoch }) => epoch < leasedIn)?.settled ?? 0
  }

  /** Whether it is likely to have had this update from the first on. */
  mayHave(member: ReplicaId, origin: ReplicaId, seq: number): boolean {
    return this.#vectorBy.get(member)?.has(origin, seq) ?? false
  }
}
