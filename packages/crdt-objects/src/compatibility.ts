import type { SchemaDifference } from './kind.ts'
import type { Schema } from './schema.ts'
import { kindOfSchema } from './types/define.ts'

/** Whether programs with two schemas can share an object, and what each will not see of it. */
export interface Compatibility {
  /** True when no difference stands in the way. */
  readonly compatible: boolean
  readonly differences: readonly SchemaDifference[]
}

/**
 * Compares two schemas for one object. Fields of structs may be added, left out and renamed: each program sees its own
 * fields, and none loses what others wrote in theirs. Validators may differ: each refuses at its own writes only.
 * Everything else (another kind of object, another size of vector, another initial value) is another object: opening
 * one with the other's schema throws OBJECT_SCHEMA_DIFFERS.
 */
export function compatibility(first: Schema, second: Schema): Compatibility {
  const kind = kindOfSchema(first, 'what is compared')
  const differences = kind.compare(kindOfSchema(second, 'what is compared'), [])
  return { compatible: differences.every((difference) => difference.compatible), differences }
}
