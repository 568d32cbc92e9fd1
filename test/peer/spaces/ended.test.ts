import { strict as assert } from 'node:assert'
import { setImmediate as turn } from 'node:timers/promises'
import { counter, type Local } from '@joinery/crdt-objects'
import { groupUnavailable } from '@joinery/consensus/caller'
import { silentDissemination } from '#peer/dissemination/silent.ts'
import { type ControlCommand } from '#peer/identity/core/control-contract.ts'
import { WriteCount } from '#peer/replication/counted-state.ts'
import { SpaceDriver } from '#peer/replication/driver.ts'
import { type SpaceRules } from '#peer/replication/group-contact.ts'
import { MemoryControl } from '#test/fixtures/memory-control.ts'

type Counter = Local<ReturnType<typeof counter>>

describe('A peer that was away when its space ended', () => {
  let control: MemoryControl
  let drivers: SpaceDriver[]
  /** What was on its way when each ended. */
  let ended: number[]
  /** Whether somebody is in the space. */
  let isUsed: boolean

  beforeEach(() => {
    control = new MemoryControl()
    drivers = []
    ended = []
    isUsed = true
  })

  afterEach(() => {
    for (const driver of drivers) driver.stop()
  })

  function made(rules: Partial<SpaceRules> = {}, ask?: (command: ControlCommand) => void) {
    const port = control.port()
    const driver: SpaceDriver = new SpaceDriver(
      'jobs',
      {
        control: {
          ...port,
          ask: async (request, options) => {
            if (request.kind !== 'view') ask?.(request)
            return await port.ask(request, options)
          },
        },
        dissemination: silentDissemination,
        sendMessage: () => undefined,
        queueBytesOf: () => 0,
        report: () => undefined,
        now: () => Date.now(),
        idlePackMs: 30_000,
        isUsed: () => isUsed,
        onEnded: () => ended.push(driver.unconfirmed),
      },
      { keepers: 3, durability: 2, isStable: false, opening: 1, ...rules },
      new WriteCount(),
    )
    drivers.push(driver)
    return driver
  }

  async function opened(rules?: Partial<SpaceRules>): Promise<SpaceDriver> {
    const driver = made(rules)
    await driver.open(1000, () => false)
    return driver
  }

  function hitsOf(driver: SpaceDriver): Counter {
    const { kind } = counter()
    return driver.state.open('hits', kind).handle(kind) as Counter
  }

  /** The group ends the space; another of its name is free to begin. */
  function end(): void {
    const { generation } = control.state.spaceByName.get('jobs')!
    control.answer({ kind: 'end-space', space: 'jobs' })
    control.answer({ kind: 'swept', space: 'jobs', generation })
  }

  it('is told, and how much of what it wrote nobody else has', async () => {
    const driver = await opened()
    const hits = hitsOf(driver)
    hits.add(1)
    hits.add(2)
    const flushed = driver.flush({ replicas: 2, timeoutMs: 60_000 })
    const seen = driver.seen
    end()
    const later = await opened()
    const reached = later.reach(seen, { timeoutMs: 60_000 })
    assert.equal(await reached, true, 'nothing of an ended space is waited for')
    driver.contactNow()
    await assert.rejects(flushed, { code: 'SPACE_ENDED' })
    assert.equal(driver.ended.aborted, true)
    assert.deepEqual(ended, [2])
    assert.throws(() => hits.add(1), { code: 'SPACE_ENDED' })
  })

  it('is in no other space of that name, and leaves no trace in it', async () => {
    const driver = await opened()
    hitsOf(driver).add(5)
    driver.seal()
    end()
    const later = await opened()
    driver.contactNow()
    await turn()
    await turn()
    assert.equal(driver.ended.aborted, true)
    assert.equal(later.ended.aborted, false)
    assert.equal(hitsOf(later).value, 0)
    assert.equal(control.state.spaceByName.get('jobs')!.usedSlots, 1)
    await driver.end({})
    assert.ok(control.state.spaceByName.has('jobs'), 'it does not end the other one')
  })

  it('gives a slot back that it leased in the other one', async () => {
    const { founded } = (await opened()).known!
    end()
    control.answer({ kind: 'found', space: 'jobs', keepers: 3, durability: 2 })
    const other = made({ founded })
    await assert.rejects(
      other.open(1000, () => false),
      { code: 'SPACE_ENDED' },
    )
    await turn()
    const { slots } = control.state.spaceByName.get('jobs')!
    assert.deepEqual(
      slots.map(({ isAbandoned }) => isAbandoned),
      [true],
    )
  })

  it('and comes to keep it only, founds no other', async () => {
    isUsed = false
    await assert.rejects(opened(), { code: 'SPACE_ENDED' })
    assert.equal(control.state.spaceByName.size, 0)
  })

  it('and began alone meanwhile, founds another though nobody is in it just then', async () => {
    let isThere = false
    const driver = made({ lifetime: { ttlMs: 5_000 } }, () => {
      if (!isThere) throw groupUnavailable(0, 'not-applied', 'no leader')
    })
    await driver.open(10, () => true)
    hitsOf(driver).add(3)
    isUsed = false
    isThere = true
    for (let i = 0; i < 20; i++) {
      driver.contactNow()
      driver.tick(0.5)
      await turn()
    }
    assert.deepEqual(driver.known?.lifetime, { ttlMs: 5_000 })
    assert.equal(driver.status, 'active')
    assert.equal(hitsOf(driver).value, 3)
  })

  it('and means the one that it has seen, founds no other', async () => {
    await assert.rejects(opened({ founded: 1 }), { code: 'SPACE_ENDED' })
    assert.equal(control.state.spaceByName.size, 0)
  })

  it('asks for no slot with a lifetime that the space has not', async () => {
    await opened({ lifetime: { ttlMs: 1_000 } })
    const asked: string[] = []
    const other = made({ lifetime: 'keep' }, ({ kind }) => asked.push(kind))
    await assert.rejects(
      other.open(1000, () => false),
      (error: { code: string; details: unknown }) => {
        assert.equal(error.code, 'SPACE_LIFETIME_DIFFERS')
        const found = { ttlMs: 1_000 }
        assert.deepEqual(error.details, { space: 'jobs', expected: 'keep', found })
        return true
      },
    )
    assert.deepEqual(asked, ['found'])
    await opened({ lifetime: { ttlMs: 1_000 } })
    assert.deepEqual((await opened()).known?.lifetime, { ttlMs: 1_000 })
  })

  it('tells the group of a lease whether somebody is in it, and of no other space', async () => {
    for (const [lifetime, told] of [
      [{ leaseMs: 1_000 }, ['use']],
      ['keep', []],
    ] as const) {
      const asked: string[] = []
      control = new MemoryControl()
      isUsed = true
      const driver = made({ lifetime }, ({ kind }) => asked.push(kind))
      await driver.open(1000, () => false)
      asked.length = 0
      isUsed = false
      driver.contactNow()
      for (let i = 0; i < 10; i++) await turn()
      assert.deepEqual(
        asked.filter((kind) => kind === 'use'),
        told,
      )
      assert.equal(control.state.spaceByName.get('jobs')!.usedBy, lifetime === 'keep' ? 1 : 0)
    }
  })
})
