import fastCheck from 'fast-check'

/** One thing that a method does with what it has in its hands: fields, what it found in them, what it made. */
export type Step =
  /** Takes what is in a field, or the `nth` container within what is in hand. */
  | { readonly do: 'field'; readonly field: number }
  | { readonly do: 'within'; readonly hand: number; readonly nth: number }
  /** Makes a new container. */
  | { readonly do: 'make'; readonly shape: number }
  /** Changes what is in hand; `other` in hand may be put into it. */
  | {
      readonly do: 'change'
      readonly hand: number
      readonly how: number
      readonly at: number
      readonly value: number
      readonly other: number
    }
  /** Puts what is in hand into a field. */
  | { readonly do: 'assign'; readonly field: number; readonly hand: number }

export interface Turn {
  readonly steps: readonly Step[]
  readonly fails: boolean
}

/** The fields of a playground: one of each shape, and two that hold anything. */
export interface Fields {
  list: unknown
  table: unknown
  bag: unknown
  record: unknown
  bytes: unknown
  floats: unknown
  date: unknown
  any: unknown
  count: unknown
}

export const FIELD_NAMES = [
  ...['list', 'table', 'bag', 'record', 'bytes', 'floats', 'date', 'any', 'count'],
] as readonly (keyof Fields)[]

export function freshFields(): Fields {
  return {
    list: [1, [2, 3], { a: 1 }],
    table: new Map<unknown, unknown>([
      ['x', [1]],
      ['y', new Map([['z', 1]])],
      [3, 'three'],
    ]),
    bag: new Set<unknown>(['p', 'q', 1]),
    record: { k: { deep: [] }, l: 1 },
    bytes: Uint8Array.of(1, 2, 3),
    floats: Float64Array.of(0.5, -1),
    date: new Date(1_000),
    any: undefined,
    count: 0,
  }
}

const makers: readonly (() => unknown)[] = [
  () => [],
  () => ['m', [1]],
  () => new Map<unknown, unknown>([['m', []]]),
  () => new Set<unknown>(['m']),
  () => ({ m: {} }),
  () => Uint8Array.of(9),
  () => Object.freeze({ frozen: [1] }),
  () => new Date(5),
]

/** Does the steps to the fields, as any JavaScript would. */
export function play(fields: Fields, steps: readonly Step[]): void {
  const hands: unknown[] = []
  for (const step of steps) {
    switch (step.do) {
      case 'field':
        hands.push(fields[nameOf(step.field)])
        break
      case 'within':
        hands.push(within(pick(hands, step.hand), step.nth))
        break
      case 'make':
        hands.push(makers[step.shape % makers.length]!())
        break
      case 'assign':
        fields[nameOf(step.field)] = pick(hands, step.hand)
        break
      case 'change':
        change(pick(hands, step.hand), step, pick(hands, step.other))
    }
  }
}

function nameOf(field: number): keyof Fields {
  return FIELD_NAMES[field % FIELD_NAMES.length]!
}

function pick(hands: readonly unknown[], hand: number): unknown {
  return hands.length === 0 ? undefined : hands[hand % hands.length]
}

function within(value: unknown, nth: number): unknown {
  const items = itemsOf(value).filter((item) => typeof item === 'object' && item !== null)
  return items.length === 0 ? value : items[nth % items.length]
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return [...(value as unknown[])]
  if (value instanceof Map) return [...value.values()]
  if (value instanceof Uint8Array || value instanceof Float64Array || value instanceof Set)
    return []
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

type Change = Extract<Step, { do: 'change' }>

function change(target: unknown, step: Change, other: unknown): void {
  const item = step.value % 3 === 0 ? other : step.value
  if (Array.isArray(target)) changeArray(target as unknown[], step, item)
  else if (target instanceof Map) changeMap(target, step, item)
  else if (target instanceof Set) changeSet(target, step)
  else if (target instanceof Uint8Array || target instanceof Float64Array) {
    if (target.length > 0) target[step.at % target.length] = step.value
  } else if (target instanceof Date) target.setTime(step.value)
  else if (typeof target === 'object' && target !== null && !Object.isFrozen(target)) {
    const key = 'klmn'[step.at % 4]!
    const record = target as Record<string, unknown>
    if (step.how % 3 === 0) delete record[key]
    else record[key] = item
  }
}

function changeArray(target: unknown[], { how, at, value }: Change, item: unknown): void {
  const index = target.length === 0 ? 0 : at % target.length
  const changes: readonly (() => unknown)[] = [
    () => target.push(item),
    () => target.push(item, item),
    () => target.pop(),
    () => target.shift(),
    () => target.unshift(item),
    () => target.splice(index, value % 3, item),
    () => target.splice(index),
    () => target.reverse(),
    () => target.sort(),
    () => target.sort((a, b) => (typeof b).localeCompare(typeof a)),
    () => (target[index] = item),
    () => (target[target.length] = item),
    () => (target.length = index),
    () => target.fill(item, index, index + 2),
    () => target.copyWithin(0, index),
    () => ([target[0], target[index]] = [target[index], target[0]]),
    () => target.length > 0 && Reflect.deleteProperty(target, `${target.length - 1}`),
    () => target.concat(target).filter((x) => x === item).length,
  ]
  changes[how % changes.length]!()
}

function changeMap(target: Map<unknown, unknown>, { how, at }: Change, item: unknown): void {
  const key = ['x', 'y', 3, 'w'][at % 4]
  const changes: readonly (() => unknown)[] = [
    () => target.set(key, item),
    () => target.delete(key),
    () => target.delete(key) && target.set(key, item),
    () => target.set(key, target.size),
    () => at % 5 === 0 && target.clear(),
    () => target.forEach((_, known) => known === key && target.delete(known)),
    () => target.set(`keys ${[...target.keys()].join()}`, target.has(key)),
  ]
  changes[how % changes.length]!()
}

function changeSet(target: Set<unknown>, { how, at }: Change): void {
  const member = ['p', 'q', 1, 'r'][at % 4]
  const changes: readonly (() => unknown)[] = [
    () => target.add(member),
    () => target.delete(member),
    () => target.delete(member) && target.add(member),
    () => at % 5 === 0 && target.clear(),
    () => target.add(`all ${[...target].join()} of ${target.size}, ${target.has(member)}`),
  ]
  changes[how % changes.length]!()
}

const small = fastCheck.nat(30)

const step: fastCheck.Arbitrary<Step> = fastCheck.oneof(
  {
    weight: 2,
    arbitrary: fastCheck.record({ do: fastCheck.constant('field' as const), field: small }),
  },
  {
    weight: 1,
    arbitrary: fastCheck.record({
      do: fastCheck.constant('within' as const),
      hand: small,
      nth: small,
    }),
  },
  {
    weight: 1,
    arbitrary: fastCheck.record({ do: fastCheck.constant('make' as const), shape: small }),
  },
  {
    weight: 5,
    arbitrary: fastCheck.record({
      do: fastCheck.constant('change' as const),
      ...{ hand: small, how: small, at: small, value: small, other: small },
    }),
  },
  {
    weight: 1,
    arbitrary: fastCheck.record({
      do: fastCheck.constant('assign' as const),
      field: small,
      hand: small,
    }),
  },
)

export const turns: fastCheck.Arbitrary<readonly Turn[]> = fastCheck.array(
  fastCheck.record({
    steps: fastCheck.array(step, { minLength: 1, maxLength: 14 }),
    fails: fastCheck.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
)
