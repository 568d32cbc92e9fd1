// Types within types: schemas drawn at random, to a depth of four, over all kinds.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import type { Schema } from '#crdt-objects/schema.ts'
import { canonicalText } from '#test/suites/canonical-text.ts'
import { everythingOf } from '#test/suites/everything.ts'
import { History, OBJECT, drain, drawnSteps } from '#test/suites/history.ts'
import { drawsFrom } from '#test/suites/operations.ts'
import { Oracle, compareAll } from '#test/suites/oracle.ts'
import { drawSchemaAround, drawVersions } from '#test/suites/random-schema.ts'
import type { Versions } from '#test/suites/random-schema.ts'
import { runsBy, runsOf } from '#test/suites/runs.ts'
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
    assert.deepEqual(everythingOf(other, schema), everythingOf(first, schema))
  }
}

/** Runs a history in which some replicas have one version of the schema, some another. */
function agreeAcross(
  { versions, union, project }: Versions,
  drawn: readonly (readonly number[])[],
): void {
  const replicas = 3 + (drawn.length % 3)
  const oracle = new Oracle(union, replicas)
  const history = new History(union, replicas, {
    watcher: oracle,
    schemaOf: (replica) => versions[replica % 2]!,
  })
  const compare = (): void => {
    for (const [replica, handle] of history.handles.entries()) {
      const expected = project(replica % 2, oracle.read(replica))
      assert.equal(canonicalText((handle as { value: unknown }).value), canonicalText(expected))
    }
  }
  for (const step of drawn) {
    history.step(drawsFrom(step))
    compare()
  }
  history.settle()
  compare()
  // Who comes to it later, by state or by batch, with either version or both.
  for (const state of history.states) {
    const late = history.observer()
    late.joinState(state.encodeState())
    for (const [index, { kind }] of [...versions, union].entries()) {
      const read = late.open(OBJECT, kind).handle(kind) as { value: unknown }
      const expected = index === 2 ? oracle.read(0) : project(index, oracle.read(0))
      assert.equal(canonicalText(read.value), canonicalText(expected))
    }
  }
}

describe('composition', () => {
  before(loadAllEngines)

  for (const [title, leaf] of Object.entries(leaves)) {
    it(`schemas around ${title}, drawn to depth four, converge and read what the definitions say`, () => {
      fastCheck.assert(
        fastCheck.property(schemaDraws, deepSteps, (draws, drawn) => {
          agree(drawSchemaAround(leaf, DEPTH_MAX, drawsFrom(draws)), drawn)
        }),
        { ...runsOf(title, 'composition'), ...runsBy(15) },
      )
    })
  }

  it('replicas with different versions of a schema keep each other’s fields, and each sees its own', () => {
    fastCheck.assert(
      fastCheck.property(schemaDraws, deepSteps, (draws, drawn) => {
        const draw = drawsFrom(draws)
        agreeAcross(drawVersions(2 + draw(2), draw), drawn)
      }),
      runsBy(4),
    )
  })
})
