// What is left of spaces that have ended, at those who were in them: nothing, measured by heap.
import { strict as assert } from 'node:assert'
import { connect } from '@joinery/client'
import { counter, map, register, type Spaces } from '@joinery/crdt-objects'
import { createPeer, type Peer } from '@joinery/peer'
import { eventually } from '#test/eventually.ts'
import { readUsage, type Usage } from '#test/soak/usage.ts'

const keys = 200
const text = 'x'.repeat(200)
/** What one space holds at the least, at each of two peers. */
const spaceBytes = 2 * keys * text.length
const spacesPerRound = 50
const rounds = 5

describe('Spaces that have ended', () => {
  const peers: Peer[] = []
  let ended = 0

  before(async () => {
    for (let at = 0; at < 2; at++) {
      const peer = await createPeer({
        ...{ clusterKey: 'a key for tests, and for tests only', dissemination: 'gossip' },
        bootstrap: peers[0]?.addresses ?? [],
        gateway: {},
        onReport: ({ kind }) => {
          if (kind === 'space-ended') ended++
        },
      })
      peers.push(peer)
    }
  })

  after(async () => {
    await Promise.all(peers.map(async (peer) => await peer.stop({ deadlineMs: 0 })))
  })

  async function fill(spaces: Spaces, name: string): Promise<void> {
    const space = await spaces.space(name, { lifetime: { leaseMs: 600_000 } })
    const texts = await space.open('texts', map(register<string>()))
    const count = await space.open('count', counter())
    const writes: unknown[] = [count.add(1)]
    for (let key = 0; key < keys; key++) writes.push(texts.at(`${name} ${key}`).set(text))
    await Promise.all(writes)
    await space.flush({ replicas: 2 })
  }

  /** Spaces come, are filled by a peer or a client of another, and end by one of them. */
  async function round(client: Spaces, of: number): Promise<void> {
    const first = peers[0]!
    const endedBefore = ended
    const names = Array.from({ length: spacesPerRound }, (_, at) => `job ${of} ${at}`)
    for (const name of names) {
      const other = await first.space(name, { lifetime: { leaseMs: 600_000 } })
      await fill(client, name)
      await eventually(async () => {
        assert.equal((await other.open('count', counter())).value, 1)
      })
      // Every other is ended by the one or the other side.
      await (name.length % 2 === 0 ? other : await client.space(name)).end()
    }
    await eventually(() => assert.equal(ended - endedBefore, 2 * spacesPerRound), 20_000)
  }

  it('leave heap and handles of their survivors as they were', async () => {
    const client = await connect(peers[1]!.gatewayUrl!)
    try {
      await round(client, 0)
      const before = readUsage()
      for (let of = 1; of <= rounds; of++) await round(client, of)
      // What the network keeps for a moment, for whoever asks for it again, goes by itself.
      await eventually(() => {
        assertAsBefore(before, readUsage())
      })
    } finally {
      await client.close()
    }
  })
})

function assertAsBefore(before: Usage, after: Usage): void {
  const all = rounds * spacesPerRound * spaceBytes
  const heap = after['heap']! + after['buffers']! - before['heap']! - before['buffers']!
  assert.ok(heap < all / 10, `${heap} bytes more, after spaces of ${all}`)
  assert.deepEqual(handlesOf(after), handlesOf(before))
  // A few are of what goes on all the time.
  const timersOf = (usage: Usage): number => usage['handles: Timeout'] ?? 0
  assert.ok(timersOf(after) < timersOf(before) + 10)
}

/** But for those that come and go. */
function handlesOf(usage: Usage): Usage {
  const kinds = Object.entries(usage).filter(([kind]) =>
    /handles: (?!Timeout|Immediate)/.test(kind),
  )
  return Object.fromEntries(kinds)
}
