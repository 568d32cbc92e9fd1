/*
 * What the objects must hold, computed from the operations alone, in the most naive way there is: each operation knows
 * which others its author had seen, and nothing is ever merged. It shares no code and no idea with the lattices.
 */

/** What some replica had applied. */
export interface Vector {
  has(origin: bigint, last: number): boolean
}

/** One operation on one place. A place is a path; an element of a set, too, is a place. */
export interface Operation {
  readonly origin: bigint
  readonly number: number
  /** What its author had applied. */
  readonly seen: Vector
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

  record(operation: Operation): void {
    this.#operations.push(operation)
  }

  get size(): number {
    return this.#operations.length
  }

  /** What stands when exactly the operations that `vector` covers were made. */
  judge(vector: Vector): Verdict {
    return new Verdict(this.#operations.filter((o) => vector.has(o.origin, o.number)))
  }
}

/** The operations that stand: those which no removal had seen. */
export class Verdict {
  readonly #standing: readonly Operation[]

  constructor(included: readonly Operation[]) {
    const removals = included.filter((operation) => operation.deed.kind === 'remove')
    const isRemoved: Included = ({ origin, number, deed }) =>
      removals.some(
        (removal) => isWithin(deed.place, removal.deed.place) && removal.seen.has(origin, number),
      )
    this.#standing = included.filter(
      (operation) => operation.deed.kind !== 'remove' && !isRemoved(operation),
    )
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
      writes.some((other) => other !== write && other.seen.has(write.origin, write.number))
    return writes
      .filter((write) => !isSeen(write))
      .flatMap(({ deed }) => (deed.kind === 'write' ? [deed.value] : []))
      .sort()
  }
}

function isWithin(place: string, parent: string): boolean {
  return place === parent || place.startsWith(parent + slash)
}
