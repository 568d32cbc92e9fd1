import assert from 'node:assert/strict'
import { encodeFrame, type Frame } from '#peer/membership/wire.ts'
import { clearPending, connect, FakePeer, settle } from './fake-peers.ts'

describe('Membership', () => {
  let a: FakePeer
  let b: FakePeer
  let c: FakePeer

  beforeEach(() => {
    clearPending()
    a = new FakePeer('a')
    b = new FakePeer('b')
    c = new FakePeer('c')
  })

  it('brings up the spaces that both sides have open, whoever opened first and when', () => {
    void a.membership.openSpace('before')
    void b.membership.openSpace('before')
    connect(a, b)
    settle()
    assert.deepEqual(a.take(), ['up before b', 'connected b'])
    void a.membership.openSpace('after')
    settle()
    assert.deepEqual([...a.take(), ...b.take()], ['up before a', 'connected a'])
    void b.membership.openSpace('after')
    settle()
    assert.deepEqual(a.take(), ['up after b'])
    assert.deepEqual(b.take(), ['up after a'])
    assert.deepEqual(a.membership.neighboursOf('after'), ['b'])
    b.membership.closeSpace('after')
    settle()
    assert.deepEqual(a.take(), ['down after b'])
    assert.deepEqual(a.membership.neighboursOf('after'), [])
  })

  it('carries messages, batches and announcements of a space to the same space', () => {
    for (const peer of [a, b]) {
      for (const space of peer === a ? ['x', 'y'] : ['y', 'x'])
        void peer.membership.openSpace(space)
    }
    connect(a, b)
    settle()
    b.take()
    a.membership.sendMessage('y', 'b', Uint8Array.of(1), false)
    a.membership.sendBatch('x', 'b', Uint8Array.of(2))
    a.membership.sendAnnouncement('x', 'b', 2n ** 64n - 1n, 7)
    a.membership.sendMessage('unknown', 'b', Uint8Array.of(3), false)
    settle()
    assert.deepEqual(b.take(), [
      'message y a 1',
      'batch x a 2',
      `announced x a ${2n ** 64n - 1n} 7`,
    ])
  })

  it('introduces all members to each other', () => {
    connect(a, b)
    connect(c, b)
    settle()
    const known = (peer: FakePeer): string[] =>
      peer.learned.map(({ id, addresses }) => `${id} ${addresses.join()}`).sort()
    assert.deepEqual(known(c), ['a /at/a', 'b /at/b'])
    assert.deepEqual(known(a), ['b /at/b', 'c /at/c'])
  })

  it('keeps one of two connections: the same one on both sides', () => {
    for (const peer of [a, b]) void peer.membership.openSpace('x')
    for (const dialledFirst of [true, false]) {
      const [first] = dialledFirst ? connect(a, b) : connect(b, a)
      const [second] = dialledFirst ? connect(b, a) : connect(a, b)
      settle()
      const [byA, byB] = dialledFirst ? [first, second] : [second, first]
      assert.equal(byA.closed, undefined, 'the one that the smaller id dialled stays')
      assert.equal(byB.closed, 'a second connection')
      a.membership.sendMessage('x', 'b', Uint8Array.of(9), false)
      settle()
      assert.ok(b.take().includes('message x a 9'))
      const ups = (events: string[]): number =>
        events.reduce((n, e) => n + Number(e.startsWith('up')) - Number(e.startsWith('down')), 0)
      assert.equal(ups(a.take()), 1)
      byA.close('done')
      settle()
      a.take()
      b.take()
    }
  })

  it('of two connections by the same side the newer one counts: the older may be dead', () => {
    const [older] = connect(a, b)
    settle()
    const [newer] = connect(a, b)
    settle()
    assert.equal(older.closed, 'a second connection')
    assert.equal(newer.closed, undefined)
    assert.ok(!a.take().includes('lost b'))
  })

  it('takes a neighbour that does not read out of all spaces, and in again when it does', () => {
    for (const peer of [a, b]) void peer.membership.openSpace('x')
    const [channel] = connect(a, b)
    settle()
    a.take()
    b.take()
    channel.isFull = true
    a.membership.onOverflow(channel, 1234)
    assert.deepEqual(a.take(), ['down x b'])
    assert.deepEqual(a.reports, [{ kind: 'peer-slow', peer: 'b', bytes: 1234 }])
    // Opened meanwhile: nothing is sent now, and it is not forgotten either.
    void a.membership.openSpace('y')
    void b.membership.openSpace('y')
    settle()
    channel.isFull = false
    a.membership.onDrained(channel)
    settle()
    assert.deepEqual(a.take().sort(), ['up x b', 'up y b'])
    assert.deepEqual(
      b.take(),
      ['down x a', 'up x a', 'up y a'],
      'told again: what was before is void',
    )
  })

  it('does not wait for what a neighbour would have said and had to drop, once it has begun anew', async () => {
    const [, theirs] = connect(a, b)
    settle()
    theirs.isFull = true
    const opening = a.membership.openSpace('x')
    settle()
    b.membership.onOverflow(theirs, 1234)
    theirs.isFull = false
    b.membership.onDrained(theirs)
    settle()
    await opening
  })

  it('closes a channel that was silent for 15 s, and breaks its own silence', () => {
    const [channel] = connect(a, b)
    settle()
    for (let second = 1; second <= 40; second++) {
      for (const peer of [a, b]) {
        peer.nowMs = second * 1000
        peer.membership.tick()
      }
      settle()
      // From now on nothing of what b says arrives.
      if (second === 20) channel.other.isFull = true
    }
    assert.equal(channel.closed, 'silent')
    assert.deepEqual(
      a.reports.map(({ kind }) => kind),
      ['peer-suspected', 'peer-silent'],
    )
    assert.ok(a.take().includes('lost b'))
  })

  it('does not take others for dead because it stood still itself', () => {
    const [channel] = connect(a, b)
    settle()
    a.nowMs = 3_600_000
    a.membership.tick()
    assert.equal(channel.closed, undefined)
    a.nowMs += 1000
    a.membership.tick()
    assert.equal(channel.closed, undefined)
  })

  it('says that it is back before it judges others, after it stood still, and tells who asked to know', () => {
    const silent = connect(a, b)[1]
    const channels = [silent, connect(a, c)[1]]
    settle()
    a.take()
    // Nothing of what the others say arrives any more.
    for (const channel of channels) channel.isFull = true
    a.membership.tick()
    for (const peer of [b, c]) peer.membership.tick()
    for (const peer of [a, b, c]) peer.nowMs = 600_000
    a.membership.tick()
    assert.deepEqual(a.take(), ['thawed 599500'])
    assert.deepEqual(a.reports, [{ kind: 'peer-thawed', stoodStillMs: 599_500 }])
    const toldBefore = b.told.length
    settle()
    assert.deepEqual(b.told.slice(toldBefore), ['alive'])
    for (let tick = 1; tick <= 6; tick++) {
      a.nowMs += 500
      a.membership.tick()
    }
    assert.equal(a.reports.length, 1, 'for three seconds it makes nothing of their silence')
  })

  it('takes a frozen neighbour out of all it shares, and in again at its first word', () => {
    for (const peer of [a, b, c]) void peer.membership.openSpace('x')
    const [, silent] = connect(a, b)
    connect(a, c)
    connect(b, c)
    settle()
    const pass = (seconds: number): void => {
      for (let tick = 0; tick < 2 * seconds; tick++) {
        for (const peer of [a, b, c]) {
          peer.nowMs += 500
          if (peer !== b) peer.membership.tick()
        }
        settle()
      }
    }
    a.take()
    a.links.length = 0
    b.isStill = true
    pass(6)
    assert.deepEqual(a.take(), ['down x b'])
    assert.deepEqual(a.links, ['down b'])
    assert.deepEqual(
      a.reports.map((report) => report.kind === 'peer-suspected' && report.condition),
      ['frozen'],
    )
    assert.equal(a.membership.conditions.get('b'), 'frozen')
    assert.equal(silent.closed, undefined)
    assert.deepEqual(a.doubts.splice(0), ['suspected b'])
    b.isStill = false
    b.membership.tick()
    settle()
    assert.deepEqual(a.doubts, ['trusted b'])
    assert.deepEqual(a.take(), ['up x b'])
    assert.deepEqual(a.links, ['down b', 'up b'])
    assert.equal(a.reports.at(-1)!.kind, 'peer-heard-again')
    assert.ok(b.take().includes('down x a'), 'told again: what was before is void')
  })

  it('goes on over the connection that the other side has changed to, though it held the old one for the better', () => {
    for (const peer of [a, b]) void peer.membership.openSpace('x')
    const [old] = connect(a, b)
    settle()
    // What `b` sends is lost, and `a` says nothing: so only `b` finds that the other is silent.
    a.isStill = true
    for (let tick = 0; tick < 12; tick++) {
      b.nowMs += 500
      b.membership.tick()
      settle()
    }
    assert.deepEqual(b.doubts, ['suspected a'])
    a.isStill = false
    const [anew] = connect(b, a)
    settle()
    assert.equal(old.closed, 'a second connection')
    assert.equal(anew.closed, undefined)
    const again = ['down x a', 'up x a']
    assert.deepEqual(b.take().slice(-4), [...again, ...again], 'what it sent before is void')
    a.take()
    a.membership.sendMessage('x', 'b', Uint8Array.of(1), false)
    b.membership.sendMessage('x', 'a', Uint8Array.of(2), false)
    settle()
    assert.deepEqual(b.take(), ['message x a 1'])
    assert.deepEqual(a.take(), ['message x b 2'])
    assert.ok(a.membership.isConnected('b'))
    for (const [peer, other] of [
      [a, b],
      [b, a],
    ] as const) {
      assert.equal(peer.links.at(-1), `up ${other.id}`)
    }
  })

  it('closes the channel of a neighbour that sends what makes no sense, and only that', () => {
    for (const peer of [a, b, c]) void peer.membership.openSpace('x')
    const nonsense: Uint8Array[] = [
      new Uint8Array(0),
      Uint8Array.of(200),
      encodeFrame({ kind: 'alive' }).slice(0, 0),
      Uint8Array.of(...encodeFrame({ kind: 'alive' }), 1),
      encodeFrame({ kind: 'message', space: 77, bytes: Uint8Array.of(1) } satisfies Frame),
      encodeFrame({ kind: 'begin', addresses: [] }).with(1, 99),
    ]
    connect(c, a)
    settle()
    for (const bytes of nonsense) {
      const [channel] = connect(b, a)
      settle()
      a.take()
      a.reports.length = 0
      channel.send(bytes)
      settle()
      assert.notEqual(channel.closed, undefined, `after ${bytes.join()}`)
      assert.equal(a.reports[0]?.kind, 'frame-invalid')
      assert.deepEqual(a.take(), ['down x b', 'lost b'])
      assert.deepEqual(a.membership.neighboursOf('x'), ['c'])
    }
  })

  it('links the groups of two peers from introduction to loss, in order and nothing before', () => {
    assert.equal(a.membership.sendOnLink('b', Uint8Array.of(1), false), false)
    const [channel] = connect(a, b)
    settle()
    assert.equal(a.membership.sendOnLink('b', Uint8Array.of(2), false), true)
    assert.equal(a.membership.sendOnLink('b', Uint8Array.of(3), true), true)
    settle()
    assert.deepEqual(b.links, ['up a', 'a 2', 'a 3'])
    channel.close('lost')
    assert.deepEqual(a.links, ['up b', 'down b'])
    assert.equal(a.membership.sendOnLink('b', Uint8Array.of(4), false), false)
  })

  it('a link is another one after a queue was dropped, at both sides', () => {
    const [channel] = connect(a, b)
    settle()
    a.membership.onOverflow(channel, 1000)
    assert.equal(a.membership.sendOnLink('b', Uint8Array.of(1), false), false)
    a.membership.onDrained(channel)
    a.membership.sendOnLink('b', Uint8Array.of(2), false)
    settle()
    assert.deepEqual(a.links, ['up b', 'down b', 'up b'])
    assert.deepEqual(b.links, ['up a', 'down a', 'up a', 'a 2'])
  })

  it('a second connection that takes over is another link, and never two at a time', () => {
    connect(b, a)
    settle()
    connect(a, b)
    settle()
    for (const [peer, other] of [
      [a, b],
      [b, a],
    ] as const) {
      assert.deepEqual(peer.links, [`up ${other.id}`, `down ${other.id}`, `up ${other.id}`])
    }
  })

  it('a peer that leaves is forgotten', () => {
    connect(a, b)
    settle()
    a.take()
    b.membership.leave(0)
    settle()
    assert.deepEqual(a.take(), ['forget b'])
  })
})
