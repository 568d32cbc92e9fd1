/* eslint-disable @typescript-eslint/no-unused-vars -- misuse is what is wanted here */
/* Types of one's own and sketches, as the compiler sees them. */
import {
  bloom,
  defineType,
  distinct,
  map,
  quantiles,
  type HandleOf,
  type Local,
  type QuantilesValue,
  type Ranked,
  type Remote,
  struct,
  topK,
  type ValueOf,
} from '@joinery/crdt-objects'
import { expectTypeOf } from 'expect-type'

interface Bounds {
  readonly low: number
  readonly high: number
}

const interval = defineType({
  name: 'types.interval',
  empty: (): Bounds | undefined => undefined,
  join: (a, b) => a ?? b,
  value: (bounds) => (bounds === undefined ? 0 : bounds.high - bounds.low),
  operations: {
    widen: (state, context, low: number, high = low) => {
      expectTypeOf(state).toEqualTypeOf<Bounds | undefined>()
      expectTypeOf(context.now).toEqualTypeOf<number>()
      return { low, high }
    },
    label: (state, _context, ...labels: readonly string[]) => state,
  },
})
const Intervals = map(struct({ range: interval() }))

expectTypeOf<ValueOf<ReturnType<typeof interval>>>().toEqualTypeOf<number>()

export async function ownTypes(
  local: Local<typeof Intervals>,
  remote: Remote<typeof Intervals>,
  any: HandleOf<ReturnType<typeof interval>>,
): Promise<void> {
  const { range } = local.at('x')
  expectTypeOf(range.value).toEqualTypeOf<number>()
  expectTypeOf(range.widen).parameters.toEqualTypeOf<[low: number, high?: number | undefined]>()
  expectTypeOf(range.widen).returns.toEqualTypeOf<void>()
  expectTypeOf(remote.at('x').range.widen).returns.toEqualTypeOf<Promise<void>>()
  expectTypeOf(remote.at('x').range.read()).toEqualTypeOf<Promise<number>>()
  await any.widen(1)
  range.label('a', 'b')
  // @ts-expect-error the operation takes numbers
  range.widen('1')
  // @ts-expect-error no such operation
  range.narrow
  // @ts-expect-error the value is where the data is
  remote.at('x').range.value
}

/** Definitions. */
const shape = { name: 'types.other', empty: () => 0, join: Math.max, value: (n: number) => n }
const raise = (_state: number, _context: unknown, n: number) => n

export function definitions(): void {
  defineType({ ...shape, operations: { raise } })
  // @ts-expect-error an operation gives a state
  defineType({ ...shape, operations: { raise: () => 'text' } })
  // @ts-expect-error an operation of that name would hide a member of the handle
  defineType({ ...shape, operations: { read: raise } })
  // @ts-expect-error an operation of that name would make the handle a promise
  defineType({ ...shape, operations: { then: raise } })
  // @ts-expect-error a join joins states
  defineType({ ...shape, join: (a: string, b: string) => a + b, operations: {} })
  // @ts-expect-error a symbol cannot be read elsewhere
  defineType({ ...shape, value: () => Symbol('s'), operations: {} })
  const symbols = { name: 'types.symbols', empty: () => Symbol('s'), join: (a: symbol) => a }
  // @ts-expect-error states that cannot be shared need a codec
  defineType({ ...symbols, value: () => 1, operations: {} })
  const codec = { encode: () => new Uint8Array(), decode: (): symbol => Symbol('s') }
  defineType({ ...symbols, value: () => 1, operations: {}, codec })
}

/** Sketches. */
const Numbers = struct({
  visitors: distinct<{ readonly id: number }>(),
  seen: bloom({ capacity: 10 }),
  delays: quantiles(),
  best: topK(3),
})

export async function sketches(
  local: Local<typeof Numbers>,
  remote: Remote<typeof Numbers>,
): Promise<void> {
  expectTypeOf(local.value.best).toEqualTypeOf<readonly Ranked[]>()
  expectTypeOf(local.value.delays).toEqualTypeOf<QuantilesValue>()
  expectTypeOf(local.delays.quantile(0.5)).toEqualTypeOf<number | undefined>()
  expectTypeOf(await remote.seen.has('a')).toEqualTypeOf<boolean>()
  local.visitors.add({ id: 1 }, { id: 2 })
  // @ts-expect-error not of the items
  local.visitors.add('a')
  // @ts-expect-error strings unless said otherwise
  local.seen.add(1)
  // @ts-expect-error a score is a number
  local.best.offer('a', '1')
  // @ts-expect-error a filter is made for a number of items
  bloom()
  const functions = distinct<() => void>()
  // @ts-expect-error a function is no item
  const items: Parameters<Local<typeof functions>['add']> = [() => undefined]
}
