import assert from 'node:assert/strict'
import { semaphore } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { settle, StrongHarness } from '#test/fixtures/strong-harness.ts'

function rig(permits: number) {
  const harness = new StrongHarness({ restarts: true })
  const [a, b] = [harness.caller(), harness.caller()]
  const schema = semaphore(permits)
  return { harness, a, b, ofA: a.open('s', schema), ofB: b.open('s', schema) }
}

describe('a semaphore', () => {
  it('gives out its permits and no more', async () => {
    const { ofA, ofB } = rig(3)
    const two = await ofA.acquire({ permits: 2 })
    const one = await ofB.acquire()
    assert.equal(await ofA.tryAcquire(), undefined)
    assert.deepEqual(await ofA.read(), { permits: 3, free: 0, waiting: 0 })
    await two.release()
    assert.equal(await ofB.tryAcquire({ permits: 3 }), undefined)
    await one.release()
    assert.notEqual(await ofB.tryAcquire({ permits: 3 }), undefined)
  })

  it('lets none who wants few pass one who wants many', async () => {
    const { ofA, ofB } = rig(3)
    const held = await ofA.acquire({ permits: 2 })
    const seen: string[] = []
    const many = ofB.acquire({ permits: 3 })
    void many.then(() => seen.push('many'))
    const few = ofA.acquire()
    void few.then(() => seen.push('few'))
    assert.equal(await ofB.tryAcquire(), undefined)
    await held.release()
    await settle()
    assert.deepEqual(seen, ['many'])
    await (await many).release()
    await settle()
    assert.deepEqual(seen, ['many', 'few'])
  })

  it('lets those behind on when one who wants many gives up', async () => {
    const { ofA, ofB } = rig(3)
    await ofA.acquire({ permits: 2 })
    const stop = new AbortController()
    const many = ofB.acquire({ permits: 3, signal: stop.signal })
    const few = ofA.acquire()
    stop.abort(new Error('enough'))
    await assert.rejects(many)
    await few
    assert.deepEqual(await ofA.read(), { permits: 3, free: 0, waiting: 0 })
  })

  it('has the permits back of a session that ends, and of leases that run out', async () => {
    const { harness, a, ofA, ofB } = rig(4)
    await ofA.acquire()
    await ofA.acquire({ leaseMs: 500 })
    const leased = await ofB.acquire({ permits: 2, leaseMs: 200 })
    await harness.advance(200)
    assert.equal(leased.lost.aborted, true)
    assert.equal((await ofB.read()).free, 2)
    harness.expire(a)
    assert.equal((await ofB.read()).free, 4)
    // The timer of a lease that its session has ended before finds nothing.
    await harness.advance(1000)
    assert.equal((await ofB.read()).free, 4)
  })

  it('takes leases away in the order in which they run out, not in which they began', async () => {
    const { harness, ofA } = rig(4)
    for (const leaseMs of [300, 100, 200, 100]) await ofA.acquire({ leaseMs })
    const free: number[] = []
    for (let step = 0; step < 3; step++) {
      await harness.advance(100)
      free.push((await ofA.read()).free)
    }
    assert.deepEqual(free, [2, 3, 4])
  })

  it('has no more timers than it needs, however often one lease runs out before another', async () => {
    const { harness, ofA } = rig(4)
    await ofA.acquire({ leaseMs: 100_000 })
    const bytes: number[] = []
    for (let i = 0; i < 40; i++) {
      await ofA.acquire({ leaseMs: 10 })
      await harness.advance(10)
      bytes.push(harness.machine.snapshot().length)
    }
    assert.equal((await ofA.read()).free, 3)
    assert.ok(bytes.at(-1)! < bytes[10]! + 64, bytes.join())
  })

  it('refuses what it can never give', async () => {
    const { ofA } = rig(2)
    const isInvalid = (error: unknown) => isJoineryError(error, 'VALUE_INVALID')
    await assert.rejects(ofA.acquire({ permits: 3 }), isInvalid)
    await assert.rejects(ofA.acquire({ permits: 0 }), isInvalid)
    assert.throws(() => semaphore(0), isInvalid)
  })

  it('gives its permits back after work that fails', async () => {
    const { ofA } = rig(1)
    const failed = ofA.request({ permits: 1 }, () => {
      throw new Error('no')
    })
    await assert.rejects(failed, /^Error: no$/)
    assert.equal(await ofA.request(() => 7), 7)
    assert.equal((await ofA.read()).free, 1)
  })
})
