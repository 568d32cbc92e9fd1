import { counter, map, set, type Schema } from '@joinery/crdt-objects'
import { kindOf, SpaceState } from '@joinery/crdt-objects/engine'
import { keyOf, textOf, type Engine, type Workload } from './engine.ts'

/** Objects of ours, in a space without a peer. */
export function joinery(workload: Workload): Engine {
  const state = newState()
  return {
    operate: operation(workload, state),
    flush: (operations) => {
      operations()
      return state.takeBatch() ?? new Uint8Array()
    },
    receive: (updates) => {
      const replica = newState(0x8fed_cba9_8765_4321n)
      for (const update of updates) {
        if (replica.apply(update) !== 'applied') throw new Error('a batch was not applied')
      }
    },
    state: () => state.encodeState(),
    load: (bytes) => {
      if (newState(0x8fed_cba9_8765_4321n).joinState(bytes) !== true) {
        throw new Error('a state was not joined')
      }
    },
  }
}

function operation(workload: Workload, state: SpaceState): Engine['operate'] {
  if (workload.verb === 'map.set') {
    const texts = openObject(state, map<string>())
    return (number) => {
      texts.set(keyOf(number, workload), textOf(number))
    }
  }
  if (workload.verb === 'set.add') {
    const tags = openObject(state, set())
    return (number) => {
      tags.add(keyOf(number, workload))
    }
  }
  const hits = openObject(state, map(counter()))
  // A program that counts keeps its handles: an address costs nothing to keep.
  const counters = Array.from({ length: workload.keys }, (_, key) => hits.at(keyOf(key, workload)))
  return (number) => {
    counters[number % counters.length]?.add(1)
  }
}

/** A replica of a space. */
export function newState(replica = 0x9234_5678_9abc_def0n): SpaceState {
  return new SpaceState({ replica, clock: () => Date.now() })
}

type LocalOf<S> =
  S extends Schema<{ value: unknown; local: infer L; remote: unknown; strong: unknown }> ? L : never

/** The local handle of an object of that schema. */
export function openObject<S extends Schema>(state: SpaceState, schema: S): LocalOf<S> {
  const kind = kindOf(schema)
  return state.open(kind.name, kind).handle(kind) as LocalOf<S>
}
