/*
 * Single figures of objects, each against what a program would use otherwise. Ours and theirs by turns.
 */
import { log, map, vector } from '@joinery/crdt-objects'
import * as Y from 'yjs'
import { automerge } from '../engines/automerge.ts'
import { type Engine, type Workload } from '../engines/engine.ts'
import { joinery, newState, openObject } from '../engines/joinery.ts'
import { yjs } from '../engines/yjs.ts'
import { median } from '../figure.ts'
import { usedBytes } from './heap.ts'
import { answer, readOptions, serve } from './parent.ts'

/** What to measure: each with its answer in {@link FigureAnswers}. */
export type FigureTask =
  | { readonly kind: 'plain-map' | 'log' | 'vector'; readonly perFlush: number }
  | { readonly kind: 'overwrites'; readonly engine: 'joinery' | 'yjs' }
  | { readonly kind: 'state'; readonly workload: Workload }

/** How far it goes. */
export interface FigureLoad {
  readonly count: number
  readonly repetitions: number
}

/** Microseconds an operation, its bytes for others included. */
export interface Times {
  readonly oursUs: number
  readonly theirsUs: number
}

/** What two keys, written again and again, leave behind. */
export interface Overwrites {
  readonly stateBytes: number
  readonly heapGrownBytes: number
}

/** What a newcomer is sent, and how long it takes to load it. */
export interface StateFigures {
  readonly bytes: number
  readonly loadMs: number
}

const { count, repetitions } = readOptions<FigureLoad>()

serve<FigureTask>((task) => {
  switch (task.kind) {
    case 'plain-map':
      return Promise.resolve(againstPlainMap(task.perFlush))
    case 'log':
      return Promise.resolve(logAgainstArray(task.perFlush))
    case 'vector':
      return Promise.resolve(vectorAgainstLoop(task.perFlush))
    case 'overwrites':
      return Promise.resolve(overwriteTwoKeys(task.engine))
    case 'state':
      return Promise.resolve(compareStates(task.workload))
  }
})
answer({})

/** Each gets its operations anew in every round; the first round warms up. */
function byTurns(operations: number, ours: () => () => void, theirs: () => () => void): Times {
  const samples = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 0; round <= repetitions; round++) {
    samples.ours.push(timeUs(ours()) / operations)
    samples.theirs.push(timeUs(theirs()) / operations)
  }
  return { oursUs: median(samples.ours.slice(1)), theirsUs: median(samples.theirs.slice(1)) }
}

function timeUs(work: () => void): number {
  const startMs = performance.now()
  work()
  return (performance.now() - startMs) * 1000
}

/** As many distinct keys as there are operations, against a `Map` that tells nobody. */
function againstPlainMap(perFlush: number): Times {
  const keys = Array.from({ length: count }, (_, number) => `key-${number}`)
  return byTurns(
    count,
    () => {
      const state = newState()
      const texts = openObject(state, map<string>())
      return () => {
        for (const [number, key] of keys.entries()) {
          texts.set(key, 'value')
          if ((number + 1) % perFlush === 0) state.takeBatch()
        }
      }
    },
    () => {
      const texts = new Map<string, string>()
      return () => {
        for (const key of keys) texts.set(key, 'value')
      }
    },
  )
}

/** Entries put at the end of many others. */
function logAgainstArray(perFlush: number): Times {
  const state = newState()
  const entries = openObject(state, log<string>())
  const document = new Y.Doc()
  document.on('update', () => undefined)
  const array = document.getArray<string>('entries')
  const many = Array.from({ length: count }, (_, number) => `entry-${number}`)
  for (let from = 0; from < count; from += 1000) entries.append(...many.slice(from, from + 1000))
  state.takeBatch()
  array.push(many)
  const appends = Math.max(perFlush, count / 100)
  return byTurns(
    appends,
    () => () => {
      for (let number = 1; number <= appends; number++) {
        entries.append('entry')
        if (number % perFlush === 0) state.takeBatch()
      }
    },
    () => () => {
      for (let done = 0; done < appends; done += perFlush) {
        document.transact(() => {
          for (let number = 0; number < perFlush; number++) array.push(['entry'])
        })
      }
    },
  )
}

/** Ten thousand numbers added to as many, against a loop that tells nobody. `perFlush` 0 makes no batch. */
function vectorAgainstLoop(perFlush: number): Times {
  const length = 10_000
  const additions = Math.max(perFlush, count / 200)
  const amounts = Float64Array.from({ length }, (_, index) => index / 7)
  return byTurns(
    additions,
    () => {
      const state = newState()
      const sums = openObject(state, vector(length))
      return () => {
        for (let number = 1; number <= additions; number++) {
          sums.add(amounts)
          if (perFlush > 0 && number % perFlush === 0) state.takeBatch()
        }
      }
    },
    () => {
      const sums = new Float64Array(length)
      return () => {
        for (let number = 0; number < additions; number++) {
          for (let i = 0; i < length; i++) sums[i] = (sums[i] ?? 0) + (amounts[i] ?? 0)
        }
      }
    },
  )
}

/** Ten times as many writes as `count`, and what is left of them. */
function overwriteTwoKeys(name: 'joinery' | 'yjs'): Overwrites {
  const workload: Workload = { verb: 'map.set', keys: 2 }
  const engine = name === 'joinery' ? joinery(workload) : yjs(workload)
  fill(engine, count / 10)
  const before = usedBytes()
  fill(engine, count * 10)
  const heapGrownBytes = usedBytes() - before
  return { stateBytes: engine.state().length, heapGrownBytes }
}

function fill({ flush, operate }: Engine, operations: number): void {
  for (let from = 0; from < operations; from += 100) {
    flush(() => {
      for (let number = from; number < from + 100; number++) operate(number)
    })
  }
}

function compareStates(workload: Workload): Record<'joinery' | 'yjs' | 'automerge', StateFigures> {
  return {
    joinery: stateOf(joinery(workload)),
    yjs: stateOf(yjs(workload)),
    automerge: stateOf(automerge(workload)),
  }
}

function stateOf(engine: Engine): StateFigures {
  fill(engine, count / 5)
  const bytes = engine.state()
  const loads = Array.from({ length: repetitions + 2 }, () => {
    return timeUs(() => {
      engine.load(bytes)
    })
  })
  return { bytes: bytes.length, loadMs: median(loads.slice(2)) / 1000 }
}
