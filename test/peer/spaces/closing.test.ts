import { strict as assert } from 'node:assert'
import { counter, type Local } from '@joinery/crdt-objects'
import { silentDissemination } from '#peer/dissemination/silent.ts'
import { type ControlPort, type DutyPort } from '#peer/identity/control-client.ts'
import { type Membership } from '#peer/membership/membership.ts'
import { type SpaceDriver } from '#peer/replication/driver.ts'
import { type Report } from '#peer/report.ts'
import { SpaceRegistry } from '#peer/spaces/space-registry.ts'
import { RealPeers } from '#test/fixtures/real-peers.ts'

describe('A space that is closed', () => {
  /** Of a peer that reaches neither the group nor another peer. */
  function cutOff(reports: Report[]): SpaceRegistry {
    const control: Pick<ControlPort, 'session' | 'openSession' | 'onSession' | 'ask'> = {
      session: undefined,
      openSession: () => new Promise(() => undefined),
      onSession: () => () => false,
      ask: () => new Promise(() => undefined),
    }
    const membership = {
      neighboursOf: () => [],
      openSpace: async () => await Promise.resolve(),
      closeSpace: () => undefined,
    }
    return new SpaceRegistry({
      membership: membership as unknown as Membership,
      dissemination: silentDissemination,
      control: control as ControlPort & DutyPort,
      isKeeper: false,
      isCutOff: () => true,
      report: (report) => reports.push(report),
      bounds: {},
    })
  }

  function add(driver: SpaceDriver): void {
    const { kind } = counter()
    const hits = driver.state.open('hits', kind).handle(kind) as Local<ReturnType<typeof counter>>
    hits.add(1)
  }

  it('where it cannot be handed over says how much nobody else has, and the peer goes on knowing it', async () => {
    const reports: Report[] = []
    const registry = cutOff(reports)
    try {
      for (const space of ['one', 'other']) {
        const driver = await registry.acquire(space)
        add(driver)
        await registry.release(driver)
      }
      const empty = await registry.acquire('empty')
      await registry.release(empty)
      assert.equal(registry.unsent, 2)
      assert.deepEqual(
        reports.filter(({ kind }) => kind === 'space-closed'),
        [
          { kind: 'space-closed', space: 'one', unsent: 1 },
          { kind: 'space-closed', space: 'other', unsent: 1 },
        ],
      )
    } finally {
      registry.stop()
    }
  })

  it('lets go of who waits for a flush in it', async () => {
    const registry = cutOff([])
    const driver = await registry.acquire('s')
    add(driver)
    const flushed = driver.flush({ replicas: 2, timeoutMs: 60_000 })
    const isRefused = assert.rejects(flushed, { code: 'SPACE_ENDED' })
    registry.stop()
    await isRefused
  })

  describe('and was handed over', () => {
    const peers = new RealPeers()

    it('counts as complete when its peer stops, held by one other at least', async () => {
      const other = await peers.start()
      const peer = await peers.start()
      await other.space('s')
      const space = await peer.space('s')
      const hits = await space.open('hits', counter())
      hits.add(1)
      await space.close()
      assert.deepEqual(await peer.stop(), { complete: true, unsent: 0, heldBy: 1 })
    })

    it('is opened again by the same peer, as another life of it', async () => {
      const other = await peers.start()
      const peer = await peers.start()
      await other.space('s')
      for (let round = 1; round <= 3; round++) {
        const space = await peer.space('s')
        const hits = await space.open('hits', counter())
        assert.equal(hits.value, round - 1)
        hits.add(1)
        await space.close()
      }
      assert.ok(!peers.reports.includes('space-fenced'), String(peers.reports))
    })
  })
})
