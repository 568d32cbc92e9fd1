import { type Size } from '../benchmark.ts'
import { joinery } from '../engines/joinery.ts'
import { type Engine, type Workload } from '../engines/engine.ts'
import { yjs } from '../engines/yjs.ts'
import { type Row } from '../figure.ts'
import { ourSequenceRun, prepareSequences, yjsSequenceRun } from '../programs/sequences.ts'

const keys = 1000
const workloads: readonly (Workload & { readonly subject: string })[] = [
  { verb: 'map.set', keys: 100_000, subject: '`map.set`, distinct keys, against Y.Map' },
  { verb: 'map.set', keys, subject: `\`map.set\`, ${keys} keys in turn, against Y.Map` },
  { verb: 'counter.add', keys: 1, subject: '`counter.add`, one key, against a value of a Y.Map' },
  {
    verb: 'counter.add',
    keys,
    subject: `\`counter.add\`, ${keys} keys in turn, against values of a Y.Map`,
  },
]

/** What others are sent for an operation: of a batch, and of the update of Yjs that says the same. */
export async function operationBytesRows(size: Size): Promise<Row[]> {
  await prepareSequences()
  const count = size === 'tiny' ? 200 : 5000
  const rows: Row[] = []
  for (const perFlush of [1, 100]) {
    for (const workload of workloads) {
      const load = { count, perFlush }
      const ours = bytesOf(joinery(workload), load)
      rows.push(row(workload.subject, perFlush, ours, bytesOf(yjs(workload), load)))
    }
    const typing = { work: 'text typed at the end', count, perFlush } as const
    const ours = ourSequenceRun(typing).bytesPerOperation
    const theirs = yjsSequenceRun(typing).bytesPerOperation
    rows.push(row('a letter typed, against Y.Text', perFlush, ours, theirs))
  }
  return rows
}

function row(subject: string, perFlush: number, ours: number, theirs: number): Row {
  return {
    subject: `bytes of an operation, ${perFlush} to a batch: ${subject}`,
    regime: 'any',
    ours: `${ours.toFixed(1)} B`,
    against: `Yjs ${theirs.toFixed(1)} B`,
    ratio: ours / theirs,
  }
}

function bytesOf(
  { operate, flush }: Engine,
  { count, perFlush }: { readonly count: number; readonly perFlush: number },
): number {
  let bytes = 0
  for (let done = 0; done < count; done += perFlush) {
    const update = flush(() => {
      for (let number = done; number < done + perFlush; number++) operate(number)
    })
    bytes += update.length
  }
  return bytes / count
}
