/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unsafe-call -- schemas are here for their types only, and misuse is what is wanted */
/* The faces of the builders beyond the basic ones, and what of them must not compile. Nothing here runs. */
import {
  bloom,
  counter,
  distinct,
  document,
  type Draft,
  flag,
  histogram,
  list,
  type Local,
  log,
  map,
  matrix,
  moments,
  quantiles,
  type Ranked,
  ref,
  register,
  type Remote,
  renamed,
  set,
  struct,
  text,
  topK,
  type ValueOf,
  vector,
} from '@joinery/crdt-objects'
import type { Client } from '@joinery/client'
import type { Peer } from '@joinery/peer'
import { expectTypeOf } from 'expect-type'

interface Person {
  readonly name: string
  readonly born?: Date
}

declare const peer: Peer
declare const client: Client

const Rooms = log<Person>()
declare const rooms: Local<typeof Rooms>
declare const roomsElsewhere: Remote<typeof Rooms>
expectTypeOf<ValueOf<typeof Rooms>>().toEqualTypeOf<readonly Person[]>()
expectTypeOf(rooms.append({ name: 'ada' }, { name: 'bob' })).toEqualTypeOf<void>()
expectTypeOf([...rooms]).toEqualTypeOf<Person[]>()
expectTypeOf(rooms.length).toEqualTypeOf<number>()
expectTypeOf(roomsElsewhere.append({ name: 'ada' })).toEqualTypeOf<Promise<void>>()
expectTypeOf(roomsElsewhere.slice(0, 3)).toEqualTypeOf<Promise<readonly Person[]>>()
expectTypeOf(roomsElsewhere.values()).toEqualTypeOf<AsyncIterable<Person>>()

const Todo = list<'eat' | 'sleep'>()
declare const todo: Local<typeof Todo>
declare const todoElsewhere: Remote<typeof Todo>
expectTypeOf(todo.insert(0, 'eat', 'sleep')).toEqualTypeOf<void>()
expectTypeOf(todo.get(0)).toEqualTypeOf<'eat' | 'sleep' | undefined>()
expectTypeOf(todo.value).toEqualTypeOf<readonly ('eat' | 'sleep')[]>()
expectTypeOf(todoElsewhere.get(0)).toEqualTypeOf<Promise<'eat' | 'sleep' | undefined>>()

const Note = text()
declare const note: Local<typeof Note>
declare const noteElsewhere: Remote<typeof Note>
expectTypeOf(note.insert(0, 'a', { bold: true })).toEqualTypeOf<void>()
expectTypeOf(note.value).toEqualTypeOf<string>()
expectTypeOf(note.length).toEqualTypeOf<number>()
expectTypeOf(noteElsewhere.count()).toEqualTypeOf<Promise<number>>()

interface Settings {
  theme: { dark: boolean }
  tags: string[]
}
const Options = document<Settings>({ theme: { dark: false }, tags: [] })
declare const options: Local<typeof Options>
declare const optionsElsewhere: Remote<typeof Options>
expectTypeOf(
  options.change((draft) => {
    draft.theme.dark = true
    draft.tags.push('a')
  }),
).toEqualTypeOf<void>()
expectTypeOf(options.value.theme.dark).toEqualTypeOf<boolean>()
expectTypeOf(optionsElsewhere.change(() => undefined)).toEqualTypeOf<Promise<void>>()
expectTypeOf(optionsElsewhere.conflicts(['tags', 0])).toEqualTypeOf<Promise<readonly unknown[]>>()

const Sums = vector(3)
const Table = matrix(2, 2)
declare const sums: Local<typeof Sums>
declare const table: Remote<typeof Table>
expectTypeOf(sums.value).toEqualTypeOf<Float64Array>()
expectTypeOf(sums.add([1, 2, 3])).toEqualTypeOf<void>()
expectTypeOf(sums.addSparse([0], [1.5])).toEqualTypeOf<void>()
expectTypeOf(table.row(0)).toEqualTypeOf<Promise<Float64Array>>()
expectTypeOf(table.read()).toEqualTypeOf<Promise<readonly Float64Array[]>>()

const Delays = struct({ moments: moments(), times: quantiles(), spread: histogram([1, 2]) })
declare const delays: Local<typeof Delays>
declare const delaysElsewhere: Remote<typeof Delays>
expectTypeOf(delays.moments.record(1, 2)).toEqualTypeOf<void>()
expectTypeOf(delays.value.moments.mean).toEqualTypeOf<number | undefined>()
expectTypeOf(delays.times.quantile(0.5)).toEqualTypeOf<number | undefined>()
expectTypeOf(delays.spread.value.counts).toEqualTypeOf<readonly number[]>()
expectTypeOf(delaysElsewhere.times.quantile(0.5)).toEqualTypeOf<Promise<number | undefined>>()

const Visitors = distinct<Person>()
const Seen = bloom<string>({ capacity: 10 })
const Best = topK(3)
declare const visitors: Local<typeof Visitors>
declare const seen: Remote<typeof Seen>
declare const best: Local<typeof Best>
expectTypeOf(visitors.add({ name: 'ada' })).toEqualTypeOf<void>()
expectTypeOf(visitors.value).toEqualTypeOf<number>()
expectTypeOf(seen.has('url')).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(best.top(1)).toEqualTypeOf<readonly Ranked[]>()

