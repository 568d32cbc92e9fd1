/*
 * The same load in each engine: `perFlush` operations, then their bytes. Another replica takes them.
 */
import { automerge } from '../engines/automerge.ts'
import { type Engine, type Workload } from '../engines/engine.ts'
import { joinery } from '../engines/joinery.ts'
import { yjs } from '../engines/yjs.ts'
import { median } from '../figure.ts'
import { answer, readOptions, serve } from './parent.ts'

/** One engine's figures for one operation. */
export interface ObjectRates {
  readonly localPerSecond: number
  readonly remotePerSecond: number
  readonly bytesPerOperation: number
}

/** One workload in each engine. */
export interface ObjectComparison extends ObjectTask {
  readonly ours: ObjectRates
  readonly yjs: ObjectRates
  readonly automerge: ObjectRates
}

/** How far it goes. */
export interface ObjectLoad {
  readonly repetitions: number
  /** Automerge does as much as it does in this time. */
  readonly automergeMsMax: number
}

/** What to compare next. */
export interface ObjectTask extends Workload {
  readonly perFlush: number
  readonly count: number
}

const warmUps = 2
const receiveMsMin = 10
const { repetitions, automergeMsMax } = readOptions<ObjectLoad>()

serve<ObjectTask>((task) => Promise.resolve(compare(task)))
answer({})

function compare(task: ObjectTask): ObjectComparison {
  const ours: ObjectRates[] = []
  const theirs: ObjectRates[] = []
  // One after the other, so that whatever else the machine does befalls both. The first rounds warm up.
  for (let round = 0; round < warmUps + repetitions; round++) {
    ours.push(measure(joinery(task), task))
    theirs.push(measure(yjs(task), task))
  }
  measure(automerge(task), task, automergeMsMax / 4)
  return {
    ...task,
    ours: middle(ours.slice(warmUps)),
    yjs: middle(theirs.slice(warmUps)),
    automerge: measure(automerge(task), task, automergeMsMax),
  }
}

function middle(rates: readonly ObjectRates[]): ObjectRates {
  return {
    localPerSecond: median(rates.map((rate) => rate.localPerSecond)),
    remotePerSecond: median(rates.map((rate) => rate.remotePerSecond)),
    bytesPerOperation: median(rates.map((rate) => rate.bytesPerOperation)),
  }
}

function measure(engine: Engine, { perFlush, count }: ObjectTask, msMax = Infinity): ObjectRates {
  const { operate, flush, receive } = engine
  const updates: Uint8Array[] = []
  let done = 0
  const startMs = performance.now()
  while (done < count) {
    const from = done
    done += perFlush
    updates.push(
      flush(() => {
        for (let number = from; number < done; number++) operate(number)
      }),
    )
    if (msMax < Infinity && performance.now() - startMs > msMax) break
  }
  const localMs = performance.now() - startMs
  let receptions = 0
  const receiveMs = performance.now()
  // Updates in which much has become one are taken in so fast that once would tell nothing.
  do {
    receive(updates)
    receptions++
  } while (performance.now() - receiveMs < receiveMsMin)
  const remoteMs = (performance.now() - receiveMs) / receptions
  const bytes = updates.reduce((sum, update) => sum + update.length, 0)
  return {
    localPerSecond: (done * 1000) / localMs,
    remotePerSecond: (done * 1000) / remoteMs,
    bytesPerOperation: bytes / done,
  }
}
