import {
  counter,
  flag,
  map,
  max,
  register,
  set,
  struct,
  type VerbMode,
} from '@joinery/crdt-objects'

/**
 * Whether a verb writes, which decides how its call is re-sent. The kinds themselves say so; a verb means the same in
 * all of them, and the gateway checks it against the kind at hand. What is not known is taken for a write: it is then
 * never sent twice.
 */
export function isWrite(verb: string): boolean {
  return (modeByVerb.get(verb) ?? 'write') === 'write'
}

const schemas = [counter(), flag(), map(), map(counter()), max(), register(), set(), struct({})]
const modeByVerb = new Map<string, VerbMode>(schemas.flatMap(({ kind }) => [...kind.verbs]))
