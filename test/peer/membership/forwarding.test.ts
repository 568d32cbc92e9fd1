import assert from 'node:assert/strict'
import { Forwarding } from '#peer/membership/forwarding.ts'
import { type ChannelEvents } from '#peer/network.ts'
import { clearPending, connect, FakePeer, settle } from './fake-peers.ts'

/** The frames of a writer leave in a microtask: everything arrives when nothing more does. */
async function settleAll(): Promise<void> {
  for (let round = 0; round < 50; round++) {
    settle()
    await Promise.resolve()
  }
}

describe('A peer that listens nowhere', () => {
  it('reaches who comes, however many have come and gone that reach out to it', () => {
    const paths: string[] = []
    const forwarding = new Forwarding({
      selfId: 'm',
      isListening: () => false,
      now: () => 0,
      isDirect: (peer) => peer === 'forwarder',
      isConnected: () => false,
      tell: (_, frame) => {
        if (frame.kind === 'forward' && frame.content.kind === 'open') paths.push(frame.peer)
        return true
      },
      events: { onOpened: () => undefined } as unknown as ChannelEvents,
    })
    for (let at = 0; at < 2000; at++)
      forwarding.learn('forwarder', { id: `gone ${at}`, addresses: [] })
    forwarding.learn('forwarder', { id: 'newcomer', addresses: [] })
    assert.deepEqual(paths, ['newcomer'])
  })
})

describe('Peers that listen nowhere', () => {
  let a: FakePeer
  let b: FakePeer
  let c: FakePeer

  function pass(seconds: number): void {
    for (let tick = 0; tick < 2 * seconds; tick++) {
      for (const peer of [a, b, c]) {
        peer.nowMs += 500
        peer.membership.tick()
      }
    }
  }

  beforeEach(() => {
    clearPending()
    a = new FakePeer('a', false)
    b = new FakePeer('b')
    c = new FakePeer('c', false)
    for (const peer of [a, b, c]) void peer.membership.openSpace('x')
  })

  async function join(): Promise<void> {
    connect(a, b)
    connect(c, b)
    await settleAll()
  }

  it('share spaces and links by way of a member that is connected to both', async () => {
    await join()
    assert.ok(a.take().includes('up x c'))
    assert.ok(c.take().includes('up x a'))
    a.membership.sendMessage('x', 'c', Uint8Array.of(1, 2), false)
    c.membership.sendBatch('x', 'a', Uint8Array.of(3))
    a.membership.sendOnLink('c', Uint8Array.of(4), false)
    await settleAll()
    assert.deepEqual(c.take(), ['message x a 1,2'])
    assert.deepEqual(a.take(), ['batch x c 3'])
    assert.deepEqual(
      c.links.filter((line) => line.startsWith('a')),
      ['a 4'],
    )
    assert.ok(!b.take().some((event) => event.startsWith('message')))
  })

  it('are reached by who came last: an introduction tells of them before it is complete', async () => {
    connect(c, b)
    await settleAll()
    connect(a, b)
    await settleAll()
    assert.ok(a.take().includes('up x c'))
    assert.ok(c.take().includes('up x a'))
  })

  it('carry more than a window in order, and bulk of many windows', async () => {
    await join()
    c.take()
    const sent = 40
    for (let i = 0; i < sent; i++) {
      const bytes = new Uint8Array(100_000).fill(i)
      a.membership.sendMessage('x', 'c', bytes, true)
    }
    await settleAll()
    const first = (event: string): string => event.split(',', 1)[0]!
    assert.deepEqual(
      c.take().map(first),
      Array.from({ length: sent }, (_, i) => `message x a ${i}`),
    )
  })

  it('lose each other with the member that forwards, and find another', async () => {
    const d = new FakePeer('d')
    await join()
    connect(a, d)
    connect(c, d)
    await settleAll()
    a.take()
    for (const peer of [a, c])
      for (const channel of peer.channels) if (channel.peer === 'b') channel.close('gone')
    await settleAll()
    assert.ok(a.take().includes('lost c'))
    pass(2)
    await settleAll()
    assert.ok(a.take().includes('up x c'))
    assert.ok(a.membership.isConnected('c'))
  })

  it('begin anew after the forwarder had to drop what was on its way to one of them', async () => {
    await join()
    a.take()
    c.take()
    const [toC] = [...b.channels].filter(({ peer }) => peer === 'c')
    b.membership.onOverflow(toC!, 1000)
    await settleAll()
    assert.ok(a.take().includes('lost c'))
    b.membership.onDrained(toC!)
    pass(2)
    await settleAll()
    assert.ok(a.take().includes('up x c'))
    a.membership.sendMessage('x', 'c', Uint8Array.of(1), false)
    await settleAll()
    assert.ok(c.take().includes('message x a 1'))
  })

  it('begin anew after one of them had to drop what was on its way to the forwarder', async () => {
    await join()
    a.take()
    c.take()
    const [toB] = [...a.channels].filter(({ peer }) => peer === 'b')
    a.membership.onOverflow(toB!, 1000)
    await settleAll()
    assert.ok(a.take().includes('lost c'))
    a.membership.onDrained(toB!)
    pass(2)
    await settleAll()
    assert.ok(a.take().includes('up x c'))
    c.membership.sendMessage('x', 'a', Uint8Array.of(1), false)
    await settleAll()
    assert.ok(a.take().includes('message x c 1'))
  })

  it('give a path up for a connection of their own', async () => {
    await join()
    a.take()
    connect(a, c)
    await settleAll()
    assert.deepEqual(a.membership.neighbours.map(({ id }) => id).sort(), ['b', 'c'])
    b.membership.leave(0)
    for (const channel of a.channels) if (channel.peer === 'b') channel.close('gone')
    await settleAll()
    assert.ok(a.membership.isConnected('c'), 'it does not need the forwarder')
  })

  it('are not told by a path of members beyond it: there is one hop', async () => {
    const e = new FakePeer('e', false)
    await join()
    connect(e, c)
    await settleAll()
    pass(3)
    await settleAll()
    assert.ok(!a.membership.isConnected('e'))
    assert.deepEqual(a.reports, [])
  })

  it('forget who left', async () => {
    await join()
    a.take()
    c.membership.leave(3)
    await settleAll()
    assert.ok(a.take().includes('forget c'))
    assert.deepEqual(a.reports.at(-1), { kind: 'peer-left', peer: 'c', unsent: 3 })
  })
})
