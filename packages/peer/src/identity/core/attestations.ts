import { type ReplicaId, VersionVector } from '@joinery/crdt-objects/engine'
import { type KeeperView, type SpaceView } from './control-contract.ts'
import { quorumToCatchUp } from './keeper-set.ts'
import { type HeldStatement, type Statement } from './member-contract.ts'
import { Unheard } from './unheard.ts'

interface Attested {
  readonly vector: VersionVector
  /** It had entered this when it said what it holds. */
  readonly epoch: number
  /** It had settled this, likewise. */
  readonly settled: number
  /** The newest set of keepers that it has spoken under. */
  readonly keepersVersion: number
  /** The set that it knew when it told all of `vector`: by then it held no more under any older one. */
  readonly statedVersion: number
}

/** What the other members said that they hold. Only a member's word counts: a joiner may yet throw its snapshot away. */
export class Attestations {
  /** Invariant: of incarnations that are not sealed, at the last trim. */
  readonly #attestedBy = new Map<ReplicaId, Attested>()
  /** Of old keepers that know of the change: what they held when they first said so. */
  #toCatchUp = new Map<ReplicaId, VersionVector>()
  #caughtUpWith = new Set<ReplicaId>()
  #changeVersion = 0
  /** What is known of those that have said nothing. */
  readonly unheard: Unheard

  constructor(graceTicks: number) {
    this.unheard = new Unheard(graceTicks)
  }

