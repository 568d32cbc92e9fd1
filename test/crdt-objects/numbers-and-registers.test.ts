import assert from 'node:assert/strict'
import { counter, isJoineryError, map, max, min, register } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

const MAX = Number.MAX_SAFE_INTEGER

describe('counters', () => {
  it('sum concurrent amounts', () => {
    const { states, handles } = share(counter(), 3)
    handles[0]!.add()
    handles[1]!.add(10)
    handles[2]!.subtract(3)
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, 8)
  })

  it('are exact up to 2^53 - 1 either way, and refuse what is beyond', () => {
    const state = replica(1n)
    const up = open(state, counter(), 'up')
    const down = open(state, counter(), 'down')
    up.add(MAX - 1)
    up.add(1)
    down.subtract(MAX)
    refuses(state, 'COUNTER_OVERFLOW', () => up.add(1))
    refuses(state, 'COUNTER_OVERFLOW', () => down.subtract(1))
    assert.equal(up.value, MAX)
    assert.equal(down.value, -MAX)
    up.subtract(1)
    assert.equal(up.value, MAX - 1)
  })

  it('that merge to a sum beyond 2^53 - 1 throw on reading, until the sum is back', () => {
    const { states, handles } = share(counter())
    handles[0]!.add(MAX)
    handles[1]!.add(2)
    sync(...states)
    for (const handle of handles) {
      assert.throws(
        () => handle.value,
        (error) => isJoineryError(error, 'COUNTER_OVERFLOW'),
      )
    }
    handles[0]!.subtract(2)
    assert.equal(handles[0]!.value, MAX)
    sync(...states)
    assert.equal(handles[1]!.value, MAX)
  })

  it('pass 2^53 on the way to an exact sum', () => {
    const { states, handles } = share(counter(), 3)
    handles[0]!.add(MAX)
    handles[1]!.add(MAX)
    handles[2]!.subtract(MAX)
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, MAX)
  })

  it('in a map are there from the first add on, one of 0 included', () => {
    const { states, handles } = share(map(counter()))
    handles[0]!.at('x').add(0)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.value, new Map([['x', 0]]))
  })
})

describe('extrema', () => {
  it('keep the best of concurrent offers', () => {
    const { states, handles } = share(map(max()))
    const lowest = states.map((state) => open(state, min(), 'lowest'))
    for (const [index, handle] of handles.entries()) handle.at('x').offer(index)
    for (const [index, handle] of lowest.entries()) handle.offer(index)
    sync(...states)
    for (const handle of handles) assert.equal(handle.get('x'), 1)
    for (const handle of lowest) assert.equal(handle.value, 0)
  })

  it('keep a best of 0 against what is worse', () => {
    const state = replica(1n)
    const [greatest, smallest] = [open(state, max(), 'greatest'), open(state, min(), 'smallest')]
    for (const offer of [0, -1]) greatest.offer(offer)
    for (const offer of [0, 1]) smallest.offer(offer)
    assert.deepEqual([greatest.value, smallest.value], [0, 0])
    assert.equal(state.pendingUpdates, 2)
  })

  it('take an offer that is no better for no update', () => {
    const state = replica(1n)
    const handle = open(state, max())
    handle.offer(5)
    handle.offer(5)
    handle.offer(-1)
    assert.equal(state.pendingUpdates, 1)
  })
})

