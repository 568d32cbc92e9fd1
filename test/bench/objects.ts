import { type Benchmark } from './benchmark.ts'
import { figureRows } from './objects/figures.ts'
import { leafRows } from './objects/leaf-rates.ts'
import { memoryRows } from './objects/memory.ts'
import { rateRows } from './objects/rates.ts'
import { weightRows } from './objects/weight.ts'

/** The object library against Yjs, Automerge, and what the language has. */
export const objects: Benchmark = {
  name: 'objects',
  title: 'Objects against Yjs, Automerge and the language',
  method:
    'The same flush boundary on both sides: after 1 or 100 operations the bytes for others exist (`takeBatch` here, a ' +
    "transaction's `update` event in Yjs, a change in Automerge, which does as much as it does in 100 ms). Wall time, " +
    'medians; ours and Yjs in one process, by turns. Short texts; a set is a Y.Map from element to `true`, a counter a ' +
    'number in a Y.Map that is read and written. "Applied" is the other replica applying these updates one by one. ' +
    'Ratios of rates are ours by theirs; where the line says time, or gives times or sizes, a smaller ratio is better. ' +
    'Heap: in use after a collection, less what was in use before, for each entry, in a process of its own; "loaded" is ' +
    'a replica that was given the state. Imports: in fresh processes, from the first line of the program.',
  async run({ size, regimes }) {
    return [
      ...(await rateRows(regimes, size)),
      ...(await figureRows(size)),
      ...(await memoryRows(size)),
      ...(await leafRows(size)),
      ...(await weightRows(size)),
    ]
  },
}