  note({ sender, vector, epoch, settled, keepersVersion }: Statement): void {
    const known = this.#attestedBy.get(sender)
    // A member's vector only grows: what covers less came late.
    if (known !== undefined && !vector.covers(known.vector)) return
    const version = Math.max(keepersVersion, known?.keepersVersion ?? 0)
    this.#attestedBy.set(sender, {
      ...{ vector, epoch, settled },
      ...{ keepersVersion: version, statedVersion: keepersVersion },
    })
  }

  /** Notes what was said of one origin only. */
  noteHeld({ sender, origin, last, keepersVersion }: HeldStatement): void {
    const known = this.#attestedBy.get(sender)
    const vector = known?.vector ?? new VersionVector()
    vector.advance(origin, last)
    const version = Math.max(keepersVersion, known?.keepersVersion ?? 0)
    // Not the epoch of now, nor the set that is known now: what it held by then is not told here.
    const { epoch = 0, settled = 0, statedVersion = 0 } = known ?? {}
    this.#attestedBy.set(sender, {
      ...{ vector, epoch, settled },
      ...{ statedVersion, keepersVersion: version },
    })
  }

  /**
   * The epoch that all of `members` have entered, where `own` has what each had written by then: nobody writes under an
   * earlier one any more, and nothing that was is on its way. That of its lease, of who has said nothing yet: when it became
   * a member it had entered that, and had written nothing. So who dies unheard holds this up, but does not stop it: where
   * peers die all the time there always is one.
   */
  settledEpoch(members: readonly ReplicaId[], own: VersionVector): number {
    return this.#leastOfAll(
      members,
      own,
      ({ epoch }) => epoch,
      (member) => this.unheard.enteredBy(member),
    )
  }

  /**
   * The epoch that all of `members` have settled, where `own` has what each had written by then: whoever writes has heard
   * of all that was written before that epoch, and nothing is on its way of who had not. What all members had settled before
   * its lease, of who has said nothing yet: without having settled that it would not have become a member.
   */
  heardEpoch(members: readonly ReplicaId[], own: VersionVector): number {
    return this.#leastOfAll(
      members,
      own,
      ({ settled }) => settled,
      (member) => this.unheard.settledBy(member),
    )
  }

  #leastOfAll(
    members: readonly ReplicaId[],
    own: VersionVector,
    saidBy: (attested: Attested) => number,
    atFirst: (member: ReplicaId) => number,
  ): number {
    let least = Infinity
    for (const member of members) {
      const attested = this.#attestedBy.get(member)
      const isHere = attested !== undefined && own.has(member, attested.vector.get(member))
      const epoch = Math.max(atFirst(member), isHere ? saidBy(attested) : 0)
      least = Math.min(least, epoch)
    }
    return least
  }

  /** The latest epoch that another has settled who had nothing then that `own` lacks: so it is settled here as well. */
  settledByOther(own: VersionVector): number {
    let latest = 0
    for (const { settled, vector } of this.#attestedBy.values()) {
      if (settled > latest && own.covers(vector)) latest = settled
    }
    return latest
  }

  /** Whether one of `members` besides `own` is known to have all of `vector`. */
  hasTaker(members: readonly ReplicaId[], own: ReplicaId, vector: VersionVector): boolean {
    return members.some(
      (member) => member !== own && this.#attestedBy.get(member)?.vector.covers(vector) === true,
    )
  }

  /** Those of `members` that have said something. */
  heard(members: readonly ReplicaId[]): readonly ReplicaId[] {
    return members.filter((member) => this.#attestedBy.has(member))
  }

  /** Whether all of `members` are known to have applied it, or likely to, where they came long after it. */
  allHold(members: readonly ReplicaId[], origin: ReplicaId, seq: number): boolean {
    return members.every(
      (member) =>
        this.#attestedBy.get(member)?.vector.has(origin, seq) === true ||
        this.unheard.mayHave(member, origin, seq),
    )
  }

  /** Those of `members` that are not `own`, and how many of them are known to have applied its update `seq`. */
  others(
    members: readonly ReplicaId[],
    own: ReplicaId | undefined,
    seq: number,
  ): { readonly members: number; readonly holders: number } {
    const others = members.filter((member) => member !== own)
    const holders = others.filter(
      (member) => own !== undefined && this.#holdsOurs(member, own, seq),
    )
    return { members: others.length, holders: holders.length }
  }

  /**
   * Whether one of `members` is known to have applied update `seq` of ours, and the others, too, or are likely to, where
   * they came long after it and have said nothing.
   */
  allHoldOurs(members: readonly ReplicaId[], own: ReplicaId, seq: number): boolean {
    const others = members.filter((member) => !this.#holdsOurs(member, own, seq))
    const isLikely = (member: ReplicaId): boolean =>
      !this.#attestedBy.has(member) && this.unheard.mayHave(member, own, seq)
    return others.length < members.length && others.every(isLikely)
  }

  /** To whom our life is over, what was cut of it is as good as applied: that is no word of having it. */
  #holdsOurs(member: ReplicaId, own: ReplicaId, seq: number): boolean {
    const reach = this.#attestedBy.get(member)?.vector.get(own) ?? 0
    return reach !== 'sealed' && reach >= seq
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
        this.#holdsOurs(keeper, own, last)
      )
    })
    return counted.length
  }

  /**
   * How many hold `own` up to `last`, for who wants `replicas` of them: keepers; of more than there are of these all, and
   * other members. Never fewer keepers than a seal may not miss: what a single one holds, a seal could cut without it.
   */
  holders(
    { keepers, members }: Pick<SpaceView, 'keepers' | 'members'>,
    own: ReplicaId,
    last: number,
    replicas: number,
  ): number {
    const counted = this.keepersThatHold(keepers, own, last)
    const { length } = keepers.keepers
    if (replicas <= Math.max(length, keepers.durability) || counted < length) return counted
    const others = members.filter(
      (member) =>
        !keepers.keepers.includes(member) && (member === own || this.#holdsOurs(member, own, last)),
    )
    return counted + others.length
  }

  /** Whether `keeper` has not told all that it holds since it knows of this set. */
  isAwaited(keeper: ReplicaId, { keepers, version }: KeeperView): boolean {
    const { statedVersion = 0 } = this.#attestedBy.get(keeper) ?? {}
    return keepers.includes(keeper) && statedVersion < version
  }

  /** Whether `own` is to be a keeper, and has what enough of the old ones held when they had learnt of that. */
  hasCaughtUp(
    view: KeeperView,
    own: Pick<Statement, 'vector'> & { readonly id: ReplicaId },
  ): boolean {
    if (view.incoming !== own.id) return false
    if (this.#changeVersion !== view.version) {
      this.#changeVersion = view.version
      this.#toCatchUp = new Map()
      this.#caughtUpWith = new Set()
    }
    for (const keeper of view.keepers) {
      const attested = this.#attestedBy.get(keeper)
      if (attested?.statedVersion === view.version && !this.#toCatchUp.has(keeper)) {
        this.#toCatchUp.set(keeper, attested.vector)
      }
      const needed = this.#toCatchUp.get(keeper)
      if (needed !== undefined && own.vector.covers(needed)) this.#caughtUpWith.add(keeper)
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
