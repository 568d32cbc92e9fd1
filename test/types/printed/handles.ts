// What an editor shows of ten typical handles: printed.test.ts compares it with handles.txt.
import type { HandleOf, Local, Remote } from '@joinery/crdt-objects'
import { counter, flag, map, max, register, set, struct } from '@joinery/crdt-objects'

interface Person {
  readonly name: string
  readonly born: Date
}

const Line = struct({
  quantity: counter(),
  note: register<string>(),
  tags: set<'gift' | 'fragile'>(),
})
const Cart = struct({ owner: register({ initial: '' }), lines: map(Line), coupons: set<string>() })
const Carts = map(Cart)
const People = map<Person>()
const Words = map(counter())

export declare const counted: Local<ReturnType<typeof counter>>
export declare const flagged: Local<ReturnType<typeof flag>>
export declare const best: Remote<ReturnType<typeof max>>
export declare const people: Local<typeof People>
export declare const peopleElsewhere: Remote<typeof People>
export declare const words: HandleOf<typeof Words>
export declare const carts: Local<typeof Carts>
export declare const cart: Local<typeof Cart>
