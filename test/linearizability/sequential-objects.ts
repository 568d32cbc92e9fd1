import type { Random } from '#test/simulation/random.ts'
import { blocked, type DrawnOperation, type SequentialObject } from './random-history.ts'
import type { Model } from './model.ts'
import { counterModel } from './models/counter.ts'
import { lockModel } from './models/lock.ts'
import { mapModel } from './models/map.ts'
import { queueModel } from './models/queue.ts'
import { registerModel } from './models/register.ts'
import { setModel } from './models/set.ts'

/** A kind of object: its model, the same as plain code, and operations to try. */
export interface TriedKind {
  readonly name: string
  readonly model: Model
  make(): SequentialObject
  draw(random: Random, client: number): DrawnOperation
}

const call = (operation: string, ...given: unknown[]): DrawnOperation => ({
  ...{ operation, arguments: given, isRead: false },
})
const read = (operation: string, ...given: unknown[]): DrawnOperation => ({
  ...{ operation, arguments: given, isRead: true },
})

type Verbs = Record<string, (...given: never[]) => unknown>

/** An object of its verbs. */
function objectOf(verbs: Verbs): SequentialObject {
  return {
    perform: (operation, given, caller) =>
      (verbs[operation] as (...all: unknown[]) => unknown)(...given, caller),
  }
}

function makeCounter(): SequentialObject {
  let value = 0
  return objectOf({
    read: () => value,
    add: (n: number) => void (value += n),
    subtract: (n: number) => void (value -= n),
    set: (n: number) => void (value = n),
    addAndGet: (n: number) => (value += n),
    getAndSet: (n: number) => {
      const before = value
      value = n
      return before
    },
    compareAndSet: (expected: number, n: number) => value === expected && ((value = n), true),
    addIf: (n: number, { max }: { max: number }) => value + n <= max && ((value += n), true),
  })
}

function makeRegister(): SequentialObject {
  let value: unknown
  const swap = (next: unknown): unknown => {
    const before = value
    value = next
    return before
  }
  return objectOf({
    read: () => value,
    set: (next: unknown) => void swap(next),
    getAndSet: swap,
    compareAndSet: (expected: unknown, next: unknown) =>
      JSON.stringify(value) === JSON.stringify(expected) && (swap(next), true),
  })
}

function makeSet(): SequentialObject {
  const members = new Set<unknown>()
  return objectOf({
    has: (one: unknown) => members.has(one),
    count: () => members.size,
    values: () => [...members],
    add: (one: unknown) => void members.add(one),
    delete: (one: unknown) => void members.delete(one),
    clear: () => members.clear(),
    addIfAbsent: (one: unknown) => !members.has(one) && (members.add(one), true),
    deleteIfPresent: (one: unknown) => members.delete(one),
  })
}

function makeMap(): SequentialObject {
  const values = new Map<string, unknown>()
  return objectOf({
    get: (key: string) => values.get(key),
    has: (key: string) => values.has(key),
    count: () => values.size,
    keys: () => [...values.keys()],
    set: (key: string, value: unknown) => void values.set(key, value),
    delete: (key: string) => void values.delete(key),
    clear: () => values.clear(),
    putIfAbsent: (key: string, value: unknown) =>
      !values.has(key) && (values.set(key, value), true),
    compareAndSet: (key: string, expected: unknown, value: unknown) =>
      values.get(key) === expected && (values.set(key, value), true),
    take: (key: string) => {
      const value = values.get(key)
      values.delete(key)
      return value
    },
  })
}

function makeQueue(): SequentialObject {
  const items: unknown[] = []
  return objectOf({
    put: (item: unknown) => void items.push(item),
    putAll: (more: unknown[]) => void items.push(...more),
    take: () => (items.length > 0 ? items.shift() : blocked),
    tryTake: () => items.shift(),
    count: () => items.length,
  })
}

function makeLock(): SequentialObject {
  let holder: number | undefined
  type Caller = { client: number; index: number }
  return objectOf({
    acquire: ({ client, index }: Caller) => {
      if (holder !== undefined) return blocked
      holder = client
      return BigInt(index)
    },
    tryAcquire: ({ client, index }: Caller) =>
      holder === undefined ? ((holder = client), BigInt(index)) : undefined,
    release: ({ client }: Caller) => {
      if (holder !== client) return blocked
      holder = undefined
      return undefined
    },
  })
}

let nextItem = 0

/** Every client asks for the lock and gives it back in turn. */
function drawLocking(): TriedKind['draw'] {
  const holders = new Set<number>()
  return (random, client) => {
    if (holders.delete(client)) return call('release')
    if (random.chance(0.3)) holders.clear()
    holders.add(client)
    return call('acquire')
  }
}

const key = (random: Random): string => random.pick(['a', 'b', 'c'])
const small = (random: Random): number => random.integer(0, 4)

export const triedKinds: readonly TriedKind[] = [
  {
    ...{ name: 'register', model: registerModel(), make: makeRegister },
    draw: (random) =>
      random.pick([
        read('read'),
        call('set', { n: small(random) }),
        call('getAndSet', small(random)),
        call('compareAndSet', { n: small(random) }, small(random)),
      ]),
  },
  {
    ...{ name: 'counter', model: counterModel(), make: makeCounter },
    draw: (random) =>
      random.pick([
        ...[read('read'), call('add', small(random)), call('subtract', small(random))],
        ...[call('addAndGet', small(random)), call('getAndSet', small(random))],
        ...[call('compareAndSet', small(random), small(random)), call('set', small(random))],
        call('addIf', small(random), { max: 5 }),
      ]),
  },
  {
    ...{ name: 'set', model: setModel(), make: makeSet },
    draw: (random) =>
      random.pick([
        ...[read('has', key(random)), read('count'), read('values'), call('clear')],
        ...[call('add', key(random)), call('delete', key(random))],
        ...[call('addIfAbsent', key(random)), call('deleteIfPresent', key(random))],
      ]),
  },
  {
    ...{ name: 'map', model: mapModel(), make: makeMap },
    draw: (random) =>
      random.pick([
        ...[read('get', key(random)), read('has', key(random)), read('count'), read('keys')],
        ...[call('set', key(random), small(random)), call('delete', key(random)), call('clear')],
        ...[call('putIfAbsent', key(random), small(random)), call('take', key(random))],
        call('compareAndSet', key(random), small(random), small(random)),
      ]),
  },
  {
    ...{ name: 'queue', model: queueModel(), make: makeQueue },
    draw: (random) =>
      random.pick([
        ...[call('put', nextItem++), call('put', nextItem++), call('take'), call('tryTake')],
        ...[call('putAll', [nextItem++, nextItem++]), call('tryTake'), read('count')],
      ]),
  },
  { name: 'lock', model: lockModel(), make: makeLock, draw: drawLocking() },
]
