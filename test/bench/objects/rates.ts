import { type Regime, type Size } from '../benchmark.ts'
import { type Goal, rateText, type Row } from '../figure.ts'
import { Program } from '../program.ts'
import { type ObjectComparison, type ObjectLoad, type ObjectTask } from '../programs/objects.ts'

/** Counters, maps and sets against Y.Map, operation by operation. */
export async function rateRows(regimes: readonly Regime[], size: Size): Promise<Row[]> {
  const load: ObjectLoad =
    size === 'tiny'
      ? { repetitions: 1, automergeMsMax: 10 }
      : { repetitions: 5, automergeMsMax: 100 }
  const rows: Row[] = []
  for (const [index, { name, cores }] of regimes.entries()) {
    const core = cores[0] === cores[1] ? cores[0] : undefined
    const [program] = await Program.start('objects', core, load)
    await using _program = program
    for (const task of tasks(size)) {
      const comparison = await program.ask<ObjectComparison>(task)
      const isDistinct = comparison.keys === comparison.count
      rows.push(...speedRows(name, comparison, isDistinct))
      // Bytes are the same wherever they are made.
      if (index === 0) rows.push(bytesRow(comparison, isDistinct))
    }
  }
  return rows
}

function tasks(size: Size): ObjectTask[] {
  return [1, 100].flatMap((perFlush): ObjectTask[] => {
    const count = size === 'tiny' ? 200 : perFlush === 1 ? 20_000 : 60_000
    return (
      [
        { verb: 'counter.add', keys: 1 },
        { verb: 'counter.add', keys: 1000 },
        { verb: 'map.set', keys: 2 },
        { verb: 'map.set', keys: 1000 },
        { verb: 'set.add', keys: 1000 },
        { verb: 'map.set', keys: count },
        { verb: 'set.add', keys: count },
      ] as const
    ).map((workload) => ({ ...workload, perFlush, count }))
  })
}

function subjectOf({ verb, keys, perFlush }: ObjectComparison, isDistinct: boolean): string {
  const where = isDistinct ? 'distinct keys' : keys === 1 ? 'one key' : `${keys} keys in turn`
  return `\`${verb}\`, ${where}, ${perFlush} to a flush`
}

function speedRows(regime: string, comparison: ObjectComparison, isDistinct: boolean): Row[] {
  const { perFlush, ours, yjs, automerge } = comparison
  const subject = subjectOf(comparison, isDistinct)
  const goal = (atLeast: number): Goal => ({ atLeast: perFlush === 1 ? atLeast : 1.5 })
  const against = (theirs: number, third: number): string =>
    `Y.Map ${rateText(theirs)} (Automerge ${rateText(third)})`
  return [
    {
      subject: `${subject}, local with its bytes`,
      regime,
      ours: rateText(ours.localPerSecond),
      against: against(yjs.localPerSecond, automerge.localPerSecond),
      ratio: ours.localPerSecond / yjs.localPerSecond,
      goal: goal(isDistinct ? 3 : 5),
    },
    {
      subject: `${subject}, applied at another replica`,
      regime,
      ours: rateText(ours.remotePerSecond),
      against: against(yjs.remotePerSecond, automerge.remotePerSecond),
      ratio: ours.remotePerSecond / yjs.remotePerSecond,
      goal: goal(isDistinct ? 2 : 5),
    },
  ]
}

function bytesRow(comparison: ObjectComparison, isDistinct: boolean): Row {
  const { ours, yjs, automerge } = comparison
  return {
    subject: `${subjectOf(comparison, isDistinct)}, bytes of an operation`,
    regime: 'any',
    ours: `${ours.bytesPerOperation.toFixed(1)} B`,
    against:
      `Y.Map ${yjs.bytesPerOperation.toFixed(1)} B ` +
      `(Automerge ${automerge.bytesPerOperation.toFixed(1)} B)`,
    ratio: ours.bytesPerOperation / yjs.bytesPerOperation,
  }
}
