// What the protocol of epochs asks of a replica, rule by rule. That folds cannot be told by readers: epochs.test.ts.
import assert from 'node:assert/strict'
import {
  decodeBatchHeader,
  decodeStateHeader,
  packReplica,
  SpaceState,
  unleasedReplica,
  type Seal,
} from '#crdt-objects/engine.ts'
import {
  counter,
  isJoineryError,
  list,
  map,
  moments,
  set,
  struct,
  text,
} from '#crdt-objects/index.ts'
import { loadAllEngines } from '#test/suites/schemas.ts'
import { stateText } from '#test/suites/state-text.ts'
import { glimpse, open, sync } from './replicas.ts'

function life(slot: number, inc = 1): SpaceState {
  let ms = 1_000
  return new SpaceState({ replica: packReplica(slot, inc), clock: () => ms++ })
}

function joined(...states: readonly (SpaceState | Uint8Array)[]): SpaceState {
  const state = new SpaceState({ replica: unleasedReplica(9n), clock: () => 1_000 })
  for (const each of states) {
    state.joinState(each instanceof Uint8Array ? each : each.encodeState())
  }
  return state
}

/** Enters the next epoch. All tests here begin with lives of these slots, which the first epoch names. */
function enter(state: SpaceState, ...seals: Seal[]): void {
  const born = [0, 1, 2].filter((slot) => seals.every((seal) => seal.slot !== slot))
  const isFirst = state.epoch === 0
  state.enterEpoch(seals, isFirst ? born.map((slot) => packReplica(slot, 1)) : [])
}

function refusesEpoch(state: SpaceState, ...seals: Seal[]): void {
  const before = glimpse(state)
  assert.throws(
    () => {
      enter(state, ...seals)
    },
    (error) => isJoineryError(error, 'EPOCH_TOO_EARLY'),
  )
  assert.equal(glimpse(state), before)
  assert.equal(state.epoch, 0)
}

const Accumulating = struct({
  hits: counter(),
  delays: moments(),
  tags: set<string>(),
  byPage: map(counter()),
  byHost: map(moments()),
})

function writeTo(state: SpaceState, number: number): void {
  const all = open(state, Accumulating)
  all.hits.add(2)
  all.delays.record(number % 7)
  all.tags.add(`tag ${number % 5}`)
  all.byPage.at(`page ${number % 3}`).add(1)
  all.byHost.at('host').record(number % 5)
  if (number % 4 === 0) all.byPage.delete(`page ${number % 3}`)
}

