import type { Schema } from '#crdt-objects/schema.ts'
import { counter, flag, map, max, min, register, set, struct } from '#crdt-objects/index.ts'

/** Every kind without parts, and each way of building it that matters: one line each. They are fields of structs too. */
export const leaves = {
  counter: counter(),
  max: max(),
  min: min(),
  flag: flag(),
  register: register(),
  title: register({ initial: 'untitled' }),
  set: set(),
  notes: map<string>(),
}

/** Every type, and the ways they nest: what each suite runs over. */
export const schemaByTitle: ReadonlyMap<string, Schema> = new Map<string, Schema>([
  ...Object.entries(leaves),
  ['map of counters', map(counter())],
  ['struct', struct(leaves)],
  ['map of structs of all types', map(struct(leaves))],
  ['map of maps of sets', map(map(set()))],
])
