import type { Kind } from './kind.ts'
import type { StrongSchema } from './strong-schema.ts'

/** What the types of a schema are inferred from; it exists in the type system only. */
export interface SchemaTypes {
  readonly value: unknown
  readonly local: unknown
  readonly remote: unknown
  readonly strong: unknown
}

/**
 * Describes an object: a plain value made by the builders. Its `kind` carries all that code needs to know of it, so
 * nothing shared ever branches on which kind it is.
 */
export interface Schema<T extends SchemaTypes = SchemaTypes> {
  readonly kind: Kind
  /** Phantom: never there at run time. */
  readonly '~types': T
}

/** The plain data that an object of schema `S` reads as. */
export type ValueOf<S extends Schema | StrongSchema> = S['~types']['value']
