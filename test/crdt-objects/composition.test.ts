// Types within types: schemas drawn at random, to a depth of four, over all kinds.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import type { Schema } from '#crdt-objects/schema.ts'
import { everythingOf } from '#test/suites/everything.ts'
import { History, drain, drawnSteps } from '#test/suites/history.ts'
import { drawsFrom } from '#test/suites/operations.ts'
import { Oracle, compareAll } from '#test/suites/oracle.ts'
import { drawSchemaAround } from '#test/suites/random-schema.ts'
import { runsBy } from '#test/suites/runs.ts'
import { seed } from '#test/seed.ts'
import { leaves, loadAllEngines } from '#test/suites/schemas.ts'

const DEPTH_MAX = 4

const schemaDraws = fastCheck.noBias(
  fastCheck.array(fastCheck.nat(719), { minLength: 16, maxLength: 32 }),
)
const deepSteps = drawnSteps({ integers: 14, most: 60 })

/** Runs a history beside the oracle, comparing after every step, and then everyone with everyone. */
function agree(schema: Schema, drawn: readonly (readonly number[])[]): void {
  const replicas = 3 + (drawn.length % 3)
  const oracle = new Oracle(schema, replicas)
  const history = new History(schema, replicas, { watcher: oracle })
  for (const step of drawn) {
    history.step(drawsFrom(step))
    compareAll(history, oracle)
  }
  for (const index of history.states.keys()) history.seal(index)
  const encoded = history.states.map((state) => state.encodeState())
  history.settle()
  compareAll(history, oracle)

  const byState = history.observer()
  for (const bytes of encoded) byState.joinState(bytes)
  const byBatch = history.observer()
  drain(history.batches.flat(), (batch) => byBatch.apply(batch) !== 'gap')
  const [first, ...others] = [...history.states, byState, byBatch]
  for (const other of others) {
    assert.deepEqual(everythingOf(other, schema), everythingOf(first!, schema))
  }
}

describe('composition', () => {
  before(loadAllEngines)

  for (const [index, [title, leaf]] of Object.entries(leaves).entries()) {
    it(`${title}: schemas around it, drawn to depth four, converge and read what the definitions say`, () => {
      fastCheck.assert(
        fastCheck.property(schemaDraws, deepSteps, (draws, drawn) => {
          agree(drawSchemaAround(leaf, DEPTH_MAX, drawsFrom(draws)), drawn)
        }),
        // Each leaf has schemas and histories of its own.
        { ...runsBy(10), seed: seed + index },
      )
    })
  }
})
