// Keepers that open spaces by themselves, on real peers.
import { strict as assert } from 'node:assert'
import { counter } from '@joinery/crdt-objects'
import { type Peer, type PeerOptions } from '@joinery/peer'
import { RealPeers } from '#test/fixtures/real-peers.ts'

describe('Keepers', () => {
  const peers = new RealPeers()
  const { reports } = peers
  const start = (options?: PeerOptions): Promise<Peer> => peers.start(options)

  it('open what a peer that comes and goes has written, and have it for the next', async () => {
    await start()
    await Promise.all([start({ keeper: true }), start({ keeper: true })])
    const fleeting = await start()
    const space = await fleeting.space('jobs')
    const done = await space.open('done', counter())
    done.add(7)
    const { replicas } = await space.flush({ replicas: 2, timeoutMs: 20_000 })
    assert.ok(replicas >= 2)
    // As a crash: nothing is handed over.
    await fleeting.stop({ deadlineMs: 0 })
    // Nobody but keepers has it for a while: it is not taken for lost.
    await new Promise((resolve) => setTimeout(resolve, 6000))
    const next = await start()
    assert.equal((await (await next.space('jobs')).open('done', counter())).value, 7)
    assert.ok(!reports.includes('space-lost') && !reports.includes('space-alone'), String(reports))
  })
})
