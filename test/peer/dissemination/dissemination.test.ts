import { DirectDissemination } from '#peer/dissemination/direct.ts'
import {
  type DirectChannels,
  type Dissemination,
  type DisseminationEvents,
} from '#peer/dissemination/dissemination.ts'
import { encodeEnvelope, GossipDissemination } from '#peer/dissemination/gossip.ts'
import { ClusterIdentity } from '#peer/membership/cluster-identity.ts'
import { type Gossip } from '#peer/network.ts'
import {
  type Arrival,
  BatchMaker,
  disseminationSuite,
  type DisseminationNetwork,
  publish,
} from '#test/suites/dissemination.ts'
import assert from 'node:assert/strict'
import { type ObservedNode, startNode, unlessItHangs } from '#test/peer/nodes.ts'
import { eventually } from '#test/eventually.ts'

interface Simulated {
  readonly id: string
  readonly joined: Set<string>
  readonly received: Arrival[]
  readonly events: DisseminationEvents
}

function simulate(id: string): Simulated {
  const received: Arrival[] = []
  const joined = new Set<string>()
  const events: DisseminationEvents = {
    onBatch: (space, from, batch) => received.push({ space, from, batch }),
    onAnnounced: (space, from, origin, last) => received.push({ space, from, origin, last }),
  }
  return { id, joined, received, events }
}

/** Direct channels between simulated peers: what membership gives, without a network. */
function channelsOf(self: Simulated, all: readonly Simulated[]): DirectChannels {
  const find = (peer: string): Simulated | undefined => all.find(({ id }) => id === peer)
  return {
    neighboursOf: (space) =>
      all.filter((peer) => peer !== self && peer.joined.has(space)).map(({ id }) => id),
    sendBatch: (space, peer, batch) => find(peer)?.events.onBatch(space, self.id, batch),
    sendAnnouncement: (space, peer, origin, last) =>
      find(peer)?.events.onAnnounced(space, self.id, origin, last),
  }
}

function withMembership(dissemination: Dissemination, joined: Set<string>): Dissemination {
  return {
    join: (space) => {
      joined.add(space)
      dissemination.join(space)
    },
    leave: (space) => {
      joined.delete(space)
      dissemination.leave(space)
    },
    publish: (...sealed) => dissemination.publish(...sealed),
    announce: (space, origin, last) => dissemination.announce(space, origin, last),
  }
}

async function connectDirectly(count: number): Promise<DisseminationNetwork> {
  const all = Array.from({ length: count }, (_, i) => simulate(`peer ${i}`))
  const peers = all.map((self) => {
    const dissemination = new DirectDissemination(channelsOf(self, all))
    return { ...self, dissemination: withMembership(dissemination, self.joined) }
  })
  return { peers, close: async () => undefined }
}

async function connectByGossip(count: number): Promise<DisseminationNetwork> {
  const cluster = ClusterIdentity.found()
  const nodes: ObservedNode[] = []
  for (let i = 0; i < count; i++) nodes.push(await startNode({ cluster, hasGossip: true }))
  for (const [i, node] of nodes.entries()) {
    for (const other of nodes.slice(0, i)) {
      await node.dial(other.address, unlessItHangs())
    }
  }
  const all = nodes.map(({ id }) => simulate(id))
  const peers = all.map((self, i) => {
    const channels = channelsOf(self, all)
    const dissemination = new GossipDissemination(nodes[i]!.gossip!, channels, self.events)
    return { ...self, dissemination: withMembership(dissemination, self.joined) }
  })
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  return { peers, close }
}

disseminationSuite('direct streams', connectDirectly)
disseminationSuite('gossip', connectByGossip)

describe('Gossip as a hint', () => {
  class FakeGossip implements Gossip {
    readonly bytesSent = 0
    readonly bytesReceived = 0
    readonly published: Uint8Array[] = []
    reached: ReadonlySet<string> = new Set()
    deliver!: (topic: string, data: Uint8Array, from: string) => void
    subscribe(): void {}
    unsubscribe(): void {}
    async publish(_topic: string, data: Uint8Array): Promise<ReadonlySet<string>> {
      this.published.push(data)
      return this.reached
    }
    onMessage(listener: typeof this.deliver): void {
      this.deliver = listener
    }
  }

  function create(): { gossip: FakeGossip; others: Simulated[]; dissemination: Dissemination } {
    const gossip = new FakeGossip()
    const all = ['self', 'near', 'far'].map(simulate)
    for (const { joined } of all) joined.add('a')
    const dissemination = new GossipDissemination(gossip, channelsOf(all[0]!, all), all[0]!.events)
    dissemination.join('a')
    return { gossip, others: all.slice(1), dissemination }
  }

  it('a neighbour that gossip does not reach gets the batch directly', async () => {
    const { gossip, others, dissemination } = create()
    gossip.reached = new Set(['near'])
    publish(dissemination, 'a', new BatchMaker(1n).next())
    const [near, far] = others
    await eventually(() => {
      assert.equal(far!.received.length, 1)
    })
    assert.equal(near!.received.length, 0)
  })

  it('no two messages share the sixteen bytes that gossip knows them by', () => {
    const { gossip, dissemination } = create()
    const makers = [new BatchMaker(1n), new BatchMaker(2n)]
    for (let i = 0; i < 50; i++)
      for (const maker of makers) publish(dissemination, 'a', maker.next())
    const ids = gossip.published.map((data) => String(data.subarray(0, 16)))
    assert.equal(new Set(ids).size, 100)
  })

  it('bytes that are no envelope change nothing', () => {
    const gossip = new FakeGossip()
    const self = simulate('self')
    const dissemination = new GossipDissemination(gossip, channelsOf(self, [self]), self.events)
    dissemination.join('a')
    const whole = encodeEnvelope(1n, 1, new Uint8Array(5))
    for (const data of [new Uint8Array(0), new Uint8Array(16), whole.with(16, 9)]) {
      gossip.deliver('/joinery/1/a', data, 'near')
    }
    gossip.deliver('/joinery/1/b', whole, 'near')
    gossip.deliver('/other/a', whole, 'near')
    assert.deepEqual(self.received, [])
  })
})
