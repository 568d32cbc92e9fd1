import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { SpaceState } from '#crdt-objects/engine.ts'
import { document, isJoineryError } from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { canonicalText } from '#test/suites/canonical-text.ts'
import { replicaId, runHistory, steps } from '#test/suites/history.ts'
import { carryOut, drawOperation, drawsFrom } from '#test/suites/operations.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'
import { stateText } from '#test/suites/state-text.ts'
import { shapeOf } from '#test/suites/type-spec.ts'

const NAME = 'object'

/** One replica that nobody follows: each operation is sealed, and no batch of it is made. */
class Alone {
  timeMs = 1_000_000
  private state: SpaceState
  private readonly schema: Schema

  constructor(schema: Schema) {
    this.schema = schema
    this.state = this.fresh()
  }

  private fresh(): SpaceState {
    return new SpaceState({ replica: 1n, clock: () => this.timeMs })
  }

  private get handle(): { readonly value: unknown } {
    const { kind } = this.schema
    return this.state.open(NAME, kind).handle(kind) as { readonly value: unknown }
  }

  get value(): string {
    return canonicalText(this.handle.value)
  }

  encode(): Uint8Array {
    return this.state.encodeState({ canonical: true })
  }

  step(integers: readonly number[]): void {
    this.timeMs += (integers[0] ?? 0) % 3
    const shape = shapeOf(this.schema)
    const draw = drawsFrom(integers.slice(1))
    carryOut(
      this.handle,
      shape,
      drawOperation(shape, draw, () => this.handle.value),
    )
    this.state.seal()
  }

  change(work: (draft: never) => void): void {
    this.timeMs++
    ;(this.handle as unknown as { change(work: (draft: never) => void): void }).change(work)
    this.state.seal()
  }

  restart(): void {
    const bytes = this.encode()
    this.state = this.fresh()
    assert.equal(this.state.restore(bytes), 'restored')
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('a replica that is restored from its own state', () => {
  before(loadAllEngines)

  for (const [title, schema] of schemaByTitle) {
    it(`goes on as if it had never stopped, to the last bit: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, fastCheck.array(fastCheck.nat(3)), (drawn, restarts) => {
          const [steady, looked, restarted] = [
            new Alone(schema),
            new Alone(schema),
            new Alone(schema),
          ]
          for (const [i, step] of drawn.entries()) {
            for (const each of [steady, looked, restarted]) each.step(step)
            // Reading and encoding leave no trace either.
            if (restarts[i] === 1) assert.equal(looked.value, restarted.value)
            if (restarts[i] === 2) looked.encode()
            if (restarts[i] !== 0) restarted.restart()
          }
          const bytes = hex(steady.encode())
          assert.equal(restarted.value, steady.value)
          assert.equal(hex(looked.encode()), bytes)
          assert.equal(hex(restarted.encode()), bytes)
        }),
        runsOf(title, 'restore', 10),
      )
    })

    it(`has and goes on with what it had among others: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(
          steps,
          fastCheck.array(steps, { maxLength: 2 }),
          (drawn, [more = []]) => {
            const history = runHistory(schema, drawn)
            for (const replica of history.states.keys()) history.seal(replica)
            const [original] = history.states as [SpaceState]
            const again = history.observer(replicaId(0))
            assert.equal(again.restore(original.encodeState()), 'restored')
            assert.equal(stateText(again), stateText(original))
            // What each goes on to do reaches a third one, which knows nothing of the restart.
            const shape = shapeOf(schema)
            const followers = [original, again].map((state) => {
              const follower = history.observer()
              follower.joinState(state.encodeState())
              const handle = state.open('object', schema.kind).handle(schema.kind)
              for (const step of more) {
                const reading = (): unknown => (handle as { readonly value: unknown }).value
                carryOut(handle, shape, drawOperation(shape, drawsFrom(step), reading))
                const batch = state.takeBatch()
                if (batch !== undefined) assert.equal(follower.apply(batch), 'applied')
              }
              return stateText(follower)
            })
            assert.equal(followers[1], followers[0])
            assert.equal(stateText(again), stateText(original))
          },
        ),
        runsOf(title, 'restore among others', 10),
      )
    })
  }

  it('goes on so with a document whose history is long enough to be packed', () => {
    const schema = document({ lines: [] as string[], title: '' })
    const alone = Array.from({ length: 4 }, () => new Alone(schema))
    for (let i = 0; i < 90; i++) {
      for (const [which, each] of alone.entries()) {
        each.change((draft: { lines: string[]; title: string }) => {
          draft.title = `title ${i}`
          if (i % 10 === 0) draft.lines.push('x'.repeat(9000))
        })
        // Packed at other times: by encoding early, and often, and by a restart.
        if (which === 1 && i === 70) each.encode()
        if (which === 2 && i % 7 === 0) each.encode()
        if (which === 3 && i % 37 === 0) each.restart()
      }
    }
    const [bytes, ...others] = alone.map((each) => hex(each.encode()))
    for (const other of others) assert.equal(other, bytes)
  })

  it('refuses the state of another replica, and any state once it has begun', () => {
    const state = new SpaceState({ replica: 1n, clock: () => 1 })
    const { kind } = schemaByTitle.get('counter')!
    const handle = state.open(NAME, kind).handle(kind) as { add(n: number): void }
    handle.add(1)
    state.seal()
    const bytes = state.encodeState()
    const other = new SpaceState({ replica: 2n, clock: () => 1 })
    assert.throws(
      () => other.restore(bytes),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
    assert.equal([...other.objects()].length, 0)
    assert.throws(() => state.restore(bytes), /too late/)
  })
})
