import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { packReplica, SpaceState } from '#crdt-objects/engine.ts'
import {
  counter,
  list,
  log,
  map,
  register,
  set,
  struct,
  text,
  vector,
} from '#crdt-objects/index.ts'
import { drawnSteps } from '#test/suites/history.ts'
import { carryOut, drawOperation, drawsFrom } from '#test/suites/operations.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'
import { shapeOf } from '#test/suites/type-spec.ts'
import { CutOff } from './cut-off.ts'
import { open } from './replicas.ts'

describe('updates that a seal has cut', () => {
  before(loadAllEngines)

  const steps = drawnSteps({ integers: 6, most: 24 })
  for (const [title, schema] of schemaByTitle) {
    it(`are made again as they were where nobody wrote meanwhile: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, steps, (early, late) => {
          const here = new CutOff(schema)
          const shape = shapeOf(schema)
          const write = (state: SpaceState, integers: readonly number[]): void => {
            const handle = here.handle(state) as { readonly value: unknown }
            const draw = drawsFrom(integers.slice(1))
            carryOut(
              handle,
              shape,
              drawOperation(shape, draw, () => handle.value),
            )
          }
          for (const step of early) {
            write((step[0] ?? 0) % 2 === 0 ? here.author : here.member, step)
            if ((step[0] ?? 0) % 3 > 0) here.send()
            if ((step[0] ?? 0) % 5 > 2) here.receive()
          }
          here.send()
          here.receive()
          for (const step of late) {
            write(here.author, step)
            if ((step[0] ?? 0) % 3 > 0) here.keep()
          }
          here.keep()
          const reading = here.reading(here.author)
          const { state, isWhole } = here.comeBack()
          assert.equal(here.reading(state), here.reading(here.member))
          assert.equal(here.reading(state), reading)
          assert.ok(isWhole)
        }),
        runsOf(title, 'reissue', 2),
      )
    })
  }

  it('count once each', () => {
    const here = new CutOff(counter())
    here.handle(here.author).add(1)
    here.send()
    here.handle(here.author).add(10)
    here.keep()
    here.handle(here.author).add(100)
    here.keep()
    here.handle(here.member).add(1000)
    const { state } = here.comeBack()
    assert.equal(here.handle(here.member).value, 1111)
    assert.equal(here.handle(state).value, 1111)
  })

  it('leave what another removed whose removal is cut too', () => {
    const here = new CutOff(map(vector(1)))
    const other = new SpaceState({ replica: packReplica(3, 1), clock: () => here.timeMs++ })
    const add = (key: string, amount: number): void => {
      here.handle(here.author).at(key).addAt(0, amount)
    }
    add('page', 1)
    const [seen] = here.takeFrom(here.author)
    here.member.apply(seen!)
    other.apply(seen!)
    here.handle(other).delete('page')
    for (const batch of here.takeFrom(other)) here.author.apply(batch)
    assert.equal(here.handle(here.author).has('page'), false)
    // This batch also says that the author's additions to the page are over, because another has removed them.
    add('other page', 10)
    here.keep()
    const { state } = here.comeBack()
    for (const each of [state, here.member]) {
      const sums = [...here.handle(each).entries()].map(([key, [sum]]) => [key, sum])
      assert.deepEqual(sums, [
        ['other page', 10],
        ['page', 1],
      ])
    }
  })

  it('may be the first ones of a list, after others', () => {
    const here = new CutOff(struct({ hits: counter(), names: list<string>() }))
    here.handle(here.author).hits.add(1)
    here.keep()
    here.handle(here.author).names.push('x')
    here.keep()
    const { state } = here.comeBack()
    const other = new SpaceState({ replica: packReplica(5, 2), clock: () => 0 })
    other.joinState(state.encodeState())
    assert.deepEqual(here.handle(other).names.value, ['x'])
  })

  it('do not bring back what their author had added and removed', () => {
    const here = new CutOff(set<string>())
    here.handle(here.author).add('a')
    here.keep()
    here.handle(here.author).delete('a')
    here.handle(here.author).add('b')
    here.keep()
    const { state } = here.comeBack()
    assert.deepEqual(here.handle(state).value, new Set(['b']))
    assert.deepEqual(here.handle(here.member).value, new Set(['b']))
  })

  it('remove what they had observed, and not what came meanwhile', () => {
    const here = new CutOff(map(counter()))
    here.handle(here.member).at('x').add(5)
    here.receive()
    here.handle(here.author).delete('x')
    here.keep()
    here.handle(here.member).at('x').add(2)
    here.comeBack()
    assert.equal(here.handle(here.member).at('x').value, 2)
  })

  it('keep their stamps: a later write elsewhere still wins', () => {
    const here = new CutOff(register<string>())
    here.handle(here.author).set('early')
    here.keep()
    here.timeMs += 1000
    here.handle(here.member).set('late')
    const { state } = here.comeBack()
    assert.equal(here.handle(state).value, 'late')
    assert.equal(here.handle(here.member).value, 'late')
  })

  it('take their old places in a log', () => {
    const here = new CutOff(log<string>())
    here.handle(here.author).append('first')
    here.keep()
    here.timeMs += 1000
    here.handle(here.member).append('second')
    const { state } = here.comeBack()
    assert.deepEqual(here.handle(state).value, ['first', 'second'])
  })

  it('stand once in a place from which another has removed them, whose removal was cut', () => {
    const here = new CutOff(set<string>())
    const other = new SpaceState({ replica: packReplica(5, 1), clock: () => 0 })
    here.handle(here.author).add('x')
    here.keep()
    for (const batch of here.sent) other.apply(batch)
    here.handle(other).delete('x')
    here.author.apply(other.takeBatch()!)
    here.handle(here.author).add('x')
    here.keep()
    const { state } = here.comeBack()
    const joiner = new SpaceState({ replica: packReplica(6, 2), clock: () => 0 })
    joiner.joinState(state.encodeState())
    assert.deepEqual(here.handle(joiner).value, new Set(['x']))
    here.handle(joiner).delete('x')
    state.apply(joiner.takeBatch()!)
    assert.deepEqual(here.handle(state).value, new Set())
  })

  it('are put where others have inserted meanwhile, and taken by them', () => {
    const here = new CutOff(list<string>())
    here.handle(here.author).push('first', 'last')
    here.send()
    here.handle(here.author).insert(1, 'mine')
    here.keep()
    here.handle(here.author).insert(2, 'mine too')
    here.keep()
    here.handle(here.member).insert(1, 'theirs')
    const { state } = here.comeBack()
    assert.deepEqual(here.handle(state).value, ['first', 'mine', 'mine too', 'theirs', 'last'])
    assert.deepEqual(here.handle(here.member).value, here.handle(state).value)
  })

  it('are put beside what is still there of a text', () => {
    const here = new CutOff(text())
    here.handle(here.author).append('one three')
    here.send()
    here.handle(here.author).insert(4, 'two ')
    here.keep()
    here.handle(here.author).insert(6, 'w')
    here.handle(here.author).delete(0, 1)
    here.keep()
    here.handle(here.member).append(' four')
    const { state } = here.comeBack()
    assert.equal(here.handle(state).value, 'ne twwo three four')
    assert.equal(here.handle(here.member).value, 'ne twwo three four')
  })

  it('are the first that a life writes, in a row from the cut on', () => {
    const here = new CutOff(vector(2))
    for (let i = 0; i < 3; i++) {
      here.handle(here.author).addAt(0, 1)
      here.keep()
    }
    const state = new SpaceState({ replica: packReplica(2, 1), clock: () => 1 })
    assert.throws(() => state.reissue(here.sent.slice(1), 0), /in a row/)
    open(state, counter()).add(1)
    assert.throws(() => state.reissue(here.sent, 0), /too late/)
  })
})
