import { interval } from '../../docs/examples/interval.ts'
import { loadEngines } from '#crdt-objects/engine.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import {
  bloom,
  counter,
  distinct,
  document,
  flag,
  histogram,
  list,
  log,
  map,
  matrix,
  max,
  min,
  moments,
  quantiles,
  ref,
  register,
  set,
  struct,
  text,
  topK,
  vector,
} from '#crdt-objects/index.ts'
import { INITIAL_DOCUMENT } from './document-model.ts'

/** Every kind without parts, and each way of building it that matters: one line each. They are fields of structs too. */
export const leaves = {
  counter: counter(),
  max: max(),
  min: min(),
  flag: flag(),
  permit: flag({ wins: 'disable' }),
  list: list(),
  log: log(),
  text: text(),
  ref: ref(counter()),
  register: register(),
  title: register({ initial: 'untitled' }),
  set: set(),
  members: set({ wins: 'delete' }),
  notes: map<string>(),
  vector: vector(3),
  longVector: vector(100),
  matrix: matrix(2, 3),
  moments: moments(),
  histogram: histogram([-1, 0, 10]),
  visitors: distinct<unknown>(),
  page: document(INITIAL_DOCUMENT),
  delays: quantiles(),
  seenBefore: bloom<unknown>({ capacity: 100_000 }),
  leaders: topK(2),
  range: interval(),
}

/** Every type, and the ways they nest: what each suite runs over. */
export const schemaByTitle: ReadonlyMap<string, Schema> = new Map<string, Schema>([
  ...Object.entries(leaves),
  ['map of counters', map(counter())],
  ['map of logs', map(log())],
  ['map of lists', map(list())],
  ['map of texts', map(text())],
  ['map of vectors', map(vector(3))],
  ['map of moments', map(moments())],
  ['map of documents', map(document(INITIAL_DOCUMENT))],
  ['struct', struct(leaves)],
  ['map of structs of all types', map(struct(leaves))],
  ['map of maps of sets', map(map(set()))],
])

/** Loads the engines of all of them: for a `before`. */
export async function loadAllEngines(): Promise<void> {
  await loadEngines(...[...schemaByTitle.values()].map(({ kind }) => kind))
}
