import assert from 'node:assert/strict'
import { counter, type Local } from '@joinery/crdt-objects'
import { Reader, VersionVector } from '@joinery/crdt-objects/engine'
import { PeerHost } from '#peer/peer-host.ts'
import { SpaceVisibility } from '#peer/groups/space-visibility.ts'
import { WriteCount } from '#peer/replication/counted-state.ts'
import { SpaceDriver } from '#peer/replication/driver.ts'
import { silentDissemination } from '#peer/dissemination/silent.ts'
import { type Report } from '#peer/report.ts'
import { MemoryControl } from '#test/fixtures/memory-control.ts'

const clusterKey = 'a key for tests, and for tests only'

describe('Visibility of what was written before', () => {
  let drivers: SpaceDriver[] = []
  const control = new MemoryControl()
  const reports: Report[] = []
  const batches: Uint8Array[] = []

  /** A replica, once it may be written to. */
  async function driver(): Promise<SpaceDriver> {
    const made = new SpaceDriver(
      'jobs',
      {
        control: control.port(),
        onEnded: () => undefined,
        isUsed: () => true,
        dissemination: {
          ...silentDissemination,
          publish: (_space, _origin, _last, batch) => void batches.push(batch),
        },
        sendMessage: () => undefined,
        queueBytesOf: () => 0,
        report: (report) => reports.push(report),
        now: () => Date.now(),
        idlePackMs: 30_000,
      },
      { keepers: 3, durability: 2, isStable: false, opening: 1 },
      new WriteCount(),
    )
    drivers.push(made)
    await made.open(5000)
    return made
  }

  function write(to: SpaceDriver): void {
    const { kind } = counter()
    const hits = to.state.open('hits', kind).handle(kind) as Local<ReturnType<typeof counter>>
    hits.add(1)
  }

  const visibilityOf = (of: SpaceDriver | undefined): SpaceVisibility =>
    new SpaceVisibility(
      { find: () => of, hasOther: () => false, report: (report) => reports.push(report) },
      { flushMaxMs: 200, reachMaxMs: 200 },
    )

  afterEach(() => {
    for (const made of drivers) made.stop()
    drivers = []
    reports.length = 0
    batches.length = 0
  })

  it('costs nothing where nothing was written, and where no space is open', async () => {
    assert.equal(visibilityOf(undefined).before('jobs', {}), undefined)
    assert.equal(visibilityOf(await driver()).before('jobs', {}), undefined)
    assert.equal(visibilityOf(undefined).after('jobs', Uint8Array.of(0), {}), undefined)
  })

  it('carries what was written, and is there at once where it has arrived', async () => {
    const [writer, reader] = [await driver(), await driver()]
    write(writer)
    const vector = await visibilityOf(writer).before('jobs', {})
    assert.ok(vector !== undefined)
    assert.equal(VersionVector.decode(new Reader(vector)).size, 1)
    const at = visibilityOf(reader)
    const waiting = at.after('jobs', vector, { timeoutMs: 5000 })
    assert.ok(waiting !== undefined, 'it is not here yet')
    reader.batch('a', batches[0]!)
    await waiting
    assert.equal(at.after('jobs', vector, {}), undefined)
    assert.deepEqual(reports, [])
  })

  it('waits for what does not come a while only, once, and says so', async () => {
    const writer = await driver()
    write(writer)
    const vector = await visibilityOf(writer).before('jobs', {})
    const at = visibilityOf(await driver())
    await at.after('jobs', vector!, { timeoutMs: 30 })
    assert.equal(reports[0]?.kind, 'visibility-late')
    // A caller's own short limit says nothing of what can still come.
    assert.ok(at.after('jobs', vector!, { timeoutMs: 1 }) !== undefined)
    await at.after('jobs', vector!, {})
    assert.equal(at.after('jobs', vector!, {}), undefined, 'not waited for again')
  })

  it('takes no harm from a vector that is none', async () => {
    for (const bytes of [Uint8Array.of(255), new Uint8Array(0), Uint8Array.of(1, 2, 3)])
      assert.equal(visibilityOf(await driver()).after('jobs', bytes, {}), undefined)
  })

  it('brings what was written to another replica before a call lets others go on', async () => {
    await using a = await PeerHost.start({ clusterKey }, { dissemination: 'none' })
    await using b = await PeerHost.start(
      { clusterKey, bootstrap: a.addresses },
      { dissemination: 'none' },
    )
    const [atA, atB] = await Promise.all([a.space('jobs'), b.space('jobs')])
    const [hitsA, hitsB] = await Promise.all([
      atA.open('hits', counter()),
      atB.open('hits', counter()),
    ])
    const flags = await Promise.all(
      [atA, atB].map(
        async (space) => await space.open('done', counter(), { mode: 'linearizable' }),
      ),
    )
    const seen = flags[0]!.until((n) => n === 1).then(() => hitsA.value)
    hitsB.add(7)
    await flags[1]!.add(1)
    assert.equal(await seen, 7)
  })
})
