import assert from 'node:assert/strict'
import type { GroupSummary } from '@joinery/client/protocol'
import { eventually } from '#test/eventually.ts'
import type { Audit } from './fixtures/bank.ts'
import { PeerProcess } from './fixtures/peer-process.ts'

describe('Transactions between peers in processes of their own', () => {
  const processes: PeerProcess[] = []

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((peer) => peer.kill()))
  })

  async function launch(bootstrap: readonly string[], mode: 'gossip' | 'none') {
    const peer = await PeerProcess.launch()
    processes.push(peer)
    await peer.start({ bootstrap, dissemination: mode })
    await peer.ask({ kind: 'open', space: 'shared' })
    return peer
  }

  for (const mode of ['gossip', 'none'] as const) {
    const how = mode === 'gossip' ? 'by gossip' : 'by anti-entropy alone'
    it(`no reader ever sees half of one that came ${how}`, async () => {
      const founder = await launch([], mode)
      const [writer, reader] = await Promise.all([
        launch(founder.addresses, mode),
        launch(founder.addresses, mode),
      ])
      await reader.ask({ kind: 'bank', do: 'start-audit' })
      const writes = [founder, writer].map((peer) => peer.ask({ kind: 'bank', do: 'move' }))
      // Another one gets what there is as a whole state, amid the writing.
      const late = await launch(writer.addresses, mode)
      await late.ask({ kind: 'bank', do: 'start-audit' })
      await Promise.all(writes)
      const moved = (400 * 401) / 2
      for (const auditor of [reader, late]) {
        const audit = await eventually(async () => {
          const seen = await auditor.ask<Audit>({ kind: 'bank', do: 'look' })
          assert.equal(seen.moved, 2 * moved)
          return seen
        }, 20_000)
        assert.deepEqual(audit.violations, [])
        // The late one may have come when all was done.
        assert.ok(auditor === late || audit.looks > 100, `${audit.looks} looks`)
      }
      const { reports } = await reader.ask<{ reports: string[] }>({ kind: 'look' })
      assert.deepEqual(reports, [])
    })
  }
})

describe('Peers and the engines of objects', () => {
  const processes: PeerProcess[] = []

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((peer) => peer.kill()))
  })

  async function launch(bootstrap: readonly string[]): Promise<PeerProcess> {
    const peer = await PeerProcess.launch()
    processes.push(peer)
    // Whoever stays can lease slots to those that come when the founder is gone.
    await peer.start({ bootstrap, groups: { voter: true } })
    await peer.ask({ kind: 'open', space: 'shared' })
    return peer
  }

  /** But that the author fell silent. */
  async function assertNothingReported(peer: PeerProcess): Promise<void> {
    const { reports } = await peer.ask<{ reports: string[] }>({ kind: 'look' })
    const others = reports.filter((kind) => kind !== 'peer-silent')
    assert.deepEqual(others, [])
  }

  it('a peer that never opened a text replicates it, and serves it to a third', async () => {
    const author = await launch([])
    const keeper = await launch(author.addresses)
    await author.ask({ kind: 'write-text', text: 'what the author wrote' })
    await author.ask({ kind: 'flush', replicas: 2 })
    const state = await launch(author.addresses)
    await author.ask({ kind: 'write-text', text: ', and wrote on' })
    await author.ask({ kind: 'flush', replicas: 3 })
    await eventually(async () => {
      const [group] = await keeper.ask<GroupSummary[]>({ kind: 'groups' })
      assert.equal(group?.voters.length, 3)
    }, 20_000)
    const { addresses } = keeper
    await author.kill()
    // Who opens a space where nobody leads the group begins alone after a while: elections are not what this is about.
    await eventually(async () => {
      const [group] = await keeper.ask<GroupSummary[]>({ kind: 'groups' })
      const leader = group?.voters.find(({ node }) => node === group.leader)
      assert.ok(leader !== undefined && leader.peer !== author.id, 'another one leads')
    })
    const reader = await launch(addresses)
    // Had it begun alone, it would have said so.
    await assertNothingReported(reader)
    assert.deepEqual(await reader.ask({ kind: 'read-text' }), {
      text: 'what the author wrote, and wrote on',
      document: { title: ', and wrote on' },
    })
    for (const peer of [keeper, state, reader]) await assertNothingReported(peer)
  })

  it('a peer reads what it was opened for although a text came before', async () => {
    const author = await launch([])
    await author.ask({ kind: 'write-text', text: 'first' })
    await author.ask({ kind: 'write', writer: 'author', rounds: 20 })
    const other = await PeerProcess.launch()
    processes.push(other)
    await other.start({ bootstrap: author.addresses })
    // The whole state needs the engine: opening the space waits for it.
    assert.equal(
      await other.ask({ kind: 'open', space: 'shared' }),
      await author.ask({ kind: 'read' }),
    )
  })
})
