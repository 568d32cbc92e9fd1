import assert from 'node:assert/strict'
import { eventually } from '#test/eventually.ts'
import { canonical, Everything } from './fixtures/everything.ts'
import { PeerProcess, testKey } from './fixtures/peer-process.ts'
import { createStranger } from './fixtures/stranger.ts'
import { createPeer } from '@joinery/peer'

type Mode = 'gossip' | 'direct' | 'none'

describe('Peers in processes of their own', () => {
  const processes: PeerProcess[] = []

  async function launch(count: number): Promise<PeerProcess[]> {
    const launched = await Promise.all(Array.from({ length: count }, () => PeerProcess.launch()))
    processes.push(...launched)
    return launched
  }

  async function launchCluster(count: number, mode: Mode = 'gossip'): Promise<PeerProcess[]> {
    const [founder, ...others] = await launch(count)
    await founder!.start({ bootstrap: [], dissemination: mode })
    const { addresses } = founder!
    await Promise.all(
      others.map((peer) => peer.start({ bootstrap: addresses, dissemination: mode })),
    )
    const all = [founder!, ...others]
    await Promise.all(all.map((peer) => peer.ask({ kind: 'open', space: 'shared' })))
    return all
  }

  async function assertConverged(
    peers: readonly PeerProcess[],
    timeoutMs = 15_000,
  ): Promise<string> {
    return await eventually(async () => {
      const [first, ...rest] = await Promise.all(
        peers.map((peer) => peer.ask<string>({ kind: 'read' })),
      )
      for (const value of rest) assert.equal(value, first)
      return first!
    }, timeoutMs)
  }

  async function writeConcurrently(peers: readonly PeerProcess[], rounds: number): Promise<void> {
    await Promise.all(
      peers.map((peer, i) => peer.ask({ kind: 'write', writer: `writer ${i}`, rounds })),
    )
  }

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((peer) => peer.kill()))
  })

  for (const mode of ['gossip', 'direct', 'none'] as const) {
    const how = mode === 'none' ? 'with gossip switched off' : `by ${mode}`
    it(`three peers converge ${how} after concurrent updates of every type, and a late one too`, async () => {
      const peers = await launchCluster(3, mode)
      await writeConcurrently(peers, 300)
      // Wait for every writer's updates, not just for equality before any arrived.
      await Promise.all(peers.map((peer) => peer.ask({ kind: 'flush', replicas: 3 })))
      const value = await assertConverged(peers)
      assert.match(value, /writer 0/)
      assert.match(value, /writer 2/)

      const [late] = await launch(1)
      await late!.start({ bootstrap: peers[1]!.addresses, dissemination: mode })
      assert.equal(
        await late!.ask({ kind: 'open', space: 'shared' }),
        value,
        'the state is there when the space is',
      )
      await late!.ask({ kind: 'write', writer: 'late', rounds: 3 })
      await late!.ask({ kind: 'flush', replicas: 4 })
      assert.match(await assertConverged([...peers, late!]), /late/)
      const { reports } = await late!.ask<{ reports: string[] }>({ kind: 'look' })
      assert.deepEqual(reports, [])
    })
  }

  it('a peer killed mid-stream leaves the others converging, and its successor catches up', async () => {
    const peers = await launchCluster(3)
    const [founder, survivor, victim] = peers as [PeerProcess, PeerProcess, PeerProcess]
    await victim.ask({ kind: 'stream', writer: 'victim' })
    await writeConcurrently([founder, survivor], 200)
    await eventually(async () => {
      assert.match(await founder.ask<string>({ kind: 'read' }), /victim \d/)
    })
    await victim.kill()
    await writeConcurrently([founder, survivor], 100)
    await assertConverged([founder, survivor])

    const [successor] = await launch(1)
    await successor!.start({ bootstrap: survivor.addresses })
    await successor!.ask({ kind: 'open', space: 'shared' })
    const value = await assertConverged([founder, survivor, successor!])
    assert.match(value, /victim \d/)
    const { reports } = await founder.ask<{ reports: string[] }>({ kind: 'look' })
    assert.deepEqual(reports, [])
  })

  it('a frozen peer costs the others no memory without bound, and catches up when it thaws', async () => {
    const [founder, second, frozen] = await launchCluster(3)
    const memory = async (): Promise<number> =>
      (await founder!.ask<{ memoryBytes: number }>({ kind: 'look' })).memoryBytes
    frozen!.freeze()
    // Queue, backlog of gossip and log of batches fill up; after that, 60 MB more make no difference.
    await founder!.ask({ kind: 'burst', times: 800, bytes: 60_000 })
    const beforeBytes = await memory()
    await founder!.ask({ kind: 'burst', times: 1001, bytes: 60_000 })
    const grownBytes = (await memory()) - beforeBytes
    frozen!.thaw()
    assert.match(await assertConverged([founder!, second!, frozen!]), /1001\.\.\./)
    assert.ok(grownBytes < 40 * 2 ** 20, `${grownBytes} bytes more`)
  })

  it('what was drained outlives the peer that wrote it', async () => {
    const [founder, second] = (await launchCluster(2)) as [PeerProcess, PeerProcess]
    await second.ask({ kind: 'write', writer: 'gone', rounds: 500 })
    assert.deepEqual(await second.ask({ kind: 'drain' }), { complete: true, unsent: 0 })
    const value = await second.ask<string>({ kind: 'read' })
    await second.kill()
    assert.equal(await founder.ask({ kind: 'read' }), value)
  })

  it('sixteen peers on one host converge', async () => {
    const peers = await launchCluster(16)
    await writeConcurrently(peers, 20)
    const flush = { kind: 'flush', replicas: 16, timeoutMs: 40_000 } as const
    await Promise.all(peers.map((peer) => peer.ask(flush)))
    const value = await assertConverged(peers)
    for (let i = 0; i < 16; i++) assert.ok(value.includes(`writer ${i}/`), `of writer ${i}`)
  })

  it('a stranger without the key, subscribed to the topic, receives nothing', async () => {
    const [founder, second] = (await launchCluster(2)) as [PeerProcess, PeerProcess]
    const stranger = await createStranger('/joinery/1/shared')
    try {
      for (const { addresses } of [founder, second]) await stranger.dial(addresses[0]!)
      await writeConcurrently([founder, second], 100)
      await Promise.all([founder, second].map((peer) => peer.ask({ kind: 'flush', replicas: 2 })))
      await eventually(() => {
        assert.equal(stranger.connections, 0)
      })
      assert.equal(stranger.bytesReceived, 0)
      assert.equal(stranger.streamsOpened, 0)
      assert.match(await assertConverged([founder, second]), /writer 1/)
      const { reports } = await founder.ask<{ reports: string[] }>({ kind: 'look' })
      assert.deepEqual([...new Set(reports)], ['peer-refused'])
    } finally {
      await stranger.stop()
    }
  })

  it('a peer of another cluster is refused', async () => {
    const [founder] = (await launchCluster(1)) as [PeerProcess]
    await using other = await createPeer({ clusterKey: testKey })
    const joiner = createPeer({
      clusterKey: testKey,
      bootstrap: [...founder.addresses, ...other.addresses],
    })
    // It belongs to the one that it reached first, and never to both.
    await using joined = await joiner
    const space = await joined.space('shared')
    const all = await space.open('all', Everything)
    assert.equal(canonical(all.toJSON()), await founder.ask({ kind: 'read' }))
    await assert.rejects(space.flush({ replicas: 3, timeoutMs: 500 }), { code: 'CALL_TIMEOUT' })
  })
})
