import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { packReplica, SpaceState, type Budget } from '#crdt-objects/engine.ts'
import { flag, isJoineryError, JoineryError, list, map, set, text } from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { OBJECT, drawnSteps } from '#test/suites/history.ts'
import { carryOut, drawOperation, drawsFrom } from '#test/suites/operations.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'
import { stateText } from '#test/suites/state-text.ts'
import { shapeOf } from '#test/suites/type-spec.ts'
import { glimpse, open } from './replicas.ts'

describe('a replica whose peer has no room', () => {
  before(loadAllEngines)

  let timeMs: number
  let budget: { isFull: boolean } & Budget

  beforeEach(() => {
    timeMs = 1_000_000
    budget = {
      isFull: false,
      refusal: () => new JoineryError('HEAP_FULL', 'full', { bytes: 2, bytesMax: 1 }),
    }
  })

  function replica(slot: number, isBounded: boolean): SpaceState {
    return new SpaceState({
      ...{ replica: packReplica(slot, 1), clock: () => timeMs++ },
      ...(isBounded && { budget }),
    })
  }

  function write(state: SpaceState, schema: Schema, integers: readonly number[]): void {
    const handle = open(state, schema, OBJECT) as { readonly value: unknown }
    const shape = shapeOf(schema)
    carryOut(
      handle,
      shape,
      drawOperation(shape, drawsFrom(integers), () => handle.value),
    )
  }

  const steps = drawnSteps({ integers: 6, most: 16 })
  for (const [title, schema] of schemaByTitle) {
    it(`refuses what adds, as if it were not asked, and takes what others write: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, steps, (early, late) => {
          budget.isFull = false
          const full = replica(0, true)
          const other = replica(1, false)
          for (const step of early) write(full, schema, step)
          const batch = full.takeBatch()
          if (batch !== undefined) other.apply(batch)
          budget.isFull = true
          for (const step of late) {
            const before = [glimpse(full), full.pendingUpdates]
            try {
              write(full, schema, step)
            } catch (error) {
              if (!isJoineryError(error, 'HEAP_FULL')) throw error
              assert.deepEqual([glimpse(full), full.pendingUpdates], before)
            }
            write(other, schema, step)
          }
          const removals = full.takeBatch()
          const written = other.takeBatch()
          if (written !== undefined) assert.equal(full.apply(written), 'applied')
          if (removals !== undefined) assert.equal(other.apply(removals), 'applied')
          assert.equal(stateText(full), stateText(other))
          budget.isFull = false
          for (const step of late) write(full, schema, step)
        }),
        runsOf(title, 'budget', 8),
      )
    })
  }

  const removals: Readonly<Record<string, (state: SpaceState) => (() => void)[]>> = {
    map: (state) => {
      const entries = open(state, map<number>())
      entries.set('a', 1)
      entries.set('b', 2)
      return [() => entries.delete('a'), () => entries.clear(), () => entries.set('c', 1)]
    },
    set: (state) => {
      const members = open(state, set<string>())
      members.add('a')
      members.add('b')
      return [() => members.delete('a'), () => members.clear(), () => members.add('c')]
    },
    list: (state) => {
      const items = open(state, list<string>())
      items.push('a', 'b', 'c')
      return [() => items.delete(0), () => items.delete(0, 2), () => items.push('d')]
    },
    text: (state) => {
      const note = open(state, text())
      note.append('abc')
      return [() => note.delete(0, 1), () => note.delete(0, 2), () => note.append('d')]
    },
    flag: (state) => {
      const isOn = open(state, flag())
      isOn.enable()
      return [() => isOn.disable(), () => undefined, () => isOn.enable()]
    },
  }
  for (const [name, make] of Object.entries(removals)) {
    it(`takes what takes something away: ${name}`, () => {
      const state = replica(0, true)
      const [one, all, add] = make(state) as [() => void, () => void, () => void]
      const refused = (error: unknown): boolean => isJoineryError(error, 'HEAP_FULL')
      budget.isFull = true
      assert.throws(add, refused)
      one()
      assert.throws(add, refused)
      all()
      budget.isFull = false
      add()
    })
  }

  it('undoes all of a transaction that adds something', () => {
    const state = replica(0, true)
    const entries = open(state, map<number>())
    entries.set('a', 1)
    budget.isFull = true
    assert.throws(
      () => {
        state.transact((tx) => {
          const draft = tx(entries) as typeof entries
          draft.delete('a')
          draft.set('b', 2)
        })
      },
      (error) => isJoineryError(error, 'HEAP_FULL'),
    )
    assert.deepEqual([...entries.entries()], [['a', 1]])
  })
})
