/*
 * Lists, texts and documents of ours against the engines under them, raw.
 */
import { median } from '../figure.ts'
import { measureOurDocuments, measureRawAutomerge, type DocumentLoad } from './documents.ts'
import { answer, readOptions, serve } from './parent.ts'
import {
  ourSequenceRun,
  prepareSequences,
  type SequenceOptions,
  type SequenceRun,
  yjsSequenceRun,
} from './sequences.ts'

/** What to compare next. */
export type LeafTask =
  ({ readonly kind: 'sequence' } & SequenceOptions) | ({ readonly kind: 'document' } & DocumentLoad)

/** One side's figures. */
export interface LeafRates {
  readonly localPerSecond: number
  readonly remotePerSecond: number
  readonly bytesPerOperation: number
}

/** One load on both sides. */
export interface LeafComparison {
  readonly ours: LeafRates
  readonly raw: LeafRates
}

const { repetitions } = readOptions<{ repetitions: number }>()

await prepareSequences()
serve<LeafTask>(async (task) => {
  const runs: LeafComparison[] = []
  // By turns, so that whatever else the machine does befalls both. The first round warms up.
  for (let round = 0; round <= repetitions; round++) {
    runs.push(task.kind === 'sequence' ? sequence(task) : await documents(task))
  }
  const measured = runs.slice(1)
  return {
    ours: middle(measured.map(({ ours }) => ours)),
    raw: middle(measured.map(({ raw }) => raw)),
  } satisfies LeafComparison
})
answer({})

function sequence(options: SequenceOptions): LeafComparison {
  return {
    ours: rates(ourSequenceRun(options), options.count),
    raw: rates(yjsSequenceRun(options), options.count),
  }
}

function rates({ localMs, remoteMs, bytesPerOperation }: SequenceRun, count: number): LeafRates {
  return {
    localPerSecond: (count * 1000) / localMs,
    remotePerSecond: (count * 1000) / remoteMs,
    bytesPerOperation,
  }
}

async function documents(load: DocumentLoad): Promise<LeafComparison> {
  return { ours: await measureOurDocuments(load), raw: measureRawAutomerge(load) }
}

function middle(runs: readonly LeafRates[]): LeafRates {
  return {
    localPerSecond: median(runs.map((run) => run.localPerSecond)),
    remotePerSecond: median(runs.map((run) => run.remotePerSecond)),
    bytesPerOperation: median(runs.map((run) => run.bytesPerOperation)),
  }
}
