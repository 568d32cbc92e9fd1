import assert from 'node:assert/strict'
import { type PeerId } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { DepartedPeers } from '#peer/libp2p/departed-peers.ts'

const metadata = { seen: Uint8Array.of(1) }

async function rig(count: number) {
  const { peerStore } = await createLibp2p({ start: false })
  // Each node has an id of its own.
  const make = async (): Promise<PeerId> => (await createLibp2p({ start: false })).peerId
  const peers = await Promise.all(Array.from({ length: count }, make))
  for (const peer of peers) await peerStore.merge(peer, { metadata })
  const connected = new Set<string>()
  const departed = new DepartedPeers({
    peerStore,
    getConnections: (peer?: PeerId) => (connected.has(String(peer)) ? [{} as never] : []),
  })
  /** Which of the peers are known, after so many sweeps. */
  const known = async (sweeps = 0): Promise<boolean[]> => {
    for (let i = 0; i < sweeps; i++) departed.sweep()
    await new Promise((resolve) => setImmediate(resolve))
    return await Promise.all(peers.map((peer) => peerStore.has(peer)))
  }
  return { peers, departed, connected, known }
}

describe('Peers that are gone', () => {
  it('are forgotten in time, and nobody else is', async () => {
    const { peers, departed, known } = await rig(3)
    departed.left(peers[0]!)
    departed.dialled(`/ip4/127.0.0.1/tcp/1/p2p/${peers[1]!.toString()}`)
    departed.dialled('/ip4/127.0.0.1/tcp/1')
    // Not at once: what is told of the end of a connection is looked up then.
    assert.deepEqual(await known(1), [true, true, true])
    assert.deepEqual(await known(1), [false, false, true])
  })

  it('are remembered while they are back, or dialled again and again', async () => {
    const { peers, departed, connected, known } = await rig(2)
    for (let i = 0; i < 4; i++) {
      departed.left(peers[0]!)
      departed.dialled(`/ip4/127.0.0.1/tcp/1/p2p/${peers[1]!.toString()}`)
      assert.deepEqual(await known(1), [true, true])
    }
    connected.add(peers[0]!.toString())
    assert.deepEqual(await known(2), [true, false])
    connected.clear()
    departed.left(peers[0]!)
    assert.deepEqual(await known(2), [false, false])
  })
})
