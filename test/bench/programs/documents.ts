/*
 * Our documents and raw Automerge under the same load: `perFlush` assignments to keys of one map, then their bytes. At
 * `perFlush` 1 each is a change of its own; at 100 a flush is one change with a hundred assignments, or a hundred
 * changes whose bytes leave together.
 */
import * as Automerge from '@automerge/automerge'
import { document, type Local } from '@joinery/crdt-objects'
import { kindOf, loadEngines, SpaceState } from '@joinery/crdt-objects/engine'

/** What a flush of several assignments is: one change, or one change each. */
export type Grouping = 'one change' | 'a change each'

/** One load. */
export interface DocumentLoad {
  readonly count: number
  readonly perFlush: number
  readonly grouping: Grouping
  readonly keys: number
}

/** How one engine bore it. */
export interface DocumentRates {
  readonly localPerSecond: number
  readonly remotePerSecond: number
  readonly bytesPerOperation: number
  readonly stateBytes: number
}

interface Engine {
  /** Runs the assignments from number `first` on, and gives the bytes of the flush. */
  readonly flush: (first: number, load: DocumentLoad) => readonly Uint8Array[]
  readonly receive: (flushes: readonly (readonly Uint8Array[])[]) => void
  readonly state: () => Uint8Array
}

type Entries = Record<string, number>

const Counts = document<{ entries: Entries }>({ entries: {} })

/** Our documents; the engine is loaded. */
export async function measureOurDocuments(load: DocumentLoad): Promise<DocumentRates> {
  await loadEngines(kindOf(Counts))
  return measure(ours(), load)
}

/** Automerge by its own face. */
export function measureRawAutomerge(load: DocumentLoad): DocumentRates {
  return measure(raw(), load)
}

function measure(engine: Engine, load: DocumentLoad): DocumentRates {
  const { count, perFlush } = load
  const flushes: (readonly Uint8Array[])[] = []
  const startMs = performance.now()
  for (let first = 0; first < count; first += perFlush) flushes.push(engine.flush(first, load))
  const localMs = performance.now() - startMs
  const receiveMs = performance.now()
  engine.receive(flushes)
  const remoteMs = performance.now() - receiveMs
  const bytes = flushes.flat().reduce((sum, { length }) => sum + length, 0)
  return {
    localPerSecond: (count * 1000) / localMs,
    remotePerSecond: (count * 1000) / remoteMs,
    bytesPerOperation: bytes / count,
    stateBytes: engine.state().length,
  }
}

/** Carries out the assignments of one flush, in as many changes as it shall have. */
function assign(
  first: number,
  { perFlush, grouping, keys }: DocumentLoad,
  change: (work: (entries: Entries) => void) => void,
): void {
  const step = grouping === 'one change' ? perFlush : 1
  for (let from = first; from < first + perFlush; from += step) {
    change((entries) => {
      for (let number = from; number < from + step; number++)
        entries[`key-${number % keys}`] = number
    })
  }
}

function ours(): Engine {
  const state = newState(1n)
  const counts = open(state)
  return {
    flush: (first, load) => {
      assign(first, load, (work) => {
        counts.change((draft) => {
          work(draft.entries)
        })
      })
      return [state.takeBatch() ?? new Uint8Array()]
    },
    receive: (flushes) => {
      const other = newState(2n)
      open(other)
      for (const batch of flushes.flat()) {
        if (other.apply(batch) !== 'applied') throw new Error('a batch was not applied')
      }
    },
    state: () => state.encodeState(),
  }
}

function newState(replica: bigint): SpaceState {
  return new SpaceState({ replica, clock: () => Date.now() })
}

function open(state: SpaceState): Local<typeof Counts> {
  const kind = kindOf(Counts)
  return state.open('counts', kind).handle(kind) as Local<typeof Counts>
}

function raw(): Engine {
  let counts = Automerge.from<{ entries: Entries }>({ entries: {} })
  const begin = Automerge.getLastLocalChange(counts) ?? new Uint8Array()
  return {
    flush: (first, load) => {
      const changes: Uint8Array[] = []
      assign(first, load, (work) => {
        counts = Automerge.change(counts, (draft) => {
          work(draft.entries)
        })
        changes.push(Automerge.getLastLocalChange(counts) ?? new Uint8Array())
      })
      return changes
    },
    receive: (flushes) => {
      let [other] = Automerge.applyChanges(Automerge.init<{ entries: Entries }>(), [begin])
      for (const changes of flushes) [other] = Automerge.applyChanges(other, [...changes])
    },
    state: () => Automerge.save(counts),
  }
}

/** How long the engine takes to load in this process, which has not loaded it: without anything else of ours. */
export async function measureEngineLoad(): Promise<number> {
  const startMs = performance.now()
  await loadEngines(kindOf(Counts))
  return performance.now() - startMs
}
