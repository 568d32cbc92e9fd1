// The verbs that only strong objects have, against models that say what they mean.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { LinearizableType } from '#consensus/host/linearizable-object.ts'
import {
  type Schema,
  counter,
  flag,
  isJoineryError,
  map,
  register,
  set,
} from '#crdt-objects/index.ts'
import { canonicalText } from '#test/suites/canonical-text.ts'

const SAFE = Number.MAX_SAFE_INTEGER

type Call = readonly [method: string, ...args: readonly unknown[]]
/** What a call answers, and what the object reads as after it; undefined for what is refused. */
type Model<V> = (
  value: V,
  call: Call,
) => { readonly value: V; readonly answer: unknown } | undefined

/** Carries drawn calls out on an object, and on its model. */
function agrees<V>(
  schema: Schema,
  first: V,
  model: Model<V>,
  calls: fastCheck.Arbitrary<readonly Call[]>,
  reading: (value: V) => unknown = (value) => value,
): void {
  const type = new LinearizableType()
  const environment = { nowMs: 1, position: 1, caller: '', random: (): number => 0 }
  const { descriptor } = schema.kind
  fastCheck.assert(
    fastCheck.property(calls, fastCheck.nat(20), (drawn, restart) => {
      let object = type.create(descriptor, environment)
      let value = first
      for (const [i, call] of drawn.entries()) {
        const [method, ...args] = call
        const expected = model(value, call)
        if (expected === undefined) {
          assert.throws(() => object.call([], method, args), isJoineryError, method)
        } else {
          const answer = object.call([], method, args)
          assert.equal(canonicalText(answer), canonicalText(expected.answer), method)
          value = expected.value
        }
        assert.equal(canonicalText(object.read([], 'read', [])), canonicalText(reading(value)))
        if (i === restart) object = type.restore(descriptor, object.encodeState(), environment)
      }
    }),
  )
}

function callsOf(
  ...calls: readonly fastCheck.Arbitrary<Call>[]
): fastCheck.Arbitrary<readonly Call[]> {
  return fastCheck.array(fastCheck.oneof(...calls), { maxLength: 25 })
}

function drawnCall(
  method: string,
  ...args: readonly fastCheck.Arbitrary<unknown>[]
): fastCheck.Arbitrary<Call> {
  return fastCheck.tuple(...args).map((drawn): Call => [method, ...drawn])
}

describe('conditional verbs', () => {
  it('of a counter: set, addAndGet, getAndSet, compareAndSet and addIf', () => {
    const amount = fastCheck.oneof(
      { weight: 9, arbitrary: fastCheck.integer({ min: -3, max: 3 }) },
      fastCheck.constantFrom(SAFE, -SAFE, SAFE - 1),
    )
    const bounds = fastCheck.record(
      { min: fastCheck.integer({ min: -4, max: 0 }), max: fastCheck.integer({ min: 0, max: 4 }) },
      { requiredKeys: [] },
    )
    agrees(
      counter(),
      0,
      (value, [method, a, b]) => {
        const n = a as number
        const { min = -Infinity, max = Infinity } = Object(b) as { min?: number; max?: number }
        const to = (next: number, answer: unknown): ReturnType<Model<number>> =>
          Number.isSafeInteger(next) ? { value: next, answer } : undefined
        if (method === 'add') return to(value + n, undefined)
        if (method === 'set') return to(n, undefined)
        if (method === 'addAndGet') return to(value + n, value + n)
        if (method === 'getAndSet') return to(n, value)
        if (method === 'compareAndSet')
          return value === n ? to(b as number, true) : { value, answer: false }
        const fits = value + n >= min && value + n <= max
        return fits ? to(value + n, true) : { value, answer: false }
      },
      callsOf(
        drawnCall('add', amount),
        drawnCall('set', amount),
        drawnCall('addAndGet', amount),
        drawnCall('getAndSet', amount),
        drawnCall('compareAndSet', amount, amount),
        drawnCall('addIf', amount, bounds),
      ),
    )
  })

  for (const wins of ['enable', 'disable'] as const) {
    it(`of a flag whose ${wins} wins: compareAndSet`, () => {
      agrees(
        flag({ wins }),
        false,
        (value, [method, a, b]) => {
          if (method === 'enable') return { value: true, answer: undefined }
          if (method === 'disable') return { value: false, answer: undefined }
          return { value: value === a ? (b as boolean) : value, answer: value === a }
        },
        callsOf(
          drawnCall('enable'),
          drawnCall('disable'),
          drawnCall('compareAndSet', fastCheck.boolean(), fastCheck.boolean()),
        ),
      )
    })
  }

  /** Few values, some of them equal by structure only. */
  const value = fastCheck
    .constantFrom(0, 'a', null, undefined, [1], { x: 1, y: [2] }, { y: [2], x: 1 })
    .map((drawn) => structuredClone<unknown>(drawn))
  const isSame = (a: unknown, b: unknown): boolean => canonicalText(a) === canonicalText(b)

  it('of a register: compareAndSet and getAndSet', () => {
    agrees<unknown>(
      register({ initial: 0 }),
      0,
      (before, [method, a, b]) => {
        if (method === 'getAndSet') return { value: a, answer: before }
        return { value: isSame(before, a) ? b : before, answer: isSame(before, a) }
      },
      callsOf(drawnCall('getAndSet', value), drawnCall('compareAndSet', value, value)),
    )
  })

  for (const wins of ['add', 'delete'] as const) {
    it(`of a set whose ${wins} wins: addIfAbsent and deleteIfPresent`, () => {
      agrees<readonly unknown[]>(
        set<unknown>({ wins }),
        [],
        (before, [method, a]) => {
          const rest = before.filter((each) => !isSame(each, a))
          const answer = rest.length < before.length === (method === 'deleteIfPresent')
          return { value: method === 'addIfAbsent' ? [...rest, a] : rest, answer }
        },
        callsOf(drawnCall('addIfAbsent', value), drawnCall('deleteIfPresent', value)),
        (items) => new Set(items),
      )
    })
  }

  it('of a map of values: putIfAbsent, compareAndSet and take', () => {
    const key = fastCheck.constantFrom('a', 'b')
    agrees<ReadonlyMap<string, unknown>>(
      map<unknown>(),
      new Map(),
      (before, [method, a, b, c]) => {
        const at = a as string
        if (method === 'putIfAbsent') {
          if (before.has(at)) return { value: before, answer: false }
          return { value: new Map(before).set(at, b), answer: true }
        }
        if (method === 'take') {
          const rest = new Map(before)
          rest.delete(at)
          return { value: rest, answer: before.get(at) }
        }
        if (!isSame(before.get(at), b)) return { value: before, answer: false }
        return { value: new Map(before).set(at, c), answer: true }
      },
      callsOf(
        drawnCall('putIfAbsent', key, value),
        drawnCall('compareAndSet', key, value, value),
        drawnCall('take', key),
      ),
    )
  })
})
