import assert from 'node:assert/strict'
import { counter, type Strong } from '@joinery/crdt-objects'
import { eventually } from '#test/eventually.ts'
import { GroupRig, type RigPeer } from '#test/fixtures/group-rig.ts'
import type { GroupReply } from '#peer/groups/group-request.ts'
import { encodeItems, type LinkItem } from '#peer/groups/link-codec.ts'

const Total = counter()

async function totalAt(peer: RigPeer, name = 'total'): Promise<Strong<typeof Total>> {
  return (await peer.objects.open(peer.home, name, Total)) as Strong<typeof Total>
}

function payload(...items: LinkItem[]): Uint8Array {
  return Uint8Array.of(0, ...encodeItems(items))
}

describe('The groups at a peer', () => {
  let rig: GroupRig

  beforeEach(() => {
    rig = new GroupRig()
  })

  afterEach(async () => {
    await rig.stop()
  })

  /** Three peers that vote, and one that does not. */
  async function cluster(groups = 1): Promise<[RigPeer, RigPeer, RigPeer, RigPeer]> {
    const [a, b, c] = [await rig.add('a', { groups }), await rig.add('b'), await rig.add('c')]
    const d = await rig.add('d', { isCandidate: false })
    rig.link('a', 'b', 'c', 'd')
    await eventually(() => {
      for (let group = 0; group < groups; group++) {
        for (const peer of [a, b, c]) assert.equal(peer.votersOf(group).length, 3)
      }
    })
    return [a, b, c, d]
  }

  it('a founder alone answers at once', async () => {
    const a = await rig.add('a', { groups: 3 })
    const totals = await Promise.all(['x', 'y', 'z'].map(async (name) => await totalAt(a, name)))
    for (const total of totals) assert.equal(await total.addAndGet(2), 2)
  })

  it('all peers that may vote do, and every peer calls the same object', async () => {
    const peers = await cluster(4)
    const answers: number[] = []
    for (const peer of peers) answers.push(await (await totalAt(peer)).addAndGet(1))
    assert.deepEqual(answers, [1, 2, 3, 4])
    assert.equal(peers[3].host.memberOf(0), undefined, 'it votes in nothing')
    assert.equal(peers[3].host.groupCount, 4)
  })

  it('calls go on at another leader when the link to the first is lost', async () => {
    const [a, b, , d] = await cluster()
    const total = await totalAt(d)
    await total.add(1)
    const waiting = totalAt(b).then(async (same) => await same.until((n) => n >= 3))
    rig.cut('a')
    assert.equal(await total.addAndGet(1), 2)
    await total.add(1)
    assert.equal(await waiting, 3)
    await eventually(() => {
      assert.equal(a.host.memberOf(0)!.isLeader, false, 'alone, it does not answer for the others')
    })
    rig.link('a', 'b', 'c', 'd')
    assert.equal(await (await totalAt(a)).addAndGet(1), 4)
  })

  it('a voter that is replaced by hand comes back as another member', async () => {
    const [a, b, c] = await cluster()
    const spare = await rig.add('e')
    rig.link('a', 'b', 'c', 'd', 'e')
    const old = c.nodeIn(0)!
    await b.log.replaceVoter(0, old)
    await eventually(() => {
      const names = [a, b, spare].map((peer) => peer.nodeIn(0)!)
      assert.deepEqual(
        [...a.votersOf(0)],
        names.sort((x, y) => x - y),
      )
    })
    // A place comes free, and it takes it under another name.
    await a.log.replaceVoter(0, spare.nodeIn(0)!)
    await eventually(() => {
      const names = [a, b, c].map((peer) => peer.nodeIn(0)!)
      assert.deepEqual(
        [...a.votersOf(0)],
        names.sort((x, y) => x - y),
      )
    })
    assert.notEqual(c.nodeIn(0), old)
    assert.equal(await (await totalAt(c)).addAndGet(1), 1)
  })

  it('a voter that leaves is missed by nobody', async () => {
    const [a, b, c, d] = await cluster(2)
    const total = await totalAt(d)
    await total.add(5)
    for (const peer of [a, b]) {
      await peer.host.handOver()
      rig.cut(peer.id)
    }
    assert.equal(await total.addAndGet(1), 6)
    assert.equal(c.votersOf(0).length, 1)
  })

  it('takes no harm from what makes no sense, and says so', async () => {
    const [a, b, , d] = await cluster()
    const total = await totalAt(d)
    const [from, to] = [b, a]
    const send = (...items: LinkItem[]): void => {
      to.host.links.onLinkBytes(from.id, payload(...items))
    }
    const node = to.nodeIn(0)!
    for (let i = 0; i < 40; i++) {
      const bytes = Uint8Array.from({ length: i }, (_, at) => (at * 151 + i * 83) & 255)
      send({ kind: 'message', group: 0, to: node, bytes })
      send({ kind: 'part', group: 0, to: node, bytes })
      send({ kind: 'message', group: 0, to: 99, bytes })
      send({ kind: 'message', group: 4000, to: node, bytes })
      send({ kind: 'request', id: 5000 + i, body: bytes })
      send({ kind: 'reply', id: 5000 + i, body: bytes })
    }
    assert.throws(() => to.host.links.onLinkBytes(from.id, Uint8Array.of(0, 77)), {
      code: 'ENCODING_INVALID',
    })
    await eventually(() => {
      assert.ok(to.reports.some(({ kind }) => kind === 'group-message-ignored'))
    })
    assert.equal(await total.addAndGet(1), 1)
  })

  it('lets nobody order what a group orders by itself', async () => {
    const [a, , , d] = await cluster()
    for (const command of [
      { kind: 'quarantine', object: 1 },
      { kind: 'end-sessions', sessions: ['0'.repeat(32)], reason: 'expired' },
    ] as const) {
      for (const peer of [a, d]) {
        const reply = await new Promise<GroupReply>((resolve) => {
          peer.host.requests.ask({ kind: 'submit', group: 0, command }, resolve)
        })
        assert.equal(reply.kind, 'invalid')
      }
    }
  })

  it('orders no object of a class that the leader does not know', async () => {
    const [a, , , d] = await cluster()
    const before = a.host.memberOf(0)!.node.status().position
    for (const peer of [a, d]) {
      await assert.rejects(peer.log.openObject('jobs', 'account', '["object:bank.Account",1]'), {
        code: 'OBJECT_TYPE_UNKNOWN',
        details: { type: 'bank.Account' },
      })
    }
    assert.equal(a.host.memberOf(0)!.node.status().position, before)
  })

  it('lists its objects, and what the leader knows of itself', async () => {
    const [a, , , d] = await cluster(2)
    await totalAt(d, 'one')
    await totalAt(a, 'two')
    const listed = await Promise.all([0, 1].map(async (group) => await d.log.list(group, 'jobs')))
    assert.deepEqual(
      listed
        .flat()
        .map(({ name }) => name)
        .sort(),
      ['one', 'two'],
    )
    const look = await d.log.look(0)
    assert.equal(look.voters.length, 3)
    assert.ok(look.voters.includes(look.leader) && look.term > 0 && look.applied > 0)
  })
})