const Latest = ref(Todo)
declare const latest: Local<typeof Latest>
declare const latestElsewhere: Remote<typeof Latest>
expectTypeOf(latest.set(todo)).toEqualTypeOf<void>()
expectTypeOf(latest.open()).resolves.toEqualTypeOf<Local<typeof Todo> | undefined>()
expectTypeOf(latestElsewhere.open()).resolves.toEqualTypeOf<Remote<typeof Todo> | undefined>()

const Page = struct({ headline: renamed('title', register<string>()), hits: counter() })
declare const page: Local<typeof Page>
expectTypeOf(page.headline.value).toEqualTypeOf<string | undefined>()
expectTypeOf<ValueOf<typeof Page>>().toEqualTypeOf<{
  readonly headline: string | undefined
  readonly hits: number
}>()

const Pages = map(struct({ hits: counter(), value: set<number>(), open: flag() }))
declare const pages: Local<typeof Pages>
declare const draft: Draft<typeof pages>
expectTypeOf(draft.delete('a')).toEqualTypeOf<void>()
expectTypeOf(draft.at('a').hits.add(1)).toEqualTypeOf<void>()
expectTypeOf(draft.at('a').at('value').add(1)).toEqualTypeOf<void>()
declare const remoteDraft: Draft<Remote<typeof Pages>>
expectTypeOf(remoteDraft.at('a').hits.add(1)).toEqualTypeOf<void>()
expectTypeOf(remoteDraft.clear()).toEqualTypeOf<void>()

const Named = struct({ kind: counter(), place: counter(), view: counter(), name: counter() })
declare const named: Local<typeof Named>
declare const namedElsewhere: Remote<typeof Named>
expectTypeOf(named.kind.add(1)).toEqualTypeOf<void>()
expectTypeOf(namedElsewhere.place.add(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(named.name).toEqualTypeOf<string>()
expectTypeOf(named.at('name').add(1)).toEqualTypeOf<void>()

/** What must not compile. */
export async function misuse(): Promise<void> {
  // @ts-expect-error not of the entries
  rooms.append({ title: 'x' })
  // @ts-expect-error a log only grows
  rooms.delete(0)
  // @ts-expect-error not of the items
  todo.push('work')
  // @ts-expect-error an index is a number
  todo.get('0')
  // @ts-expect-error the length is only where the data is
  todoElsewhere.length
  // @ts-expect-error text is inserted somewhere
  note.insert('a')
  // @ts-expect-error the snapshot is not changed
  options.value.theme.dark = true
  options.change((draft) => {
    // @ts-expect-error of another type
    draft.theme.dark = 'very'
  })
  // @ts-expect-error a document begins as something
  document()
  // @ts-expect-error a vector has a length
  vector()
  // @ts-expect-error amounts are numbers
  sums.add(['1'])
  // @ts-expect-error a row and a column
  await table.addAt(1, 2)
  // @ts-expect-error samples are numbers
  delays.moments.record('1')
  // @ts-expect-error a histogram has edges
  histogram()
  // @ts-expect-error a filter has a capacity
  bloom()
  // @ts-expect-error how many are kept
  topK()
  // @ts-expect-error a score is a number
  best.offer('ada', '3')
  // @ts-expect-error what it refers to is a schema
  ref(3)
  // @ts-expect-error a handle of another schema
  latest.set(rooms)
  // @ts-expect-error one of two
  flag({ wins: 'both' })
  // @ts-expect-error one of two
  set({ wins: 'enable' })
  const symbols = register<symbol>()
  const handle = await (await peer.space('s')).open('r', symbols)
  // @ts-expect-error symbols cannot be shared
  handle.set(Symbol('s'))
  // @ts-expect-error `then` would make the handle a promise to `await`
  struct({ then: renamed('next', counter()) })
}

/** Transactions. */
export async function transactions(): Promise<void> {
  const space = await peer.space('s')
  const counters = await space.open('counters', map(counter()))
  const remote = await (await client.space('s')).open('counters', map(counter()))
  expectTypeOf(
    space.transact((tx) => {
      tx(counters).at('a').add(1)
    }),
  ).toEqualTypeOf<void>()
  const answered = (await client.space('s')).transact((tx) => {
    tx(remote).at('a').add(1)
  })
  expectTypeOf(answered).toEqualTypeOf<Promise<void>>()
  space.transact((tx) => {
    // @ts-expect-error drafts write, and read nothing
    tx(counters).get('a')
    // @ts-expect-error drafts write, and read nothing
    tx(counters).at('a').value
    // @ts-expect-error counters add numbers
    tx(counters).at('a').add('1')
    // @ts-expect-error not a verb that writes
    tx(counters).forEach(() => undefined)
  })
  space.transact((tx) => tx(counters).at('a').add(1))
  expectTypeOf((await client.space('s')).transact((tx) => tx(remote).at('a').add(1))).toEqualTypeOf<
    Promise<void>
  >()
  // @ts-expect-error what waits is no transaction
  space.transact(async (tx) => {
    tx(counters).at('a').add(1)
  })
  // @ts-expect-error what waits is no transaction
  space.transact((tx) => Promise.resolve(tx(counters).at('a').add(1)))
  // @ts-expect-error a transaction answers nothing
  space.transact(() => 5)
}
