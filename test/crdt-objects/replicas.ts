import assert from 'node:assert/strict'
import { SpaceState } from '#crdt-objects/engine.ts'
import { isJoineryError, type ErrorCode } from '#crdt-objects/index.ts'
import type { Local } from '#crdt-objects/handles.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { stateText } from '#test/suites/state-text.ts'

/** A wall clock that stands still until it is moved. */
export interface StoppedClock {
  ms: number
}

/** A replica whose clock ticks once a call, unless one is lent. */
export function replica(id: bigint, clock?: StoppedClock): SpaceState {
  let ticks = 1_000
  return new SpaceState({ replica: id, clock: () => clock?.ms ?? ticks++ })
}

/** Opens an object: its local handle, typed by the schema. */
export function open<S extends Schema>(state: SpaceState, schema: S, name = 'object'): Local<S> {
  return state.open(name, schema.kind).handle(schema.kind)
}

/** Replicas 1, 2, … that share one object, and their handles on it. */
export function share<S extends Schema>(
  schema: S,
  count = 2,
): { states: SpaceState[]; handles: Local<S>[] } {
  const states = Array.from({ length: count }, (_, index) => replica(BigInt(index + 1)))
  return { states, handles: states.map((state) => open(state, schema)) }
}

/** Everyone takes a batch, and everyone gets them all. */
export function sync(...states: readonly SpaceState[]): void {
  const batches = states.flatMap((state) => state.takeBatch() ?? [])
  for (const state of states) {
    let waiting = batches
    while (waiting.length > 0) {
      const refused = waiting.filter((batch) => state.apply(batch) === 'gap')
      assert.ok(refused.length < waiting.length, 'batches that wait for each other')
      waiting = refused
    }
  }
}

/** Asserts that `call` throws our error with this code, and that it changed nothing. */
export function refuses(state: SpaceState, code: ErrorCode, call: () => unknown): void {
  const before = glimpse(state)
  assert.throws(call, (error) => isJoineryError(error, code), `expected ${code}`)
  assert.equal(glimpse(state), before)
}

/** All that a refused call must leave as it was. */
export function glimpse(state: SpaceState): string {
  const pending = state.pendingUpdates
  const vector = [...state.vector.entries()].map(([id, last]) => `${id}:${last}`).sort()
  const readings = [...state.objects()].map((object) => {
    const handle = object.handle() as { toJSON(): unknown }
    return [object.name, object.present, JSON.stringify(handle.toJSON())]
  })
  return JSON.stringify([pending, vector, readings, pending === 0 ? stateText(state) : ''])
}
