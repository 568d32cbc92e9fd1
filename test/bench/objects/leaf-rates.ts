import { type Size } from '../benchmark.ts'
import { rateText, type Row } from '../figure.ts'
import { Program } from '../program.ts'
import { type LeafComparison, type LeafTask } from '../programs/leaves.ts'
import { type SequenceWork } from '../programs/sequences.ts'

const works: readonly SequenceWork[] = [
  'text typed at the end',
  'text at random places',
  'list pushed',
]

/** Lists, texts and documents against the engines under them. */
export async function leafRows(size: Size): Promise<Row[]> {
  const options = { repetitions: size === 'tiny' ? 1 : 5 }
  const [program] = await Program.start('leaves', undefined, options)
  await using _program = program
  const rows: Row[] = []
  for (const work of works) {
    for (const perFlush of [1, 100]) {
      const count = size === 'tiny' ? 200 : 5000
      const task: LeafTask = { kind: 'sequence', work, count, perFlush }
      const comparison = await program.ask<LeafComparison>(task)
      rows.push(...sequenceRows(`${work}, ${perFlush} to a flush`, comparison))
    }
  }
  for (const perFlush of [1, 100]) {
    const count = size === 'tiny' ? 100 : perFlush === 1 ? 500 : 5000
    const grouping = 'one change'
    const task: LeafTask = { kind: 'document', count, perFlush, grouping, keys: 100 }
    rows.push(...documentRows(perFlush, await program.ask<LeafComparison>(task)))
  }
  return rows
}

/** Times, ours by theirs: within 1.2 times. */
function sequenceRows(subject: string, { ours, raw }: LeafComparison): Row[] {
  const goal = { atMost: 1.2 }
  return [
    {
      subject: `${subject}, local with its bytes, time`,
      regime: 'any',
      ours: rateText(ours.localPerSecond),
      against: `raw Yjs ${rateText(raw.localPerSecond)}`,
      ratio: raw.localPerSecond / ours.localPerSecond,
      goal,
    },
    {
      subject: `${subject}, applied and read at another replica, time`,
      regime: 'any',
      ours: rateText(ours.remotePerSecond),
      against: `raw Yjs ${rateText(raw.remotePerSecond)}`,
      ratio: raw.remotePerSecond / ours.remotePerSecond,
      goal,
    },
    {
      subject: `${subject}, bytes of an operation`,
      regime: 'any',
      ours: `${ours.bytesPerOperation.toFixed(1)} B`,
      against: `raw Yjs ${raw.bytesPerOperation.toFixed(1)} B`,
      ratio: ours.bytesPerOperation / raw.bytesPerOperation,
    },
  ]
}

function documentRows(perFlush: number, { ours, raw }: LeafComparison): Row[] {
  const subject = `document, ${perFlush} assignments to a change`
  return [
    {
      subject: `${subject}, local with its bytes, time`,
      regime: 'any',
      ours: rateText(ours.localPerSecond),
      against: `raw Automerge ${rateText(raw.localPerSecond)}`,
      ratio: raw.localPerSecond / ours.localPerSecond,
    },
    {
      subject: `${subject}, applied at another replica, time`,
      regime: 'any',
      ours: rateText(ours.remotePerSecond),
      against: `raw Automerge ${rateText(raw.remotePerSecond)}`,
      ratio: raw.remotePerSecond / ours.remotePerSecond,
    },
  ]
}
