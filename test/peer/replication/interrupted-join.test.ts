import { strict as assert } from 'node:assert'
import { counter, type Local } from '@joinery/crdt-objects'
import { kindOf } from '@joinery/crdt-objects/engine'
import { cluster, connect, deliver, Replica } from './replica.ts'

type Counter = ReturnType<typeof counter>

describe('a joiner that got a part of a state', () => {
  /** A joiner that has got a piece of a state and no more; and another member. */
  function interrupted(): { a: Replica; b: Replica; c: Replica } {
    const [a, c] = cluster(['a', 'c'], { messageBytesMax: 100 })
    for (let i = 0; i < 20; i++) a.tags.add(`a tag of some length, number ${i}`)
    c.gossip((a.step({ kind: 'local-batch' })[0] as { batch: Uint8Array }).batch)
    const b = new Replica('b', {}, true)
    connect(a, b)
    b.tick()
    a.take()
    for (const ask of b.sent('ask')) a.step({ kind: 'message', neighbour: 'b', message: ask })
    const [piece, another] = a.sent('piece')
    assert.ok(piece !== undefined && another !== undefined)
    b.step({ kind: 'message', neighbour: 'a', message: piece })
    b.take()
    return { a, b, c }
  }

  it('begins with that of another where that of the first breaks off', () => {
    const { b, c } = interrupted()
    b.step({ kind: 'message', neighbour: 'a', message: { kind: 'answered', more: false } })
    connect(b, c)
    b.tick()
    deliver(b, c)
    assert.equal(b.core.status, 'active')
    assert.equal(b.tags.size, 20)
  })

  it('begins with that of another where that of the first ends before its end', () => {
    const { b, c } = interrupted()
    const offer = { kind: 'offer', use: 'snapshot', sender: 1n, records: [] } as const
    b.step({ kind: 'message', neighbour: 'a', message: offer })
    connect(b, c)
    b.tick()
    deliver(b, c)
    assert.equal(b.core.status, 'active')
  })

  it('begins with that of another where the first falls silent', () => {
    const { b, c } = interrupted()
    connect(b, c)
    b.tick(40, 0.9)
    deliver(b, c)
    assert.equal(b.core.status, 'active')
    assert.equal(b.tags.size, 20)
  })

  it('does not ask for it again while the last of it is being read', () => {
    const [a] = cluster(['a'], { messageBytesMax: 100 })
    const count = 400
    for (let i = 0; i < count; i++) open(a, i).add(1)
    a.step({ kind: 'local-batch' })
    const b = new Replica('b', {}, true)
    connect(a, b)
    b.tick()
    a.take()
    for (const ask of b.sent('ask')) a.step({ kind: 'message', neighbour: 'b', message: ask })
    b.take()
    // Its turns to read do not come.
    for (const { message } of a.said('send'))
      b.core.step({ kind: 'message', neighbour: 'a', message })
    const asked = b.core.step({ kind: 'tick', random: 0 })
    assert.deepEqual(
      asked.filter((effect) => effect.kind === 'send' && effect.message.kind === 'ask'),
      [],
    )
    assert.equal(b.core.status, 'joining')
    b.step({ kind: 'stream', neighbour: 'a' })
    assert.equal(b.core.status, 'active')
    assert.equal(open(b, count - 1).value, 1)
  })
})

function open({ state }: Replica, number: number): Local<Counter> {
  return state.open(`counter ${number}`, kindOf(counter())).handle() as Local<Counter>
}
