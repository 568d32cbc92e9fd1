import assert from 'node:assert/strict'
import { type Change, counter, map, register, type Transaction } from '@joinery/crdt-objects'
import { createPeer, type LocalSpace, type Peer } from '@joinery/peer'

describe('A transaction at a peer', () => {
  const peers: Peer[] = []
  let here: LocalSpace
  let there: LocalSpace

  beforeEach(async () => {
    const clusterKey = 'a key for tests, and for tests only'
    const first = await createPeer({ clusterKey })
    const second = await createPeer({ clusterKey, bootstrap: first.addresses })
    peers.push(first, second)
    here = await first.space('s')
    there = await second.space('s')
  })

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.stop()))
  })

  it('is done at once, leaves in one batch, and is one change at the other peer', async () => {
    const hits = await here.open('hits', map(counter()))
    const note = await here.open('note', register<string>())
    const seen = await there.open('hits', map(counter()))
    const changes: Change[] = []
    seen.subscribe((change) => changes.push(change))
    const before = peers[0]!.statistics()
    here.transact((tx) => {
      for (let i = 0; i < 100; i++) tx(hits).at(`${i}`).add(i)
      tx(note).set('done')
    })
    assert.equal(hits.size, 99 + 1)
    await here.flush({ replicas: 2 })
    assert.equal(peers[0]!.statistics().batches, before.batches + 1)
    assert.equal(changes.length, 1)
    assert.equal(changes[0]!.origin, 'remote')
    assert.equal(seen.get('99'), 99)
  })

  it('leaves no trace when it fails, here or there', async () => {
    const hits = await here.open('hits', map(counter()))
    hits.at('a').add(1)
    await here.flush({ replicas: 2 })
    const before = peers[0]!.statistics()
    const cases: [(tx: Transaction) => unknown, object][] = [
      [
        (tx) => {
          tx(hits).at('a').add(5)
          tx(hits).at('b').add(0.5)
        },
        { code: 'VALUE_INVALID' },
      ],
      [
        async (tx) => {
          tx(hits).at('a').add(5)
          await Promise.resolve()
          tx(hits).at('b').add(5)
        },
        { code: 'VALUE_INVALID' },
      ],
    ]
    for (const [work, expected] of cases) {
      assert.throws(() => {
        here.transact(work as (tx: Transaction) => undefined)
      }, expected)
    }
    await here.flush({ replicas: 2 })
    assert.deepEqual(hits.value, new Map([['a', 1]]))
    assert.equal(peers[0]!.statistics().updates, before.updates)
    await here.close()
    assert.throws(
      () => {
        here.transact(() => undefined)
      },
      { code: 'SPACE_ENDED' },
    )
  })
})
