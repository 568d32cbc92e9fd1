import assert from 'node:assert/strict'
import {
  counter,
  flag,
  isJoineryError,
  map,
  max,
  ref,
  register,
  set,
  struct,
  type Change,
  type Draft,
  type Local,
  type Transaction,
} from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { SpaceState, remoteHandle } from '#crdt-objects/engine.ts'
import { stateText } from '#test/suites/state-text.ts'
import { glimpse, open, replica, sync } from './replicas.ts'

const Line = struct({ quantity: counter(), note: register<string>(), tags: set<string>() })
const Cart = struct({ lines: map(Line), coupons: set<string>(), open: flag(), best: max() })

/** As spaces give it to users. */
function transact(state: SpaceState, work: (tx: Transaction) => undefined): void {
  state.transact((tx) => work(tx as Transaction))
}

/** What types refuse, and programs without types do. */
type Read = 'get' | 'has' | 'keys' | 'values' | 'entries' | 'read' | 'changes' | 'until' | 'open'

function reading(draft: unknown): Record<Read, (...args: unknown[]) => unknown> {
  return draft as Record<Read, (...args: unknown[]) => unknown>
}

function refuse(state: SpaceState, work: (tx: Transaction) => undefined, code?: string): void {
  const before = glimpse(state)
  assert.throws(
    () => {
      transact(state, work)
    },
    (error) =>
      code === undefined
        ? (error as Error).message === 'stop'
        : isJoineryError(error, code as never),
  )
  assert.equal(glimpse(state), before)
}

function fill(cart: Draft<Local<typeof Cart>>): void {
  cart.lines.at('apple').quantity.add(3)
  cart.lines.at('apple').note.set('ripe')
  cart.lines.at('apple').tags.add('gift')
  cart.coupons.add('a')
  cart.open.enable()
  cart.best.offer(7)
}

