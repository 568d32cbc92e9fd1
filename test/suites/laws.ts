// The laws that make replicas agree. Every type passes this suite; nothing here knows any type.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import type { Schema } from '#crdt-objects/schema.ts'
import type { SpaceState } from '#crdt-objects/engine.ts'
import { everythingOf as textsOf, type Everything } from './everything.ts'
import { type History, drain, replicaId, runHistory, steps } from './history.ts'
import { drawsFrom } from './operations.ts'
import { historiesOf, runsOf } from './runs.ts'

function joined(history: History, ...states: readonly Uint8Array[]): SpaceState {
  const observer = history.observer()
  for (const state of states) observer.joinState(state)
  return observer
}

function sealedStates(history: History): Uint8Array[] {
  for (const index of history.states.keys()) history.seal(index)
  return history.states.map((state) => state.encodeState())
}

/** Defines the laws for one schema. */
export function describeLaws(title: string, schema: Schema): void {
  const everythingOf = (state: SpaceState): Everything => textsOf(state, schema)

  describe(`${title}: laws, each over ${historiesOf(title)} histories`, () => {
    it('the join of states is associative, commutative and idempotent', () => {
      fastCheck.assert(
        fastCheck.property(steps, (drawn) => {
          const history = runHistory(schema, drawn)
          const [a, b, c] = sealedStates(history) as [Uint8Array, Uint8Array, Uint8Array]
          const left = everythingOf(joined(history, joined(history, a, b).encodeState(), c))
          const right = everythingOf(joined(history, a, joined(history, b, c).encodeState()))
          assert.deepEqual(left, right)
          assert.deepEqual(everythingOf(joined(history, c, b, a)), left)
          const twice = joined(history, a, b, c)
          assert.equal(twice.joinState(twice.encodeState()), false)
          assert.equal(twice.joinState(b), false)
          assert.deepEqual(everythingOf(twice), left)
        }),
        runsOf(title, 'join'),
      )
    })

    it('joining states gives what applying the batches gives', () => {
      fastCheck.assert(
        fastCheck.property(steps, (drawn) => {
          const history = runHistory(schema, drawn)
          const byState = everythingOf(joined(history, ...sealedStates(history)))
          const byBatch = history.observer()
          drain(history.batches.flat(), (batch) => byBatch.apply(batch) !== 'gap')
          assert.deepEqual(everythingOf(byBatch), byState)
          history.settle()
          for (const state of history.states) assert.deepEqual(everythingOf(state), byState)
        }),
        runsOf(title, 'batches'),
      )
    })

    it('any order of batches, each origin in its own, with any repeated, gives the same', () => {
      const orders = fastCheck.array(fastCheck.nat(1000), { minLength: 8, maxLength: 40 })
      fastCheck.assert(
        fastCheck.property(steps, orders, (drawn, order) => {
          const history = runHistory(schema, drawn)
          for (const index of history.states.keys()) history.seal(index)
          const straight = history.observer()
          drain(history.batches.flat(), (batch) => straight.apply(batch) !== 'gap')
          const crooked = history.observer(0xfffen)
          const batches = history.batches.flat()
          for (const draw of order) {
            if (batches.length > 0) crooked.apply(batches[draw % batches.length]!)
          }
          drain([...batches].reverse(), (batch) => crooked.apply(batch) !== 'gap')
          for (const batch of batches) assert.equal(crooked.apply(batch), 'duplicate')
          assert.deepEqual(everythingOf(crooked), everythingOf(straight))
        }),
        runsOf(title, 'order'),
      )
    })

    it('what is decoded is what was encoded', () => {
      fastCheck.assert(
        fastCheck.property(steps, (drawn) => {
          const history = runHistory(schema, drawn)
          for (const [index, bytes] of sealedStates(history).entries()) {
            const copy = joined(history, bytes)
            assert.deepEqual(everythingOf(copy), everythingOf(history.states[index]!))
            assert.ok(copy.vector.equals(history.states[index]!.vector))
            assert.equal(copy.vector.hash(), history.states[index]!.vector.hash())
          }
        }),
        runsOf(title, 'round trip'),
      )
    })

    it('a transaction that throws makes no difference, then or later', () => {
      fastCheck.assert(
        fastCheck.property(steps, (drawn) => {
          const history = runHistory(schema, drawn)
          const without = runHistory(schema, drawn, { omitsFailing: true })
          history.settle()
          without.settle()
          for (const [index, state] of history.states.entries()) {
            assert.equal(history.batches[index]!.length, without.batches[index]!.length)
            assert.deepEqual(everythingOf(state), everythingOf(without.states[index]!))
          }
        }),
        runsOf(title, 'transaction'),
      )
    })

    it('a replica that joined a state goes on with batches made after it (half as many)', () => {
      fastCheck.assert(
        fastCheck.property(steps, steps, (early, late) => {
          const history = runHistory(schema, early)
          history.seal(0)
          const joiner = joined(history, history.states[0]!.encodeState())
          for (const step of late) history.step(drawsFrom(step))
          history.settle()
          drain(history.batches.flat(), (batch) => joiner.apply(batch) !== 'gap')
          assert.deepEqual(everythingOf(joiner), everythingOf(history.states[0]!))
          assert.equal(joiner.vector.get(replicaId(0)), history.states[0]!.vector.get(replicaId(0)))
        }),
        runsOf(title, 'goes on', 2),
      )
    })
  })
}
