import { type Size } from '../benchmark.ts'
import { type Goal, type Row, sizeText, timeText } from '../figure.ts'
import { Program } from '../program.ts'
import {
  type FigureLoad,
  type FigureTask,
  type Overwrites,
  type StateFigures,
  type Times,
} from '../programs/object-figures.ts'

/** Figures of single objects: plain maps, logs, vectors, overwritten keys, and states. */
export async function figureRows(size: Size): Promise<Row[]> {
  const load: FigureLoad =
    size === 'tiny' ? { count: 200, repetitions: 1 } : { count: 100_000, repetitions: 5 }
  const [program] = await Program.start('object-figures', undefined, load)
  await using _program = program
  const ask = async <Answer>(task: FigureTask): Promise<Answer> => await program.ask<Answer>(task)
  const rows: Row[] = []
  const alone = await ask<Times>({ kind: 'vector', perFlush: 0 })
  rows.push({
    ...timeRow('`vector.add` of 10,000 numbers, the operation alone', 'plain loop', alone),
    measured: alone.oursUs,
    goal: { atMost: 50, unit: 'us' },
  })
  for (const perFlush of [1, 100]) {
    const plain = await ask<Times>({ kind: 'plain-map', perFlush })
    const log = await ask<Times>({ kind: 'log', perFlush })
    const vector = await ask<Times>({ kind: 'vector', perFlush })
    const flushed = `${perFlush} to a flush`
    rows.push(
      timeRow(`\`map.set\`, ${count(load)} distinct keys, ${flushed}`, 'plain Map', plain, {
        atMost: 10,
      }),
      appendRow(`\`log.append\` behind ${count(load)} entries, ${flushed}`, log, {
        atLeast: perFlush === 1 ? 50 : 1.5,
      }),
      timeRow(
        `\`vector.add\` of 10,000 numbers, its batch included, ${flushed}`,
        'plain loop',
        vector,
      ),
    )
  }
  const ours = await ask<Overwrites>({ kind: 'overwrites', engine: 'joinery' })
  const yjs = await ask<Overwrites>({ kind: 'overwrites', engine: 'yjs' })
  rows.push(...overwriteRows((load.count * 10).toLocaleString('en'), ours, yjs))
  for (const [what, keys] of [
    ['distinct keys', load.count],
    ['1,000 keys in turn', 1000],
  ] as const) {
    const workload = { verb: 'map.set', keys } as const
    const subject = `${(load.count / 5).toLocaleString('en')} times \`map.set\`, ${what}`
    rows.push(...stateRows(subject, await ask({ kind: 'state', workload })))
  }
  return rows
}

function count(load: FigureLoad): string {
  return load.count.toLocaleString('en')
}

/** Times, ours by theirs. */
function timeRow(subject: string, name: string, { oursUs, theirsUs }: Times, goal?: Goal): Row {
  return {
    subject,
    regime: 'any',
    ours: timeText(oursUs),
    against: `${name} ${timeText(theirsUs)}`,
    ratio: oursUs / theirsUs,
    ...(goal === undefined ? {} : { goal }),
  }
}

/** How many times faster. */
function appendRow(subject: string, { oursUs, theirsUs }: Times, goal: Goal): Row {
  return {
    subject: `${subject}, times as fast`,
    regime: 'any',
    ours: timeText(oursUs),
    against: `Y.Array push ${timeText(theirsUs)}`,
    ratio: theirsUs / oursUs,
    goal,
  }
}

function overwriteRows(times: string, ours: Overwrites, yjs: Overwrites): Row[] {
  const subject = `two keys written ${times} times, 100 to a flush`
  return [
    {
      subject: `${subject}: state`,
      regime: 'any',
      ours: sizeText(ours.stateBytes),
      against: `Y.Map ${sizeText(yjs.stateBytes)}`,
      ratio: ours.stateBytes / yjs.stateBytes,
      measured: ours.stateBytes,
      goal: { atMost: 1024, unit: 'B' },
    },
    {
      subject: `${subject}: heap grown by`,
      regime: 'any',
      ours: grownText(ours.heapGrownBytes),
      against: `Y.Map ${grownText(yjs.heapGrownBytes)}`,
      measured: ours.heapGrownBytes / 1000,
      // What the engine itself notes of code that ran: a byte for each write would be ten times as much.
      goal: { atMost: 100, unit: 'kB' },
    },
  ]
}

/** A collection may find more than was made. */
function grownText(bytes: number): string {
  return bytes < 0 ? 'nothing' : sizeText(bytes)
}

function stateRows(
  subject: string,
  { joinery, yjs, automerge }: Record<'joinery' | 'yjs' | 'automerge', StateFigures>,
): Row[] {
  return [
    {
      subject: `${subject}: state`,
      regime: 'any',
      ours: sizeText(joinery.bytes),
      against: `Y.Map ${sizeText(yjs.bytes)} (Automerge ${sizeText(automerge.bytes)})`,
      ratio: joinery.bytes / yjs.bytes,
    },
    {
      subject: `${subject}: loaded by a newcomer`,
      regime: 'any',
      ours: timeText(joinery.loadMs * 1000),
      against:
        `Y.Map ${timeText(yjs.loadMs * 1000)} ` +
        `(Automerge ${timeText(automerge.loadMs * 1000)})`,
      ratio: joinery.loadMs / yjs.loadMs,
    },
  ]
}