describe('an epoch', () => {
  before(loadAllEngines)

  it('is entered only with exactly what its record says', () => {
    const [a, b] = [life(0), life(1)]
    open(a, counter()).add(1)
    open(a, counter()).add(1)
    sync(a, b)
    refusesEpoch(b, { slot: 0, inc: 1, m: 1 })
    refusesEpoch(b, { slot: 0, inc: 1, m: 3 })
    refusesEpoch(b, { slot: 0, inc: 2, m: 0 })
    refusesEpoch(b, { slot: 1, inc: 1, m: 0 })
    refusesEpoch(b, { slot: 0, inc: 1, m: 2 }, { slot: 0, inc: 2, m: 0 })
    enter(b, { slot: 0, inc: 1, m: 2 }, { slot: 5, inc: 1, m: 0 })
    assert.equal(b.epoch, 1)
    assert.equal(b.vector.get(packReplica(0, 1)), 'sealed')
    assert.equal(b.vector.get(packReplica(5, 1)), 'sealed')
    assert.equal(open(b, counter()).value, 2)
  })

  it('opens the gate for the next life of a slot, and for nothing before', () => {
    const [a, b, c] = [life(0), life(1), life(2)]
    open(a, counter()).add(1)
    const old = a.takeBatch()!
    b.apply(old)
    enter(b, { slot: 0, inc: 1, m: 1 })
    const next = life(0, 2)
    open(next, counter()).add(10)
    assert.throws(() => next.takeBatch(), /before the life of its slot/)
    const again = life(0, 2)
    again.joinState(b.encodeState())
    open(again, counter()).add(10)
    const first = again.takeBatch()!
    assert.equal(c.apply(first), 'gap')
    c.apply(old)
    assert.equal(c.apply(first), 'gap')
    enter(c, { slot: 0, inc: 1, m: 1 })
    assert.equal(c.apply(first), 'applied')
    assert.equal(b.apply(first), 'applied')
    assert.equal(b.apply(old), 'duplicate')
    assert.equal(open(c, counter()).value, 11)
    assert.equal(c.vector.get(packReplica(0, 1)), 'sealed')
    assert.equal(c.vector.get(packReplica(0, 2)), 1)
    assert.equal(c.vector.get(packReplica(1, 1)), 0)
    assert.equal(c.vector.size, 3)
  })

  it('opens the gate by its number, whatever else a batch depends on', () => {
    const [next, b] = [life(0, 2), life(1)]
    next.beginIn(1, [])
    open(next, counter()).add(1)
    const first = next.takeBatch()!
    const { origin, epoch, dependencies } = decodeBatchHeader(first)
    assert.deepEqual([origin, epoch, dependencies], [packReplica(0, 2), 1, []])
    assert.equal(b.apply(first), 'gap')
    enter(b, { slot: 0, inc: 1, m: 0 })
    assert.equal(b.apply(first), 'applied')
  })

  it('is no life before the one after it: such a batch is damaged', () => {
    const [a, b] = [life(0), life(1)]
    open(a, counter()).add(1)
    const forged = a.takeBatch()!.slice()
    // The lowest byte of its author's id: the incarnation.
    forged[9] = 2
    assert.throws(
      () => b.apply(forged),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
  })

  it('keeps a life out while the one before it in its slot goes on, also in a later epoch', () => {
    const [a, b, c] = [life(0), life(1), life(2)]
    open(c, counter()).add(1)
    sync(c, a, b)
    enter(b, { slot: 0, inc: 1, m: 0 })
    const next = life(2, 2)
    next.beginIn(1, [packReplica(1, 1)])
    open(next, counter()).add(1)
    assert.equal(b.apply(next.takeBatch()!), 'gap')
  })

  it('does not take a life for sealed that it names, though nothing of it was seen', () => {
    const [b, c] = [life(1), life(2)]
    open(c, counter()).add(1)
    const late = c.takeBatch()!
    enter(b, { slot: 0, inc: 1, m: 0 })
    const joiner = life(3, 2)
    joiner.joinState(b.encodeState())
    for (const state of [b, joiner]) {
      assert.equal(state.vector.get(c.replica), 0)
      assert.equal(state.apply(late), 'applied')
      assert.equal(state.vector.get(c.replica), 1)
    }
  })

  it('is joined also where it only sealed what nobody had heard of', () => {
    const [b, c] = [life(1), life(2)]
    enter(b, { slot: 0, inc: 1, m: 0 })
    enter(c, { slot: 0, inc: 1, m: 0 })
    enter(c, { slot: 0, inc: 2, m: 0 })
    // From here on its state does not name that life.
    c.settleEpoch(2)
    assert.equal(b.joinState(c.encodeState()), true)
    assert.ok(b.vector.equals(c.vector))
    assert.equal(b.joinState(c.encodeState()), false)
  })

  it('is told of by batches and states before they are applied', () => {
    const [a, b] = [life(0), life(1)]
    open(a, counter()).add(1)
    sync(a, b)
    enter(b, { slot: 0, inc: 1, m: 1 })
    open(b, counter()).add(1)
    const batch = b.takeBatch()!
    const header = decodeBatchHeader(batch)
    assert.deepEqual([header.epoch, header.dependencies], [1, []])
    assert.deepEqual([header.origin, header.first, header.last], [packReplica(1, 1), 1, 1])
    const state = decodeStateHeader(b.encodeState())
    assert.equal(state.vector.epoch, 1)
    assert.equal(state.settled, 0)
    assert.ok(state.vector.equals(b.vector))
    // Who has not entered it takes nothing that was written in it.
    const c = life(2)
    assert.equal(c.apply(batch), 'gap')
  })

  for (const from of ['a state', 'batches'] as const) {
    it(`keeps the author of a text from writing over its predecessor, known from ${from}`, () => {
      const [a, b] = [life(0), life(1)]
      const before = 'abc'.repeat(100)
      open(a, text()).append(before)
      open(a, list<number>(), 'items').push(1)
      const early = a.takeBatch()!
      b.apply(early)
      const seal = { slot: 0, inc: 1, m: a.vector.lastOf(a.replica, 0) }
      enter(b, seal)
      const next = life(0, 2)
      if (from === 'a state') next.joinState(b.encodeState())
      else {
        next.apply(early)
        enter(next, seal)
      }
      open(next, text()).append('def')
      open(next, list<number>(), 'items').push(2)
      const batch = next.takeBatch()!
      assert.ok(batch.length < 200, 'what the life before wrote is not sent again')
      assert.equal(b.apply(batch), 'applied')
      for (const state of [b, next]) {
        assert.equal(open(state, text()).value, `${before}def`)
        assert.deepEqual(open(state, list<number>(), 'items').value, [1, 2])
      }
    })
  }

  it('refuses a state in which this very replica is sealed', () => {
    const [a, b] = [life(0), life(1)]
    open(a, counter()).add(1)
    sync(a, b)
    enter(b, { slot: 0, inc: 1, m: 1 })
    assert.throws(
      () => a.joinState(b.encodeState()),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
  })

  it('is begun with nothing, where everything before is declared lost', () => {
    const state = life(0, 8)
    state.beginIn(7, [packReplica(2, 5)])
    assert.equal(state.epoch, 7)
    open(state, counter()).add(1)
    assert.equal(life(2).apply(state.takeBatch()!), 'gap')
    assert.equal(state.vector.size, 2)
    assert.equal(state.vector.get(packReplica(1, 4)), 'sealed')
    assert.equal(state.vector.get(packReplica(2, 5)), 0)
  })

  it('leaves joins associative, commutative and idempotent', () => {
    const [a, b, c] = [life(0), life(1), life(2)] as [SpaceState, SpaceState, SpaceState]
    writeTo(a, 1)
    sync(a, b, c)
    const early = c.encodeState()
    writeTo(b, 2)
    sync(b, c)
    const m = a.vector.lastOf(a.replica, 0)
    enter(b, { slot: 0, inc: 1, m })
    const entered = b.encodeState()
    writeTo(c, 4)
    const late = c.takeBatch()!
    const other = c.encodeState()
    enter(c, { slot: 0, inc: 1, m })
    b.apply(late)
    b.settleEpoch(1)
    const settled = b.encodeState()
    const orders = [
      [early, entered, other],
      [other, entered, early],
      [entered, other, settled],
      [settled, early, other],
      [other, settled, settled, entered],
    ]
    const texts = orders.map((states) => {
      const state = joined(...states)
      assert.equal(state.joinState(state.encodeState()), false)
      state.settleEpoch(1)
      return stateText(state)
    })
    const grouped = joined(joined(early, entered), joined(other, settled))
    grouped.settleEpoch(1)
    for (const each of texts) assert.equal(each, stateText(grouped))
  })

  it('after a thousand lives, state, vector and tables are as after one', () => {
    const keeper = life(1)
    open(keeper, Accumulating)
    const sizes: number[] = []
    for (let inc = 1; inc <= 1000; inc++) {
      const one = life(0, inc)
      one.joinState(keeper.encodeState())
      writeTo(one, inc)
      assert.equal(keeper.apply(one.takeBatch()!), 'applied')
      enter(keeper, { slot: 0, inc, m: one.vector.lastOf(one.replica, 0) })
      keeper.settleEpoch(inc)
      sizes.push(keeper.encodeState().length)
    }
    const all = open(keeper, Accumulating)
    assert.equal(all.hits.value, 2000)
    assert.equal(all.delays.value.count, 1000)
    assert.deepEqual([...keeper.vector.entries()].map(([id]) => id).sort(), [
      packReplica(1, 1),
      packReplica(2, 1),
    ])
    assert.ok(keeper.knownReplicas <= 600, `${keeper.knownReplicas} replicas are known`)
    // But for the digits of sums and numbers.
    assert.ok((sizes.at(-1) ?? 0) - (sizes[9] ?? 0) < 32, `${sizes[9]} to ${sizes.at(-1)} bytes`)
  })
})
