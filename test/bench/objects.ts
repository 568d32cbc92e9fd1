import { type Benchmark } from './benchmark.ts'
import { rateText, type Row } from './figure.ts'
import { Program } from './program.ts'
import { type ObjectComparison } from './programs/objects.ts'

/** Maps and sets against Y.Map. */
export const objects: Benchmark = {
  name: 'objects',
  title: 'Maps and sets against Y.Map',
  method:
    'The same flush boundary on both sides: after 1 or 100 operations the bytes for others exist (`takeBatch` here, a ' +
    "transaction's `update` event there). 1,000 keys in turn, short texts; a set is a Y.Map from element to `true`. " +
    '"Remote" is the other replica applying these updates one by one. Both in one process, by turns.',
  async run({ size, regimes }) {
    const rows: Row[] = []
    const options =
      size === 'tiny' ? { count: 200, repetitions: 1 } : { count: 50_000, repetitions: 5 }
    for (const { name, cores } of regimes) {
      const core = cores[0] === cores[1] ? cores[0] : undefined
      const [program, comparisons] = await Program.start<ObjectComparison[]>(
        'objects',
        core,
        options,
      )
      await program[Symbol.asyncDispose]()
      for (const comparison of comparisons) rows.push(...rowsOf(name, comparison))
    }
    return rows
  },
}

function rowsOf(regime: string, { verb, perFlush, ours, yjs }: ObjectComparison): Row[] {
  const subject = `\`${verb}\`, ${perFlush} to a flush`
  const goal = { atLeast: perFlush === 1 ? 3 : 1.5 }
  return [
    {
      subject: `${subject}, local with its bytes`,
      regime,
      ours: rateText(ours.localPerSecond),
      against: `Y.Map ${rateText(yjs.localPerSecond)}`,
      ratio: ours.localPerSecond / yjs.localPerSecond,
      goal,
    },
    {
      subject: `${subject}, applied at another replica`,
      regime,
      ours: rateText(ours.remotePerSecond),
      against: `Y.Map ${rateText(yjs.remotePerSecond)}`,
      ratio: ours.remotePerSecond / yjs.remotePerSecond,
      goal,
    },
    {
      subject: `${subject}, bytes of an operation`,
      regime,
      ours: `${ours.bytesPerOperation.toFixed(1)} B`,
      against: `Y.Map ${yjs.bytesPerOperation.toFixed(1)} B`,
      ratio: ours.bytesPerOperation / yjs.bytesPerOperation,
    },
  ]
}
