/*
 * Our objects and Y.Map under the same load: `perFlush` operations, then their bytes. Another replica takes them.
 */
import { map, set, type Schema } from '@joinery/crdt-objects'
import { kindOf, SpaceState } from '@joinery/crdt-objects/engine'
import * as Y from 'yjs'
import { median } from '../figure.ts'
import { answer, readOptions } from './parent.ts'

/** One engine's figures for one operation. */
export interface ObjectRates {
  readonly localPerSecond: number
  readonly remotePerSecond: number
  readonly bytesPerOperation: number
}

/** One operation in both engines. */
export interface ObjectComparison {
  readonly verb: 'map.set' | 'set.add'
  readonly perFlush: number
  readonly ours: ObjectRates
  readonly yjs: ObjectRates
}

interface Run {
  readonly operate: (number: number) => void
  /** Runs `perFlush` operations as one update, and gives its bytes. */
  readonly flush: (operations: () => void) => Uint8Array
  /** Applies updates at a fresh replica. */
  readonly receive: (updates: readonly Uint8Array[]) => void
}

const keys = Array.from({ length: 1000 }, (_, number) => `key-${number}`)
const values = Array.from({ length: 4096 }, (_, number) => `value-${number}`)
const warmUps = 3
const { count, repetitions } = readOptions<{ count: number; repetitions: number }>()

const comparisons: ObjectComparison[] = []
for (const verb of ['map.set', 'set.add'] as const) {
  for (const perFlush of [1, 100]) comparisons.push(compare(verb, perFlush))
}
answer(comparisons)

function compare(verb: ObjectComparison['verb'], perFlush: number): ObjectComparison {
  const ours: ObjectRates[] = []
  const yjs: ObjectRates[] = []
  // One after the other, so that whatever else the machine does befalls both. The first rounds warm up.
  for (let round = 0; round < warmUps + repetitions; round++) {
    ours.push(measure(ourRun(verb), perFlush))
    yjs.push(measure(yjsRun(verb), perFlush))
  }
  return { verb, perFlush, ours: middle(ours.slice(warmUps)), yjs: middle(yjs.slice(warmUps)) }
}

function middle(rates: readonly ObjectRates[]): ObjectRates {
  return {
    localPerSecond: median(rates.map((rate) => rate.localPerSecond)),
    remotePerSecond: median(rates.map((rate) => rate.remotePerSecond)),
    bytesPerOperation: median(rates.map((rate) => rate.bytesPerOperation)),
  }
}

function measure({ operate, flush, receive }: Run, perFlush: number): ObjectRates {
  const updates: Uint8Array[] = []
  const startMs = performance.now()
  for (let done = 0; done < count; done += perFlush) {
    updates.push(
      flush(() => {
        for (let number = done; number < done + perFlush; number++) operate(number)
      }),
    )
  }
  const localMs = performance.now() - startMs
  const receiveMs = performance.now()
  receive(updates)
  const remoteMs = performance.now() - receiveMs
  const bytes = updates.reduce((sum, update) => sum + update.length, 0)
  return {
    localPerSecond: (count * 1000) / localMs,
    remotePerSecond: (count * 1000) / remoteMs,
    bytesPerOperation: bytes / count,
  }
}

function ourRun(verb: ObjectComparison['verb']): Run {
  const state = newState(0x1234_5678_9abc_def0n)
  const texts = open(state, map<string>())
  const tags = open(state, set())
  return {
    operate:
      verb === 'map.set'
        ? (number) => {
            texts.set(key(number), value(number))
          }
        : (number) => {
            tags.add(key(number))
          },
    flush: (operations) => {
      operations()
      return state.takeBatch() ?? new Uint8Array()
    },
    receive: (updates) => {
      const replica = newState(0x0fed_cba9_8765_4321n)
      for (const update of updates) {
        if (replica.apply(update) !== 'applied') throw new Error('a batch was not applied')
      }
    },
  }
}

function newState(replica: bigint): SpaceState {
  return new SpaceState({ replica, clock: () => Date.now() })
}

type LocalOf<S> = S extends Schema<{ value: unknown; local: infer L; remote: unknown }> ? L : never

function open<S extends Schema>(state: SpaceState, schema: S): LocalOf<S> {
  const kind = kindOf(schema)
  return state.open(kind.name, kind).handle() as LocalOf<S>
}

/** A document whose transactions are the flushes; without one, each operation is a transaction of its own. */
function yjsRun(verb: ObjectComparison['verb']): Run {
  const document = new Y.Doc()
  const entries = document.getMap(verb)
  let bytes = new Uint8Array()
  document.on('update', (update: Uint8Array) => {
    bytes = update as Uint8Array<ArrayBuffer>
  })
  return {
    operate: (number) => {
      entries.set(key(number), verb === 'map.set' ? value(number) : true)
    },
    flush: (operations) => {
      document.transact(operations)
      return bytes
    },
    receive: (updates) => {
      const replica = new Y.Doc()
      replica.getMap(verb)
      for (const update of updates) Y.applyUpdate(replica, update)
    },
  }
}

function key(number: number): string {
  return keys[number % keys.length] ?? ''
}

function value(number: number): string {
  return values[number % values.length] ?? ''
}
