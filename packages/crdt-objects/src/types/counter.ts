import { decodeCounterDelta, decodeCounterWhole, EMPTY_COUNTER } from '../counter/counter-codec.ts'
import { CounterNode } from '../counter/counter-node.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteFaces } from '../faces/remote.ts'
import type { CounterHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import { checkNoArguments, checkOptions } from '../options.ts'
import type { Schema } from '../schema.ts'
import { defineKind, schemaOf } from './define.ts'

class LocalCounter extends LocalHandle<CounterNode, number> {
  add(n = 1): void {
    if (!Number.isSafeInteger(n)) throw invalidValue('a counter adds whole numbers', n)
    this.make().add(n)
  }

  subtract(n = 1): void {
    if (!Number.isSafeInteger(n)) throw invalidValue('a counter subtracts whole numbers', n)
    this.make().add(-n)
  }
}

/** By one addition, unless that one would not be exact. */
function setTo(counter: LocalCounter, value: unknown): void {
  checkWhole(value)
  const distance = value - counter.value
  if (Number.isSafeInteger(distance)) {
    counter.add(distance)
    return
  }
  counter.subtract(counter.value)
  counter.add(value)
}

function checkWhole(value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value)) throw invalidValue('a counter holds a whole number', value)
}

function isWithin(sum: number, bounds: unknown): boolean {
  checkOptions('addIf', bounds, ['min', 'max'])
  const { min = -Infinity, max = Infinity } = bounds as {
    readonly min?: unknown
    readonly max?: unknown
  }
  for (const bound of [min, max]) {
    if (typeof bound !== 'number' || Number.isNaN(bound))
      throw invalidValue('a bound is a number', bound)
  }
  return sum >= (min as number) && sum <= (max as number)
}

const COUNTER: Kind = defineKind<CounterNode>({
  name: 'counter',
  args: [],
  verbs: { add: 'write', subtract: 'write' },
  conditional: {
    set: (counter: LocalCounter, [value]) => {
      setTo(counter, value)
    },
    addAndGet: (counter: LocalCounter, [n]) => {
      counter.add(n as number | undefined)
      return counter.value
    },
    getAndSet: (counter: LocalCounter, [value]) => {
      const before = counter.value
      setTo(counter, value)
      return before
    },
    compareAndSet: (counter: LocalCounter, [expected, value]) => {
      checkWhole(expected)
      checkWhole(value)
      const is = counter.value === expected
      if (is) setTo(counter, value)
      return is
    },
    addIf: (counter: LocalCounter, [n, bounds]) => {
      checkWhole(n)
      const fits = isWithin(counter.value + n, bounds)
      if (fits) counter.add(n)
      return fits
    },
  },
  zero: () => 0,
  read: (node) => node.read(),
  emptyWhole: () => EMPTY_COUNTER,
  createNode: (context, parent, key) => new CounterNode(context, parent, key),
  decodeDelta: decodeCounterDelta,
  decodeWhole: decodeCounterWhole,
  local: (place) => new LocalCounter(COUNTER, place),
  remote: (place) => remoteFace(place),
})
const remoteFace = remoteFaces(COUNTER)

/** The schema of a counter. */
export type CounterSchema = Schema<{
  readonly value: number
  readonly local: CounterHandle<'local'>
  readonly remote: CounterHandle<'remote'>
  readonly strong: CounterHandle<'strong'>
}>

/** A counter of whole numbers: concurrent amounts sum. Exact to 2^53 - 1, an error beyond. */
export function counter(): CounterSchema
export function counter(...args: readonly unknown[]): Schema {
  checkNoArguments('a counter', args)
  return schemaOf(COUNTER)
}
