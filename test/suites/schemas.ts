import type { Schema } from '#crdt-objects/schema.ts'
import { counter, flag, map, max, min, register, set, struct } from '#crdt-objects/index.ts'

const everything = {
  clicks: counter(),
  best: max(),
  worst: min(),
  open: flag(),
  title: register({ initial: 'untitled' }),
  tags: set(),
  notes: map<string>(),
  seats: map(counter()),
}

/** Every type, and the ways they nest: what each suite runs over. */
export const schemaByTitle: ReadonlyMap<string, Schema> = new Map<string, Schema>([
  ['counter', counter()],
  ['max', max()],
  ['min', min()],
  ['flag', flag()],
  ['register', register()],
  ['set', set()],
  ['map of values', map<string>()],
  ['map of counters', map(counter())],
  ['struct', struct(everything)],
  ['map of structs of all types', map(struct(everything))],
  ['map of maps of sets', map(map(set()))],
])
