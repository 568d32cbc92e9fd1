import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { Writer, encodeValue } from '@joinery/crdt-objects/engine'
import { AgreedEnvironment } from '#consensus/host/agreed-environment.ts'
import { ClassObject } from '#consensus/host/class-object.ts'
import { classType } from '#consensus/host/class-type.ts'
import { copyValue } from '#consensus/host/fields/plain-value.ts'
import { defineObject } from '#consensus/objects/define-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'
import { runsBy } from '#test/suites/runs.ts'
import type { Fields, Step } from './playground.ts'
import { FIELD_NAMES, freshFields, play, turns } from './playground.ts'

/** What the next call does; handed over beside the arguments, so that it is JavaScript as anyone would write it. */
let work: (self: Record<string, unknown>) => unknown = () => undefined

class Playground extends StrongObject {
  list: unknown
  table: unknown
  bag: unknown
  record: unknown
  bytes: unknown
  floats: unknown
  date: unknown
  any: unknown
  count: unknown
  constructor() {
    super()
    Object.assign(this, freshFields())
  }
  run(): unknown {
    return work(this as unknown as Record<string, unknown>)
  }
  look(): unknown {
    return work(this as unknown as Record<string, unknown>)
  }
  later(): void {}
}
const playground = defineObject('test.fields.Playground', Playground, { reads: ['look'] })
const { descriptor } = playground().strongKind

function make(): ClassObject {
  return hosted(classType.create(descriptor, new AgreedEnvironment()))
}

function restored(object: ClassObject): ClassObject {
  return hosted(classType.restore(descriptor, object.encodeState(), new AgreedEnvironment()))
}

function hosted(object: unknown): ClassObject {
  assert.ok(object instanceof ClassObject)
  return object
}

function bytesOf(fields: Fields): Uint8Array {
  const writer = new Writer()
  writer.varint(1)
  writer.varint(FIELD_NAMES.length)
  for (const name of FIELD_NAMES) {
    writer.text(name)
    encodeValue(writer, fields[name])
  }
  return writer.finish()
}

function run(object: ClassObject, doing: typeof work): unknown {
  work = doing
  return object.call([], 'run', [])
}

const asFields = (self: Record<string, unknown>): Fields => self as unknown as Fields

