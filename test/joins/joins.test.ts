import assert from 'node:assert/strict'
import { ClusterIdentity } from '#peer/membership/cluster-identity.ts'
import { type ObservedNode, startNode, unlessItHangs } from '#test/peer/nodes.ts'
import { eventually } from '#test/eventually.ts'
import { joinBurst, lineOf } from './burst.ts'

const nodesMax = 100

describe('A burst of joins', () => {
  const nodes: ObservedNode[] = []

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()))
  })

  it('of a hundred nodes at one member: none is refused, and all are connected', async () => {
    const cluster = ClusterIdentity.found()
    // All of them are this process: a handshake waits for those of all others.
    const options = { cluster, lanePort: false, handshakeTimeoutMs: 60_000 } as const
    const member = await startNode(options)
    nodes.push(member)
    const joiners = await Promise.all(
      Array.from({ length: nodesMax }, async () => await startNode({ ...options, listen: [] })),
    )
    nodes.push(...joiners)
    await Promise.all(joiners.map(async (node) => await node.dial(member.address, unlessItHangs())))
    await eventually(() => {
      assert.equal(member.channels.size, nodesMax)
      for (const { channels } of joiners) assert.equal(channels.size, 1)
    })
    for (const { reports } of nodes) assert.deepEqual(reports, [])
  })

  it('of twelve peers: each is connected to each, and no dial fails', async () => {
    const figures = await joinBurst(12, 60_000)
    const line = lineOf(figures)
    assert.equal(figures.connections, (12 * 11) / 2, line)
    assert.equal(figures.dialsFailed, 0, line)
    assert.deepEqual(figures.reports, [], line)
    assert.ok(figures.dials < 4 * figures.connections, line)
  })
})
