// Membership on real processes: who is stopped and goes on, who listens nowhere, and who leaves.
import assert from 'node:assert/strict'
import type { LeaveReport } from '#peer/peer.ts'
import { eventually } from '#test/eventually.ts'
import { PeerProcess } from './fixtures/peer-process.ts'
import { ownMs } from '#test/own-time.ts'

interface Look {
  readonly peers: number
  readonly dials: number
  readonly dialsFailed: number
  readonly reports: readonly string[]
}

describe('membership of processes', () => {
  let peers: PeerProcess[] = []

  afterEach(async () => {
    await Promise.all(peers.map(async (peer) => await peer.kill()))
    peers = []
  })

  async function start(
    options: Omit<Parameters<PeerProcess['start']>[0], 'bootstrap'> = {},
  ): Promise<PeerProcess> {
    const bootstrap = peers[0]?.addresses ?? []
    const peer = await PeerProcess.launch()
    peers.push(peer)
    return await peer.start({ ...options, bootstrap })
  }

  const look = async (peer: PeerProcess): Promise<Look> => await peer.ask<Look>({ kind: 'look' })
  const read = async (peer: PeerProcess): Promise<string> => await peer.ask({ kind: 'read' })

  async function assertConverged(all: readonly PeerProcess[], timeoutMs: number): Promise<string> {
    return await eventually(async () => {
      const [first, ...rest] = await Promise.all(all.map(read))
      for (const value of rest) assert.equal(value, first)
      return first!
    }, timeoutMs)
  }

  it('a peer that is stopped for six seconds catches up within five, and nobody dials for it', async () => {
    await start({ dissemination: 'direct' })
    await Promise.all([1, 2, 3, 4].map(async () => await start({ dissemination: 'direct' })))
    const others = peers.slice(0, 4)
    const frozen = peers[4]!
    for (const peer of peers) await peer.ask({ kind: 'open', space: 'shared' })
    await eventually(async () => {
      for (const peer of peers) assert.equal((await look(peer)).peers, 4)
    })
    const ratesOf = async (): Promise<number> => {
      const rates = await Promise.all(
        others.map((peer) => peer.ask<number>({ kind: 'rate', forMs: 1500 })),
      )
      return rates.reduce((sum, rate) => sum + rate, 0)
    }
    await ratesOf()
    const rateBefore = await ratesOf()
    const before = await Promise.all(peers.map(look))

    frozen.freeze()
    const stoppedMs = performance.now()
    const rateMeanwhile = Math.max(await ratesOf(), await ratesOf())
    await Promise.all(
      others.map((peer, i) => peer.ask({ kind: 'write', writer: `meanwhile ${i}`, rounds: 50 })),
    )
    await new Promise((resolve) => setTimeout(resolve, 6000 - (performance.now() - stoppedMs)))
    frozen.thaw()
    const thawedMs = performance.now()
    const goesOnMs = ownMs()
    const value = await assertConverged(peers, 20_000)
    const caughtUpMs = ownMs() - goesOnMs
    assert.match(value, /meanwhile 3/)
    assert.ok(caughtUpMs < 5000, `caught up in ${caughtUpMs} ms`)
    assert.ok(
      rateMeanwhile > 0.6 * rateBefore,
      `${rateMeanwhile} additions a second of processor while one peer stands still, ${rateBefore} before`,
    )

    await frozen.ask({ kind: 'write', writer: 'thawed', rounds: 5 })
    await frozen.ask({ kind: 'flush', replicas: 5 })
    const after = await Promise.all(peers.map(look))
    const dials = (looks: readonly Look[]): number =>
      looks.reduce((sum, each) => sum + each.dials, 0)
    assert.equal(dials(after), dials(before), 'all connections were kept')
    const expected = new Set(['peer-suspected', 'peer-heard-again', 'peer-slow'])
    // A lease outlives six seconds, but not what a busy machine may make of them.
    if (thawedMs - stoppedMs > 6_500) expected.add('space-fenced')
    for (const [i, { reports }] of after.entries()) {
      const unexpected = reports.filter((kind) => !expected.has(kind))
      assert.deepEqual(unexpected, i === 4 ? ['peer-thawed'] : [])
    }
    const suspecting = after.filter(({ reports }) => reports.includes('peer-suspected')).length
    assert.ok(suspecting >= 3, `${suspecting} of four noticed`)
  })

  it('two peers that listen nowhere write, meet and vote by way of one that does', async () => {
    const votersMax = 3
    await start({ groups: { votersMax } })
    const [first, second] = await Promise.all([
      start({ groups: { listen: [], voter: true, votersMax } }),
      start({ groups: { listen: [], voter: true, votersMax } }),
    ])
    assert.deepEqual([first.addresses, second.addresses], [[], []])
    await eventually(async () => {
      for (const peer of peers) assert.equal((await look(peer)).peers, 2)
    })
    // Only the two have the space open.
    for (const peer of [first, second]) await peer.ask({ kind: 'open', space: 'shared' })
    await Promise.all(
      [first, second].map((peer, i) => peer.ask({ kind: 'write', writer: `w${i}`, rounds: 100 })),
    )
    for (const peer of [first, second]) await peer.ask({ kind: 'flush', replicas: 2 })
    const value = await assertConverged([first, second], 5000)
    assert.ok(/w0/.test(value) && /w1/.test(value))

    for (const peer of peers) await peer.ask({ kind: 'strong-open', space: 'jobs' })
    const meet = { kind: 'strong', do: 'meet', parties: 2, rounds: 10 } as const
    const missing = await Promise.all([first, second].map((peer) => peer.ask(meet)))
    assert.deepEqual(missing, [[], []])
    const add = { kind: 'strong', do: 'add', times: 20 } as const
    const answers = await Promise.all(peers.map((peer) => peer.ask<number[]>(add)))
    assert.deepEqual(
      answers.flat().sort((a, b) => a - b),
      Array.from({ length: 60 }, (_, i) => i + 1),
    )
    for (const peer of peers) assert.deepEqual((await look(peer)).reports, [])
  })

  it('who leaves hands over, says what it could not, and is suspected by nobody', async () => {
    await start()
    const leaver = await start()
    const lone = await start()
    await peers[0]!.ask({ kind: 'open', space: 'shared' })
    await leaver.ask({ kind: 'open', space: 'shared' })
    await lone.ask({ kind: 'open', space: 'of one' })
    await leaver.ask({ kind: 'write', writer: 'leaver', rounds: 100 })
    await lone.ask({ kind: 'write', writer: 'lone', rounds: 1 })
    const [report, incomplete] = await Promise.all(
      [leaver, lone].map((peer) => peer.ask<LeaveReport>({ kind: 'leave' })),
    )
    assert.deepEqual(report, { complete: true, unsent: 0, heldBy: 1 })
    assert.ok(incomplete!.unsent > 0 && !incomplete!.complete && incomplete!.heldBy === 0)
    assert.match(await read(peers[0]!), /leaver/)
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const { reports, dialsFailed } = await look(peers[0]!)
    assert.deepEqual(reports, ['peer-left'])
    assert.equal(dialsFailed, 0)
  })
})
