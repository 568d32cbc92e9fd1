import type { StrongKind } from './faces/strong-target.ts'

/** What the types of a kind that is strong only are inferred from; it exists in the type system only. */
export interface StrongTypes {
  /** What the object reads as, where it can be read as a whole. */
  readonly value: unknown
  /** Its handle: the same embedded in a peer and through a gateway. */
  readonly strong: unknown
}

/**
 * Describes an object that is there in strong mode only, as a lock is: a plain value made by its builder. It has no
 * `kind`, so it does not nest in a map or a struct: such an object is opened by name.
 */
export interface StrongSchema<T extends StrongTypes = StrongTypes> {
  readonly strongKind: StrongKind
  /** Phantom: never there at run time. */
  readonly '~types': T
}

/** A schema over a kind that is strong only: its types exist in the type system only, and each builder states them. */
export function strongSchemaOf<T extends StrongTypes>(strongKind: StrongKind): StrongSchema<T> {
  return Object.freeze({ strongKind }) as StrongSchema<T>
}
