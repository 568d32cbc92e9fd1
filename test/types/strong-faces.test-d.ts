/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unsafe-call -- schemas are here for their types only, and misuse is what is wanted */
/* The strong face of every builder: promises, and conditional verbs besides. Nothing here runs. */
import {
  type Answer,
  bloom,
  counter,
  type CounterHandle,
  type CounterSchema,
  distinct,
  document,
  flag,
  type HandleOf,
  histogram,
  list,
  type Local,
  log,
  map,
  matrix,
  max,
  moments,
  quantiles,
  type Ranked,
  ref,
  register,
  type Remote,
  set,
  type Space,
  type Spaces,
  type Strong,
  type StrongSchema,
  struct,
  text,
  topK,
  type ValueOf,
  vector,
} from '@joinery/crdt-objects'
import { expectTypeOf } from 'expect-type'

interface Person {
  readonly name: string
}

const Line = struct({ quantity: counter(), note: register<Person>(), gift: flag() })
const Lines = map(Line)
declare const lines: Strong<typeof Lines>
const line = lines.at('a')
expectTypeOf<Strong<typeof Lines>>().not.toExtend<Local<typeof Lines>>()
expectTypeOf(line).toEqualTypeOf<Strong<typeof Line>>()
expectTypeOf(lines.read()).toEqualTypeOf<Promise<ValueOf<typeof Lines>>>()
expectTypeOf(lines.with({ timeoutMs: 5 })).toEqualTypeOf(lines)
expectTypeOf(lines.keys()).toEqualTypeOf<AsyncIterable<string>>()

expectTypeOf(line.quantity).toEqualTypeOf<CounterHandle<'strong'>>()
expectTypeOf(line.quantity.add(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(line.quantity.set(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(line.quantity.addAndGet()).toEqualTypeOf<Promise<number>>()
expectTypeOf(line.quantity.getAndSet(3)).toEqualTypeOf<Promise<number>>()
expectTypeOf(line.at('quantity').compareAndSet(1, 2)).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(line.quantity.addIf(-1, { min: 0 })).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(line.gift.compareAndSet(false, true)).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(line.note.compareAndSet(undefined, { name: 'a' })).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(line.note.getAndSet({ name: 'a' })).toEqualTypeOf<Promise<Person | undefined>>()

const Title = register({ initial: '' })
declare const title: Strong<typeof Title>
expectTypeOf(title.getAndSet('x')).toEqualTypeOf<Promise<string>>()

const Tags = set<'gift' | 'fragile'>()
declare const tags: Strong<typeof Tags>
expectTypeOf(tags.addIfAbsent('gift')).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(tags.deleteIfPresent('gift')).toEqualTypeOf<Promise<boolean>>()

const Ages = map<number>()
declare const ages: Strong<typeof Ages>
expectTypeOf(ages.set('ada', 36)).toEqualTypeOf<Promise<void>>()
expectTypeOf(ages.putIfAbsent('ada', 36)).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(ages.compareAndSet('ada', undefined, 36)).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(ages.take('ada')).toEqualTypeOf<Promise<number | undefined>>()

/** The others have the verbs of the remote face. */
const Others = struct({
  best: max(),
  rooms: log<Person>(),
  todo: list<string>(),
  body: text(),
  page: document({ title: '' }),
  sums: vector(2),
  table: matrix(1, 2),
  times: moments(),
  bins: histogram([1]),
  delays: quantiles(),
  visitors: distinct<string>(),
  seen: bloom<string>({ capacity: 10 }),
  leaders: topK(3),
  favourite: ref(counter()),
})
declare const others: Strong<typeof Others>
expectTypeOf(others.best.offer(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(others.rooms.append({ name: 'a' })).toEqualTypeOf<Promise<void>>()
expectTypeOf(others.todo.get(0)).toEqualTypeOf<Promise<string | undefined>>()
expectTypeOf(others.body.append('x')).toEqualTypeOf<Promise<void>>()
expectTypeOf(others.page.readAt('x')).toEqualTypeOf<Promise<{ readonly title: string }>>()
expectTypeOf(others.sums.read()).toEqualTypeOf<Promise<Float64Array>>()
expectTypeOf(others.table.row(0)).toEqualTypeOf<Promise<Float64Array>>()
expectTypeOf(others.times.record(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(others.bins.record(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(others.delays.quantile(0.5)).toEqualTypeOf<Promise<number | undefined>>()
expectTypeOf(others.visitors.read()).toEqualTypeOf<Promise<number>>()
expectTypeOf(others.seen.has('x')).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(others.leaders.top()).toEqualTypeOf<Promise<readonly Ranked[]>>()
expectTypeOf(others.favourite.open()).resolves.toEqualTypeOf<Strong<CounterSchema> | undefined>()
expectTypeOf<Answer<'strong', number>>().toEqualTypeOf<Promise<number>>()

interface Gate {
  open(): Promise<void>
}
type GateSchema = StrongSchema<{ readonly value: undefined; readonly strong: Gate }>
declare const gate: GateSchema
declare const embedded: Space<'local'>
declare const portable: Spaces

export async function opening(): Promise<void> {
  const linearizable = await embedded.open('lines', Lines, { mode: 'linearizable' })
  expectTypeOf(linearizable).toEqualTypeOf<Strong<typeof Lines>>()
  const eventual = await embedded.open('lines', Lines, {})
  expectTypeOf(eventual).toEqualTypeOf<Local<typeof Lines>>()
  const space = await portable.space('s')
  const strong = await space.open('lines', Lines, { mode: 'linearizable' })
  expectTypeOf(strong).toEqualTypeOf<Strong<typeof Lines>>()
  const either: HandleOf<typeof Lines> = await space.open('lines', Lines)
  await either.at('a').quantity.add(1)
  const opened = await space.open('gate', gate)
  expectTypeOf(opened).toEqualTypeOf<Gate>()
  expectTypeOf<ValueOf<GateSchema>>().toEqualTypeOf<undefined>()
  expectTypeOf(space.delete('gate')).toEqualTypeOf<Promise<void>>()
}

export async function misuse(
  local: Local<typeof Lines>,
  remote: Remote<typeof Lines>,
  any: HandleOf<typeof Lines>,
): Promise<void> {
  // @ts-expect-error only an order makes such an answer true
  local.at('a').quantity.addAndGet(1)
  // @ts-expect-error only an order makes such an answer true
  await remote.at('a').quantity.compareAndSet(1, 2)
  // @ts-expect-error not every handle has conditional verbs
  await any.at('a').quantity.addIf(1, {})
  // @ts-expect-error bounds are said
  await line.quantity.addIf(1)
  // @ts-expect-error no such bound
  await line.quantity.addIf(1, { most: 3 })
  // @ts-expect-error not of the values
  await tags.addIfAbsent('poison')
  // @ts-expect-error not of the values
  await ages.compareAndSet('ada', 'young', 36)
  // @ts-expect-error a map of objects is written by its entries
  await lines.putIfAbsent('a', {})
  // @ts-expect-error a property never asks the group
  lines.size
  // @ts-expect-error a property never asks the group
  line.quantity.value
  // @ts-expect-error listeners are where the data is
  lines.subscribe(() => {})
  // @ts-expect-error no such mode
  await embedded.open('lines', Lines, { mode: 'strong' })
  // @ts-expect-error a strong kind does not nest
  map(gate)
  // @ts-expect-error a strong kind does not nest
  struct({ gate })
  // @ts-expect-error a strong kind does not nest
  ref(gate)
  // @ts-expect-error a reference is to an object of its own face
  await others.favourite.set(local.at('a').quantity)
}
