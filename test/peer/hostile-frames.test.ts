import assert from 'node:assert/strict'
import { counter, type Local, map } from '@joinery/crdt-objects'
import { createPeer, type Peer, type Report } from '@joinery/peer'
import { kindOf, SpaceState, Writer } from '@joinery/crdt-objects/engine'
import { ClusterIdentity } from '#peer/membership/cluster-identity.ts'
import { encodeFrame, type Frame } from '#peer/membership/wire.ts'
import { type Channel } from '#peer/network.ts'
import { encodeMessage } from '#peer/replication/core/message.ts'
import { eventually } from '#test/eventually.ts'
import { type ObservedNode, startNode, unlessItHangs } from '#test/peer/nodes.ts'
import { seed } from '#test/seed.ts'

const clusterKey = new Uint8Array(32).fill(7)
const Words = map(counter())

/** Repeatable: a small generator is enough to break bytes with. */
function createRandom(state: number): (below: number) => number {
  let next = state >>> 0
  return (below) => {
    next = (Math.imul(next, 1_664_525) + 1_013_904_223) >>> 0
    return next % below
  }
}

describe('A member that sends what it should not', () => {
  let peer: Peer
  let words: Local<typeof Words>
  let node: ObservedNode
  const reports: Report[] = []

  before(async () => {
    peer = await createPeer({ clusterKey, onReport: (report) => reports.push(report) })
    words = await (await peer.space('s')).open('words', Words)
    words.at('the').add(3)
    node = await startNode({ cluster: new ClusterIdentity() })
  })

  beforeEach(() => {
    reports.length = 0
  })

  afterEach(async () => {
    assert.deepEqual(Object.fromEntries(words.entries()), { the: 3 }, 'the state is as it was')
    for (const channel of [...node.channels]) channel.close('next')
    await eventually(() => {
      assert.equal(node.channels.size, 0)
    })
  })

  after(async () => {
    await node.stop()
    await peer.stop()
  })

  /** Connects as a member that has the space open under the number 5. */
  async function introduce(): Promise<Channel> {
    await node.dial(peer.addresses[0]!, unlessItHangs())
    const channel = await eventually(() => {
      assert.equal(node.channels.size, 1)
      return [...node.channels][0]!
    })
    send(channel, { kind: 'begin', addresses: [] })
    send(channel, { kind: 'space-open', space: 5, name: 's' })
    send(channel, { kind: 'end' })
    return channel
  }

  function send(channel: Channel, frame: Frame): void {
    channel.send(encodeFrame(frame))
  }

  async function assertAlive(): Promise<void> {
    const other = await createPeer({ clusterKey, bootstrap: peer.addresses })
    try {
      const there = await (await other.space('s')).open('words', Words)
      assert.equal(there.get('the'), 3)
    } finally {
      await other.stop()
    }
  }

  it('loses its connection for malformed frames, and nothing else happens', async () => {
    const random = createRandom(seed)
    const valid = [
      encodeFrame({ kind: 'announce', space: 5, origin: 9n, last: 4 }),
      encodeFrame({ kind: 'members', members: [{ id: 'x', addresses: ['/ip4/1.1.1.1/tcp/1'] }] }),
      encodeFrame({ kind: 'space-open', space: 6, name: 't' }),
    ]
    for (let round = 0; round < 30; round++) {
      const channel = await introduce()
      for (let i = 0; i < 20; i++) {
        const frame = valid[random(valid.length)]!
        // Broken in one byte beyond the kind, cut short, or of no kind at all.
        channel.send(frame.with(1 + random(frame.length - 1), random(256)))
        channel.send(frame.subarray(0, random(frame.length)))
        channel.send(Uint8Array.from({ length: random(100) }, () => random(256)))
      }
      await eventually(() => {
        assert.equal(node.channels.size, 0)
      })
    }
    assert.ok(reports.some(({ kind }) => kind === 'frame-invalid'))
    await assertAlive()
  })

  it('has batches that do not decode quarantined', async () => {
    const random = createRandom(seed)
    const channel = await introduce()
    const state = new SpaceState({ replica: 77n, clock: () => 0 })
    const theirs = state.open('words', kindOf(Words)).handle() as Local<typeof Words>
    theirs.at('the').add(1)
    const batch = state.takeBatch()!
    for (let i = 0; i < 200; i++) {
      send(channel, { kind: 'batch', space: 5, bytes: batch.subarray(0, random(batch.length)) })
    }
    await eventually(() => {
      assert.ok(reports.filter(({ kind }) => kind === 'batch-quarantined').length >= 200)
    })
    assert.equal(node.channels.size, 1)
    await assertAlive()
  })

  it('makes no difference with messages of replication that make no sense', async () => {
    const channel = await introduce()
    const speaker = {
      sender: 5n,
      isMember: true,
      epoch: 9,
      settled: 9,
      keepersVersion: 9,
      revision: 2 ** 50,
    }
    const messages = [
      encodeMessage({ kind: 'answered', more: true }),
      encodeMessage({ kind: 'held', speaker, origin: 5n, last: 2 ** 50 }),
      encodeMessage({ kind: 'probe', speaker, origin: 5n, last: 2 ** 50 }),
      ...[0, 2 ** 40].map((part) =>
        encodeMessage({
          kind: 'part',
          part,
          parts: 2 ** 41,
          bytes: new Uint8Array(9),
        }),
      ),
      encodeMessage({ kind: 'part', part: 0, parts: 1, bytes: new Uint8Array(9) }),
      encodeMessage({ kind: 'piece', use: 'state', isFirst: true, bytes: new Uint8Array(9) }),
      encodeMessage({ kind: 'piece', use: 'snapshot', isFirst: true, bytes: new Uint8Array(9) }),
    ]
    for (const bytes of messages) send(channel, { kind: 'message', space: 5, bytes })
    send(channel, { kind: 'announce', space: 5, origin: 123n, last: 2 ** 50 })
    await assertAlive()
    assert.equal(node.channels.size, 1)
  })

  it('cannot make memory grow by repeating itself', async () => {
    const channel = await introduce()
    const state = new SpaceState({ replica: 78n, clock: () => 0 })
    const theirs = state.open('other words', kindOf(Words)).handle() as Local<typeof Words>
    const batches = Array.from({ length: 20 }, (_, i) => {
      for (let word = 0; word < 200; word++) theirs.at(`word ${word} ${i}`).add(1)
      return state.takeBatch()!
    })
    // The first is missing: all others wait for it, and are sent again and again.
    const frames = batches.slice(1).map((bytes) => encodeFrame({ kind: 'batch', space: 5, bytes }))
    const announcement = (i: number) =>
      encodeFrame({ kind: 'announce', space: 5, origin: BigInt(1000 + i), last: 10 })
    const replay = async (rounds: number): Promise<number> => {
      for (let round = 0; round < rounds; round++) {
        for (const frame of frames) channel.send(frame)
        for (let i = 0; i < 50; i++) channel.send(announcement(round * 50 + i))
        if (round % 10 === 9) {
          await eventually(() => {
            assert.equal(channel.queueBytes, 0)
          })
        }
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      return heapUsed + arrayBuffers
    }
    const beforeBytes = await replay(100)
    const afterBytes = await replay(900)
    assert.ok(afterBytes - beforeBytes < 64 * 2 ** 20, `${beforeBytes} to ${afterBytes} bytes`)
    send(channel, { kind: 'batch', space: 5, bytes: batches[0]! })
    const space = await peer.space('s')
    const other = await space.open('other words', Words)
    await other.until((value) => value.size === 4000, { timeoutMs: 10_000 })
    for (const bytes of batches) send(channel, { kind: 'batch', space: 5, bytes })
    await assertAlive()
    assert.equal(other.get('word 3 3'), 1, 'once applied, a batch is never applied again')
    await space.close()
  })

  it('is cut off when it says that more spaces are open than a peer can have', async () => {
    const channel = await introduce()
    const bytes = new Writer()
    bytes.byte(0)
    for (let number = 0; number < 100_010 && node.channels.size === 1; number++) {
      send(channel, { kind: 'space-open', space: 10 + number, name: `n${number}` })
      if (number % 5000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => {
      assert.equal(node.channels.size, 0)
    })
    assert.deepEqual(
      reports.filter(({ kind }) => kind === 'frame-invalid').map((r) => 'reason' in r && r.reason),
      ['too many spaces'],
    )
  })
})