describe('a transaction', () => {
  it('writes several objects as one, and is seen as one', () => {
    const states = [replica(1n), replica(2n)] as const
    const carts = states.map((state) => open(state, Cart, 'cart'))
    const stocks = states.map((state) => open(state, map(counter()), 'stock'))
    const heard: Change[] = []
    carts[1]!.subscribe((change) => {
      heard.push(change)
      assert.equal(stocks[1]!.get('apple'), -3)
      assert.equal(carts[1]!.lines.get('apple')?.quantity, 3)
    })
    const told: Change[] = []
    carts[0]!.subscribe((change) => told.push(change))
    transact(states[0], (tx) => {
      fill(tx(carts[0]!))
      tx(stocks[0]!).at('apple').subtract(3)
    })
    assert.equal(told.length, 1)
    assert.equal(told[0]!.origin, 'local')
    assert.equal(told[0]!.detail.length, 6)
    const batch = states[0].takeBatch()!
    assert.equal(states[0].takeBatch(), undefined)
    assert.equal(states[1].apply(batch), 'applied')
    assert.equal(heard.length, 1)
    assert.deepEqual(carts[1]!.value, carts[0]!.value)
  })

  it('that throws leaves nothing, whatever it wrote and removed', () => {
    const state = replica(1n)
    const cart = open(state, Cart, 'cart')
    const values = open(state, map<number>(), 'values')
    transact(state, (tx) => {
      fill(tx(cart))
      tx(values).set('kept', 1)
    })
    const first = state.takeBatch()!
    cart.lines.at('apple').quantity.add(2)
    values.set('pending', 2)
    const details: unknown[] = []
    cart.subscribe((change) => details.push(change))
    refuse(state, (tx) => {
      const draft = tx(cart)
      fill(draft)
      draft.lines.at('pear').quantity.add(1)
      draft.lines.delete('apple')
      draft.lines.at('apple').quantity.add(5)
      draft.coupons.clear()
      draft.open.disable()
      tx(values).set('kept', 3)
      tx(values).set('pending', 4)
      tx(values).delete('kept')
      tx(values).clear()
      throw new Error('stop')
    })
    assert.deepEqual(details, [])
    const other = replica(2n)
    const copy = open(other, Cart, 'cart')
    const copied = open(other, map<number>(), 'values')
    other.apply(first)
    sync(state, other)
    assert.equal(copy.lines.at('apple').quantity.value, 5)
    assert.deepEqual(
      copied.value,
      new Map([
        ['kept', 1],
        ['pending', 2],
      ]),
    )
    assert.equal(stateText(other), stateText(state))
  })

  it('one refused write takes back those before it', () => {
    const state = replica(1n)
    const hits = open(state, counter(), 'hits')
    const notes = open(state, map<string>(), 'notes')
    hits.add(Number.MAX_SAFE_INTEGER - 1)
    const add = (n: number) => (tx: Transaction) => {
      tx(notes).set('a', 'b')
      tx(hits).add(n)
      return undefined
    }
    refuse(state, add(2), 'COUNTER_OVERFLOW')
    refuse(state, add(0.5), 'VALUE_INVALID')
    transact(state, add(1))
    assert.equal(hits.value, Number.MAX_SAFE_INTEGER)
  })

  it('that reads is refused at once, whatever it reads and whoever catches it', () => {
    const state = replica(1n)
    const hits = open(state, counter(), 'hits')
    const counts = open(state, map(counter()), 'counts')
    const latest = open(state, ref(counter()), 'latest')
    const reads: ((tx: Transaction) => unknown)[] = [
      (tx) => reading(tx(counts)).get('x'),
      (tx) => reading(tx(counts)).has('x'),
      (tx) => reading(tx(counts)).keys(),
      (tx) => reading(tx(counts)).values(),
      (tx) => reading(tx(counts)).entries(),
      (tx) => reading(tx(hits)).read(),
      (tx) => reading(tx(hits)).changes(),
      (tx) => reading(tx(hits)).until(() => true),
      (tx) => reading(tx(latest)).open(),
    ]
    for (const read of reads) {
      const work = (tx: Transaction, isCaught: boolean): undefined => {
        tx(hits).add(1)
        if (isCaught) assert.throws(() => read(tx), /a draft only writes/)
        else read(tx)
      }
      for (const isCaught of [false, true])
        refuse(state, (tx) => work(tx, isCaught), 'VALUE_INVALID')
    }
    assert.equal(hits.value, 0)
  })

  it('says which side a handle is of', () => {
    const state = replica(1n)
    const elsewhere = remoteHandle(counter(), {
      name: 'hits',
      call: () => Promise.reject(new Error('not asked')),
      stream: () => assert.fail('not asked'),
      open: () => Promise.reject(new Error('not asked')),
    }) as Local<ReturnType<typeof counter>>
    assert.throws(() => {
      transact(state, (tx) => {
        tx(elsewhere).add(1)
      })
    }, /a handle of a client, and the transaction is a peer's, got "hits"/)
  })

  it('a refused write that its work catches is refused all the same', () => {
    const state = replica(1n)
    const hits = open(state, counter(), 'hits')
    refuse(
      state,
      (tx) => {
        tx(hits).add(1)
        assert.throws(() => tx(hits).add(0.5))
        tx(hits).add(2)
      },
      'VALUE_INVALID',
    )
  })

  it('takes at most what a batch carries', () => {
    const state = replica(1n)
    const notes = open(state, map<string>(), 'notes')
    const large = 'x'.repeat(60_000)
    const write = (count: number) => (tx: Transaction) => {
      for (let i = 0; i < count; i++) tx(notes).set(`${i}`, large)
      return undefined
    }
    refuse(state, write(80), 'OBJECT_TOO_LARGE')
    transact(state, write(60))
    assert.equal(notes.size, 60)
  })

  it('leaves in one batch, however much is pending', () => {
    let full = 0
    const state: SpaceState = new SpaceState({
      replica: 1n,
      clock: () => 1,
      onFull: () => {
        full++
        state.takeBatch()
      },
    })
    const notes = open(state, map<string>())
    transact(state, (tx) => {
      for (let i = 0; i < 20; i++) tx(notes).set(`${i}`, 'x'.repeat(10_000))
      assert.equal(full, 0)
    })
    assert.equal(full, 1)
    assert.equal(state.pendingUpdates, 0)
  })

  it('has drafts that only write, only within it, and only of its own space', () => {
    const state = replica(1n)
    const cart = open(state, Cart, 'cart')
    let kept: Draft<typeof cart> | undefined
    transact(state, (tx) => {
      kept = tx(cart)
    })
    assert.throws(() => kept?.open.enable(), /over/)
    refuse(
      state,
      (tx) => {
        ;(tx(cart) as unknown as { read(): unknown }).read()
      },
      'VALUE_INVALID',
    )
    const elsewhere = open(replica(2n), counter())
    refuse(
      state,
      (tx) => {
        tx(elsewhere).add(1)
      },
      'VALUE_INVALID',
    )
    refuse(
      state,
      (tx) => {
        tx({} as typeof cart)
      },
      'VALUE_INVALID',
    )
    refuse(
      state,
      () => {
        transact(state, () => undefined)
      },
      'VALUE_INVALID',
    )
    const late = (async () => await Promise.resolve()) as unknown as () => undefined
    refuse(state, late, 'VALUE_INVALID')
    state.close()
    refuse(state, () => undefined, 'SPACE_ENDED')
  })

  it('gives no part of itself away: no batch is taken within it', () => {
    const state = replica(1n)
    const cart = open(state, Cart, 'cart')
    const before = glimpse(state)
    const work = (tx: Transaction): undefined => {
      tx(cart).open.enable()
      state.takeBatch()
    }
    assert.throws(() => {
      transact(state, work)
    }, /no batch is taken within a transaction/)
    assert.equal(glimpse(state), before)
  })

  it('that writes nothing is nothing', () => {
    const state = replica(1n)
    const cart = open(state, Cart, 'cart')
    cart.subscribe(() => assert.fail())
    transact(state, () => undefined)
    transact(state, (tx) => {
      tx(cart).lines.delete('nothing')
    })
    assert.equal(state.takeBatch(), undefined)
  })
})

describe('schemas that differ', () => {
  const opened = <S extends Schema>(state: SpaceState, schema: S): Local<S> => open(state, schema)

  it('in fields share one object: each sees its own, none loses what others wrote', () => {
    const One = map(struct({ hits: counter() }))
    const Two = map(struct({ hits: counter(), tags: set<string>() }))
    const Three = map(struct({ tags: set<string>(), best: max() }))
    const states = [replica(1n), replica(2n), replica(3n)] as const
    const one = opened(states[0], One)
    const two = opened(states[1], Two)
    const three = opened(states[2], Three)
    one.at('a').hits.add(1)
    two.at('a').hits.add(10)
    two.at('a').tags.add('x')
    three.at('a').best.offer(5)
    three.at('b').best.offer(6)
    sync(...states)
    assert.deepEqual(one.get('a'), { hits: 11 })
    assert.deepEqual(two.get('a'), { hits: 11, tags: new Set(['x']) })
    assert.deepEqual(three.get('a'), { tags: new Set(['x']), best: 5 })
    assert.equal(one.size, 2)
    assert.deepEqual(one.get('b'), { hits: 0 })
    // One that knows one field only removes all of them, and hands all of them on.
    one.delete('a')
    sync(...states)
    const joiner = replica(4n)
    joiner.joinState(states[0].encodeState())
    assert.deepEqual(opened(joiner, Three).value, new Map([['b', { tags: new Set(), best: 6 }]]))
    // It goes on with batches whose schema it has from the state alone.
    one.at('c').hits.add(1)
    two.at('c').tags.add('y')
    sync(...states, joiner)
    assert.deepEqual(opened(joiner, Two).get('c'), { hits: 1, tags: new Set(['y']) })
  })

  it('are all in a state: its joiner takes batches of who knows the old one only', () => {
    const [old, recent, joiner] = [replica(1n), replica(2n), replica(3n)] as const
    const counted = opened(old, struct({ hits: counter() }))
    counted.hits.add(1)
    recent.apply(old.takeBatch()!)
    opened(recent, struct({ hits: counter(), tags: set<string>() })).tags.add('x')
    recent.takeBatch()
    joiner.joinState(recent.encodeState())
    counted.hits.add(1)
    assert.equal(joiner.apply(old.takeBatch()!), 'applied')
    assert.deepEqual(opened(joiner, struct({ hits: counter() })).value, { hits: 2 })
  })

  it('in the kind of a field are refused, with the field and both kinds named', () => {
    const state = replica(1n)
    opened(state, map(struct({ hits: counter(), tags: set() })))
    assert.throws(
      () => opened(state, map(struct({ hits: flag() }))),
      (error) => {
        assert.ok(isJoineryError(error, 'OBJECT_SCHEMA_DIFFERS'))
        assert.deepEqual(error.details.path, ['*', 'hits'])
        assert.match(error.message, /at \*\.hits is counter\(\), not flag\(\)/)
        return true
      },
    )
  })

  it('in the kind of a field, met unawares, stand side by side and converge', () => {
    const states = [replica(1n), replica(2n), replica(3n)] as const
    const counted = opened(states[0], struct({ x: counter(), y: counter() }))
    const flagged = opened(states[1], struct({ x: flag(), y: counter() }))
    counted.x.add(3)
    counted.y.add(1)
    flagged.x.enable()
    flagged.y.add(2)
    sync(...states)
    assert.deepEqual(counted.value, { x: 3, y: 3 })
    assert.deepEqual(flagged.value, { x: true, y: 3 })
    assert.deepEqual(opened(states[2], struct({ x: counter() })).value, { x: 3 })
    assert.deepEqual(opened(states[2], struct({ x: flag() })).value, { x: true })
    const joiner = replica(4n)
    joiner.joinState(states[2].encodeState())
    assert.deepEqual(opened(joiner, struct({ x: flag() })).value, { x: true })
  })
})