describe('the fields of a hosted object', () => {
  it('change as they do in any object, or not at all when the method fails', () => {
    fastCheck.assert(
      fastCheck.property(turns, fastCheck.nat(), (history, restarts) => {
        let object = make()
        let model = freshFields()
        assert.deepEqual(object.encodeState(), bytesOf(model))
        for (const [turn, { steps, fails }] of history.entries()) {
          let expected = modelled(model, steps, fails)
          let failed = false
          try {
            run(object, (self) => {
              play(asFields(self), steps)
              if (fails) throw new Error('on purpose')
            })
          } catch (error) {
            failed = true
            // Of what holds itself it is not asked whether it was thrown away again.
            if (/deep/.test((error as Error).message)) expected = undefined
          }
          assert.equal(failed, expected === undefined)
          model = expected ?? model
          assert.deepEqual(object.encodeState(), bytesOf(model))
          if (((restarts >> turn) & 1) === 1) object = restored(object)
        }
      }),
      runsBy(0.5),
    )
  })

  it('say that they changed whenever their bytes did', () => {
    fastCheck.assert(
      fastCheck.property(turns, (history) => {
        const object = make()
        for (const { steps } of history) {
          const before = object.encodeState()
          try {
            run(object, (self) => play(asFields(self), steps))
          } catch {
            // As of values that hold themselves.
          }
          const isSame = Buffer.compare(before, object.encodeState()) === 0
          assert.ok(object.takeChanged() || isSame)
        }
      }),
      runsBy(0.5),
    )
  })

  it('are a tree: what was put in two places is two values afterwards', () => {
    const object = make()
    run(object, (self) => {
      const shared = { seats: 1 }
      self['list'] = [shared, shared]
      self['any'] = shared
      shared.seats = 2
    })
    run(object, (self) => {
      ;(self['any'] as { seats: number }).seats = 3
      ;(self['list'] as { seats: number }[])[0]!.seats = 4
    })
    assert.deepEqual(
      run(object, ({ any, list }) => [any, list]),
      [{ seats: 3 }, [{ seats: 4 }, { seats: 2 }]],
    )
  })

  it('may be changed through what was put into them, in the same call', () => {
    const object = make()
    run(object, (self) => {
      const table = self['table'] as Map<string, string[]>
      const group: string[] = []
      table.set('group', group)
      group.push('late')
      table.get('group')!.push('later')
    })
    assert.deepEqual(
      run(object, (self) => (self['table'] as Map<string, unknown>).get('group')),
      ['late', 'later'],
    )
  })

  it('hold values only, and the call that breaks that fails alone', () => {
    const object = make()
    const before = object.encodeState()
    class Own {
      x = 1
    }
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    const wrong: readonly unknown[] = [
      ...[() => 1, Symbol('s'), NaN, Infinity, 'lone \ud800', new Own(), cyclic, new WeakMap()],
      ...[new Date(NaN), Float64Array.of(NaN), new Map([[{}, 1]]), new Set([[]]), [() => 1]],
      ...[new Map([['k', new Own()]]), { [Symbol('s')]: 1 }, Promise.resolve(1), /x/],
    ]
    for (const value of wrong) {
      for (const put of [
        (self: Record<string, unknown>) => (self['any'] = value),
        (self: Record<string, unknown>) => (self['list'] as unknown[]).push(value),
        (self: Record<string, unknown>) => (self['table'] as Map<unknown, unknown>).set('x', value),
        (self: Record<string, unknown>) =>
          ((self['record'] as Record<string, Record<string, unknown>>)['k']!['deep'] = value),
      ]) {
        assert.throws(() => run(object, (self) => void put(self)), Error)
        assert.deepEqual(object.encodeState(), before)
      }
    }
  })

  it('are neither added to, nor frozen, nor changed outside of a call', () => {
    const object = make()
    const before = object.encodeState()
    let kept: Record<string, unknown> = {}
    // As in a method: in the body of a class, what cannot be done throws.
    class Strict {
      static add(self: Record<string, unknown>): void {
        self['more'] = 1
      }
    }
    const wrongs = [
      (self: Record<string, unknown>) => Strict.add(self),
      (self: Record<string, unknown>) => void Object.freeze(self['list']),
      (self: Record<string, unknown>) => void Object.defineProperty(self['record'], 'k', {}),
      (self: Record<string, unknown>) => ((self['list'] as unknown[])[9] = 1),
      (self: Record<string, unknown>) => ((self['list'] as unknown[]).length = 9),
    ]
    for (const [number, wrong] of wrongs.entries()) {
      assert.throws(() => run(object, (self) => wrong(self)), Error, `number ${number}`)
    }
    run(object, (self) => {
      kept = self
    })
    assert.throws(() => (kept['count'] = 1), /methods only/)
    assert.throws(() => (kept['list'] as unknown[]).push(1), /methods only/)
    assert.deepEqual(object.encodeState(), before)
  })

  it('nest so deep that they can still be shared, and no deeper', () => {
    const object = make()
    run(object, (self) => (self['any'] = {}))
    const deepen = (): unknown =>
      run(object, (self) => {
        let at = self['any'] as Record<string, unknown>
        while (at['in'] !== undefined) at = at['in'] as Record<string, unknown>
        at['in'] = {}
      })
    assert.throws(() => {
      for (let i = 0; i < 100; i++) deepen()
    }, /deep/)
    assert.deepEqual(restored(object).encodeState(), object.encodeState())
  })

  it('do not change in a read', () => {
    const object = make()
    const before = object.encodeState()
    for (const wrong of [
      (self: Record<string, unknown>) => (self['count'] = 1),
      (self: Record<string, unknown>) => (self['list'] as unknown[]).pop(),
      (self: Record<string, unknown>) => (self['table'] as Map<unknown, unknown>).delete('x'),
      (self: Record<string, unknown>) => (self['bag'] as Set<unknown>).clear(),
      (self: Record<string, unknown>) => ((self['bytes'] as Uint8Array)[0] = 77),
      (self: Record<string, unknown>) => (self['date'] as Date).setTime(77),
    ]) {
      work = wrong
      assert.throws(() => object.read([], 'look', []), /changes nothing/)
      assert.deepEqual(object.encodeState(), before)
    }
  })

  it('come out of a call as values of their own', () => {
    const object = make()
    const list = run(object, (self) => self['list']) as unknown[]
    assert.ok(Object.isFrozen(list))
    run(object, (self) => (self['list'] as unknown[]).push('more'))
    assert.equal(list.length, 3)
  })
})

/** The fields after the steps; nothing if those cannot be shared, or the turn fails. */
function modelled(model: Fields, steps: readonly Step[], fails: boolean): Fields | undefined {
  const played = copyFields(model)
  play(played, steps)
  if (fails) return undefined
  try {
    return copyFields(played)
  } catch {
    return undefined
  }
}

function copyFields(fields: Fields): Fields {
  const copies = FIELD_NAMES.map((name) => [name, copyValue(fields[name])] as const)
  return Object.fromEntries(copies) as unknown as Fields
}
