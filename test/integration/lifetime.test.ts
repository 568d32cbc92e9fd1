// Lifetimes of spaces, on real peers.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { counter, isJoineryError, map, set } from '@joinery/crdt-objects'
import { createPeer, type Peer, type PeerOptions } from '@joinery/peer'
import { eventually } from '#test/eventually.ts'

describe('The lifetime of a space', function () {
  this.timeout(60_000)
  let peers: Peer[] = []
  let reports: string[] = []

  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.stop({ deadlineMs: 0 })))
    peers = []
    reports = []
  })

  async function start(options: PeerOptions = {}): Promise<Peer> {
    const peer = await createPeer({
      ...{ clusterKey: 'a key for tests, and for tests only', dissemination: 'direct' },
      bootstrap: peers[0]?.addresses ?? [],
      onReport: ({ kind }) => reports.push(kind),
      ...options,
    })
    peers.push(peer)
    return peer
  }

  it('is ended by anybody’s word for everybody, and the next of its name is empty', async () => {
    const [first, second, third] = [await start(), await start(), await start()]
    const spaces = await Promise.all([first, second, third].map((peer) => peer.space('jobs')))
    const [one, two] = [spaces[0]!, spaces[1]!]
    const done = await one.open('done', counter())
    done.add(7)
    await one.flush({ replicas: 2 })
    await two.end()
    await two.end()
    assert.throws(() => void two.transact(() => undefined), { code: 'SPACE_ENDED' })
    await eventually(() => {
      assert.throws(() => done.add(1), { code: 'SPACE_ENDED' })
      assert.equal(reports.filter((kind) => kind === 'space-ended').length, 3)
    }, 15_000)
    await assert.rejects(one.open('done', counter()), { code: 'SPACE_ENDED' })
    await assert.rejects(one.flush(), { code: 'SPACE_ENDED' })
    await one.end()
    await one.close()
    const next = await first.space('jobs')
    assert.equal((await next.open('done', counter())).value, 0)
    const other = await third.space('jobs')
    const added = await other.open('done', counter())
    added.add(1)
    await eventually(async () => {
      assert.equal((await next.open('done', counter())).value, 1)
    })
    assert.ok(!reports.includes('space-alone'), String(reports))
  })
})
