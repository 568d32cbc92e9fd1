/* eslint-disable @typescript-eslint/no-unused-vars -- schemas are here for their types only */
// What an editor shows of typical handles: printed.test.ts compares it with handles.txt.
import type { Draft, HandleOf, Local, Remote } from '@joinery/crdt-objects'
import {
  counter,
  defineType,
  document,
  list,
  log,
  map,
  max,
  quantiles,
  ref,
  register,
  set,
  struct,
  text,
  vector,
} from '@joinery/crdt-objects'

interface Person {
  readonly name: string
  readonly born: Date
}

interface Settings {
  theme: { dark: boolean }
}

const Line = struct({
  quantity: counter(),
  note: register<string>(),
  tags: set<'gift' | 'fragile'>(),
})
const Cart = struct({ owner: register({ initial: '' }), lines: map(Line), coupons: set<string>() })
const Words = map(counter())
const People = map<Person>()
const Pages = map(struct({ visits: counter(), slowestMs: max() }))
const Latest = ref(Words)
const Rooms = log<Person>()
const Todo = list<string>()
const Note = text()
const Options = document<Settings>({ theme: { dark: false } })
const Sums = map(vector(3))
const Times = quantiles()
const greatest = defineType({
  name: 'printed.Greatest',
  empty: () => 0,
  join: (a, b) => Math.max(a, b),
  value: (state) => state,
  operations: { offer: (_state, _context, n: number) => n },
})

export declare const clicks: Local<ReturnType<typeof counter>>
export declare const words: HandleOf<typeof Words>
export declare const people: Local<typeof People>
export declare const peopleElsewhere: Remote<typeof People>
export declare const pages: Local<typeof Pages>
export declare const cart: Local<typeof Cart>
export declare const tags: Local<typeof Line>['tags']
export declare const latest: Local<typeof Latest>
export declare const rooms: Local<typeof Rooms>
export declare const todo: Remote<typeof Todo>
export declare const note: Local<typeof Note>
export declare const options: Local<typeof Options>
export declare const sums: Local<typeof Sums>
export declare const times: Remote<typeof Times>
export declare const draft: Draft<Local<typeof Words>>
export declare const span: Local<ReturnType<typeof greatest>>