describe('registers', () => {
  it('read as their initial value until the first write', () => {
    const state = replica(1n)
    assert.equal(open(state, register<string>(), 'plain').value, undefined)
    const initial = open(state, register({ initial: { at: new Date(0) } }), 'initial')
    initial.value.at.setTime(5)
    assert.deepEqual(initial.value, { at: new Date(0) })
  })

  it('tell the values that lost, latest first, until the next write', () => {
    const { states, handles } = share(register<string>(), 3)
    const clocks = [10, 30, 20].map((ms) => ({ ms }))
    const replicas = clocks.map((clock, index) => replica(BigInt(index + 1), clock))
    const registers = replicas.map((state) => open(state, register<string>()))
    for (const [index, handle] of registers.entries()) handle.set('abc'[index]!)
    sync(...replicas)
    for (const handle of registers) {
      assert.equal(handle.value, 'b')
      assert.deepEqual(handle.conflicts(), ['c', 'a'])
    }
    registers[0]!.set('end')
    sync(...replicas)
    for (const handle of registers) assert.deepEqual(handle.conflicts(), [])
    handles[0]!.set('alone')
    sync(...states)
    assert.deepEqual(handles[0]!.conflicts(), [])
  })

  it('of equal times take the greater replica', () => {
    const clock = { ms: 5 }
    const states = [replica(9n, clock), replica(0xffff_ffff_ffff_fff0n, clock), replica(10n, clock)]
    const handles = states.map((state) => open(state, map<number>()))
    for (const [index, handle] of handles.entries()) handle.set('x', index)
    sync(...states)
    for (const handle of handles) assert.equal(handle.get('x'), 1)
  })

  it('of different times take the later, whatever the replica', () => {
    const states = [replica(9n, { ms: 6 }), replica(1n, { ms: 7 })]
    const handles = states.map((state) => open(state, register<number>()))
    for (const [index, handle] of handles.entries()) handle.set(index)
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, 1)
  })
})

describe('maps of values', () => {
  it('keep what they were given, whatever happens to it and to what they give', () => {
    const handle = open(replica(1n), map<{ at: Date }>())
    const given = { at: new Date(0) }
    handle.set('x', given)
    given.at.setTime(1)
    handle.get('x')!.at.setTime(2)
    for (const { at } of handle.values()) at.setTime(3)
    handle.value.get('x')!.at.setTime(4)
    assert.deepEqual(handle.get('x'), { at: new Date(0) })
  })
})

describe('the hybrid clock', () => {
  it('lets a write win over what its writer had seen, though its clock is behind', () => {
    const ahead = replica(1n, { ms: 5_000 })
    const behind = replica(2n, { ms: 10 })
    const [first, second] = [open(ahead, register<string>()), open(behind, register<string>())]
    first.set('seen')
    sync(ahead, behind)
    const other = replica(3n, { ms: 4_999 })
    const third = open(other, register<string>())
    second.set('later')
    third.set('concurrent')
    const concurrent = other.takeBatch()!
    sync(ahead, behind)
    for (const state of [ahead, behind]) assert.equal(state.apply(concurrent), 'applied')
    other.joinState(ahead.encodeState())
    for (const handle of [first, second, third]) assert.equal(handle.value, 'later')
  })

  it('goes on when the wall clock goes back', () => {
    const clock = { ms: 1_000 }
    const state = replica(1n, clock)
    const other = replica(2n, { ms: 999 })
    open(state, register<string>()).set('first')
    clock.ms = 5
    open(state, register<string>()).set('second')
    open(other, register<string>()).set('other')
    sync(state, other)
    assert.equal(open(other, register<string>()).value, 'second')
  })

  it('does not follow a stamp from the far future, and a write that saw it wins all the same', () => {
    const far = replica(1n, { ms: 4e12 })
    const clock = { ms: 1e9 }
    const near = replica(2n, clock)
    const third = replica(3n, { ms: 2e9 })
    const [a, b, c] = [openMap(far), openMap(near), openMap(third)]
    a.set('x', 'from the future')
    sync(far, near, third)
    b.set('x', 'now')
    b.set('y', 'near')
    c.set('y', 'third, later')
    sync(far, near, third)
    assert.equal(b.get('x'), 'now')
    assert.equal(a.get('x'), 'now')
    // Had the near replica followed, its stamp would have won here.
    for (const handle of [a, b, c]) assert.equal(handle.get('y'), 'third, later')
  })

  it('takes a wall clock with fractions of a millisecond', () => {
    const state = replica(1n, { ms: 1.000_3 })
    const other = replica(2n)
    open(state, register<string>()).set('x')
    sync(state, other)
    assert.equal(open(other, register<string>()).value, 'x')
  })
})

function openMap(state: ReturnType<typeof replica>) {
  return open(state, map<string>())
}
