/*
 * What the objects must hold, computed from the operations alone, in the most naive way there is: each operation knows
 * which others its author had seen, and nothing is ever merged. It shares no code and no idea with the lattices.
 */

/** What some replica had applied. */
export interface Vector {
  get(origin: bigint): number | 'sealed'
}

/** Whether an operation was applied. */
export type Seen = (origin: bigint, number: number) => boolean

/** One operation on one place. A place is a path; an element of a set, too, is a place. */
export interface Operation {
  readonly origin: bigint
  readonly number: number
  /** What its author had applied. */
  readonly seen: Seen
  readonly deed: Deed
}

/** What an operation does. `remove` takes from its place and everything below what its author had seen there. */
export type Deed =
  | { readonly kind: 'add' | 'offer'; readonly place: string; readonly amount: number }
  | { readonly kind: 'put'; readonly place: string }
  | { readonly kind: 'write'; readonly place: string; readonly value: string }
  | { readonly kind: 'remove'; readonly place: string }

type Included = (operation: Operation) => boolean

/** Separates the parts of a place. */
export const slash = '/'

/** All operations of a simulation, and what follows from any part of them. */
export class Oracle {
  readonly #operations: Operation[] = []
  /** Where something was removed again: what a sealed life has added to a sum is taken as a whole or not at all. */
  readonly #removedAgain: string[] = []
  /** What was done again. */
  readonly #again: Operation[] = []
  /** The lives before each that has done something again: what they did is in as its own. */
  readonly #formersByOrigin = new Map<bigint, readonly bigint[]>()
  /** What is gone, and may be done again. */
  readonly #past: Operation[] = []
  /** The last operation that is in, of lives that are over. */
  readonly #endByOrigin: (origin: bigint) => number | undefined

  constructor(endByOrigin: (origin: bigint) => number | undefined) {
    this.#endByOrigin = endByOrigin
  }

  /** All that was done so far is gone. */
  forget(): void {
    this.#past.push(...this.#operations.splice(0))
  }

  record(operation: Operation): void {
    this.#operations.push(operation)
  }

  /** What a replica at `vector` has: of a sealed life what was not cut. */
  seenBy(vector: Vector): Seen {
    return (origin, number) => {
      const reach = vector.get(origin)
      return number <= (reach === 'sealed' ? (this.#endByOrigin(origin) ?? 0) : reach)
    }
  }

  /** What `former` did after its update `cut` is done again by `origin`, in the same order, having seen the same. */
  reissue(former: bigint, cut: number, origin: bigint): void {
    this.#formersByOrigin.set(origin, [former, ...(this.#formersByOrigin.get(former) ?? [])])
    for (const { number, seen, deed, ...rest } of [...this.#past, ...this.#operations]) {
      if (rest.origin !== former || number <= cut) continue
      const seenAgain: Seen = (of, at) => (of === origin ? seen(former, at + cut) : seen(of, at))
      if (deed.kind === 'remove') this.#removedAgain.push(deed.place)
      const operation = { origin, number: number - cut, seen: seenAgain, deed }
      this.#again.push(operation)
      this.record(operation)
    }
  }

  get size(): number {
    return this.#past.length + this.#operations.length
  }

  /** What stands when exactly the operations that `vector` covers were made. */
  judge(vector: Vector): Verdict {
    const isIn = this.seenBy(vector)
    const included = this.#operations.filter((o) => isIn(o.origin, o.number))
    return new Verdict(included, [...this.#removedAgain, ...this.#broughtBack(isIn)])
  }

  /** Where what is done again had seen another take something away, which was cut: it comes back, and stands beside. */
  #broughtBack(isIn: Seen): string[] {
    const cut = this.#operations.filter(
      ({ origin, number, deed }) =>
        takesAway(deed) &&
        number > (this.#endByOrigin(origin) ?? Infinity) &&
        !isIn(origin, number),
    )
    if (cut.length === 0) return []
    return this.#again.flatMap(({ origin, seen, deed }) => {
      if (!takesAway(deed)) return []
      const formers = this.#formersByOrigin.get(origin) ?? []
      const isLost = (other: Operation): boolean =>
        !formers.includes(other.origin) &&
        seen(other.origin, other.number) &&
        (isWithin(deed.place, other.deed.place) || isWithin(other.deed.place, deed.place))
      return cut.some(isLost) ? [deed.place] : []
    })
  }
}

/** The operations that stand: those which no removal had seen. */
export class Verdict {
  readonly #standing: readonly Operation[]
  readonly #doubtful: readonly string[]

  constructor(included: readonly Operation[], doubtful: readonly string[]) {
    this.#doubtful = doubtful
    const removals = included.filter((operation) => operation.deed.kind === 'remove')
    const isRemoved: Included = ({ origin, number, deed }) =>
      removals.some(
        (removal) => isWithin(deed.place, removal.deed.place) && removal.seen(origin, number),
      )
    this.#standing = included.filter(
      (operation) => operation.deed.kind !== 'remove' && !isRemoved(operation),
    )
  }

  /** Whether more than one answer is right. */
  isDoubtful(place: string): boolean {
    return this.#doubtful.some((other) => isWithin(place, other) || isWithin(other, place))
  }

  sum(place: string): number {
    return this.#amounts(place, 'add').reduce((sum, amount) => sum + amount, 0)
  }

  offers(place: string): number[] {
    return this.#amounts(place, 'offer')
  }

  #amounts(place: string, kind: 'add' | 'offer'): number[] {
    return this.#standing.flatMap(({ deed }) =>
      deed.kind === kind && deed.place === place ? [deed.amount] : [],
    )
  }

  isPut(place: string): boolean {
    return this.#standing.some(({ deed }) => deed.kind === 'put' && deed.place === place)
  }

  /** The names directly below `place` under which anything stands. */
  keys(place: string): string[] {
    const prefix = place + slash
    const below = this.#standing.filter(({ deed }) => deed.place.startsWith(prefix))
    const keys = below.map(({ deed }) => deed.place.slice(prefix.length).split(slash)[0] ?? '')
    return [...new Set(keys)].sort()
  }

  /** The values written to `place` that no other standing write had seen: any of them may be the last. */
  latest(place: string): string[] {
    const writes = this.#standing.filter(
      ({ deed }) => deed.kind === 'write' && deed.place === place,
    )
    const isSeen = (write: Operation) =>
      writes.some((other) => other !== write && other.seen(write.origin, write.number))
    return writes
      .filter((write) => !isSeen(write))
      .flatMap(({ deed }) => (deed.kind === 'write' ? [deed.value] : []))
      .sort()
  }
}

/** Whether it replaces or removes what its author had seen. */
function takesAway({ kind }: Deed): boolean {
  return kind === 'write' || kind === 'remove'
}

function isWithin(place: string, parent: string): boolean {
  return place === parent || place.startsWith(parent + slash)
}
