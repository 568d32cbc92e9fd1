import assert from 'node:assert/strict'
import { type Held, lock, type LockHandle } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { settle, StrongHarness } from '#test/fixtures/strong-harness.ts'

/** Notes in which order its promises resolve. */
function order(): { readonly seen: string[]; note(name: string, held: Promise<Held>): void } {
  const seen: string[] = []
  const note = (name: string, held: Promise<Held>): void => {
    void held.then(() => seen.push(name))
  }
  return { seen, note }
}

function rig(options?: { reentrant?: boolean }, count = 3) {
  const harness = new StrongHarness({ restarts: true })
  const callers = Array.from({ length: count }, () => harness.caller())
  const locks = callers.map((caller) => caller.open('l', lock(options)))
  return { harness, callers, locks: locks as [LockHandle, LockHandle, LockHandle] }
}

describe('a lock', () => {
  it('has one holder at a time, who comes first has it first', async () => {
    const { locks } = rig()
    const { seen, note } = order()
    const first = await locks[0].acquire()
    const [second, third] = [locks[1].acquire(), locks[2].acquire()]
    note('second', second)
    note('third', third)
    await settle()
    assert.deepEqual(seen, [])
    await first.release()
    await settle()
    assert.deepEqual(seen, ['second'])
    await (await second).release()
    await (await third).release()
    assert.deepEqual(await locks[0].read(), { mode: 'free', holders: 0, waiting: 0 })
  })

  it('gives each holder a greater fence', async () => {
    const { locks } = rig()
    let last = 0n
    for (let i = 0; i < 6; i++) {
      const waiting = locks.map((handle) => handle.acquire())
      for (const held of waiting) {
        const { fence, release } = await held.then((h) => ({
          fence: h.fence,
          release: () => h.release(),
        }))
        assert.ok(fence > last)
        last = fence
        await release()
      }
    }
  })

  it('gives holders that share it fences of their own, too', async () => {
    const { locks } = rig()
    const writer = await locks[0].acquire()
    const readers = [1, 2].map((i) => locks[i as 1 | 2].acquire({ mode: 'shared' }))
    await writer.release()
    const [a, b] = await Promise.all(readers)
    assert.ok(a!.fence > writer.fence && b!.fence > a!.fence)
  })

  it('is shared by those who share it, and by nobody besides', async () => {
    const { locks } = rig()
    const [a, b] = [
      await locks[0].acquire({ mode: 'shared' }),
      await locks[1].acquire({ mode: 'shared' }),
    ]
    assert.equal(await locks[2].tryAcquire(), undefined)
    assert.deepEqual(await locks[2].read(), { mode: 'shared', holders: 2, waiting: 0 })
    await a.release()
    assert.equal(await locks[2].tryAcquire(), undefined)
    await b.release()
    assert.notEqual(await locks[2].tryAcquire(), undefined)
  })

  it('lets no reader pass a writer that waits', async () => {
    const { locks } = rig()
    const { seen, note } = order()
    const reader = await locks[0].acquire({ mode: 'shared' })
    const writer = locks[1].acquire()
    note('writer', writer)
    note('reader', locks[2].acquire({ mode: 'shared' }))
    assert.equal(await locks[2].tryAcquire({ mode: 'shared' }), undefined)
    await reader.release()
    await settle()
    assert.deepEqual(seen, ['writer'])
    await (await writer).release()
    await settle()
    assert.deepEqual(seen, ['writer', 'reader'])
  })

  it('lets readers on when the writer before them gives up', async () => {
    const { harness, locks } = rig()
    const { seen, note } = order()
    await locks[0].acquire({ mode: 'shared' })
    const writer = locks[1].acquire({ timeoutMs: 100 })
    note('reader', locks[2].acquire({ mode: 'shared' }))
    const failed = assert.rejects(writer, (error) => isJoineryError(error, 'CALL_TIMEOUT'))
    await harness.advance(99)
    assert.deepEqual(seen, [])
    await harness.advance(1)
    await failed
    assert.deepEqual(seen, ['reader'])
    assert.deepEqual(await locks[0].read(), { mode: 'shared', holders: 2, waiting: 0 })
  })

  it("fails with an abort's own reason, and is nobody's then", async () => {
    const { locks } = rig()
    const held = await locks[0].acquire()
    const stop = new AbortController()
    const waiting = locks[1].acquire({ signal: stop.signal })
    const reason = new Error('enough')
    stop.abort(reason)
    await assert.rejects(waiting, (error) => error === reason)
    assert.equal((await locks[0].read()).waiting, 0)
    await held.release()
    assert.equal((await locks[0].read()).mode, 'free')
  })

  it('is given back when the caller gave up, but too late', async () => {
    const { callers, locks } = rig()
    callers[1]!.holdsAnswers = true
    const stop = new AbortController()
    const late = locks[1].acquire({ signal: stop.signal })
    const next = locks[2].acquire()
    await settle()
    stop.abort(new Error('enough'))
    await assert.rejects(late)
    await next
    assert.deepEqual(await locks[0].read(), { mode: 'exclusive', holders: 1, waiting: 0 })
  })

  it('passes on when the session of its holder ends, and those of callers who wait', async () => {
    const { harness, callers, locks } = rig()
    const held = await locks[0].acquire()
    const lost = locks[1].acquire()
    const third = locks[2].acquire()
    const failed = assert.rejects(lost, (error) => isJoineryError(error, 'SESSION_EXPIRED'))
    assert.equal(held.lost.aborted, false)
    harness.expire(callers[0]!, callers[1]!)
    assert.equal(held.lost.aborted, true)
    await failed
    assert.ok((await third).fence > held.fence)
    await held.release()
    assert.deepEqual(await locks[2].read(), { mode: 'exclusive', holders: 1, waiting: 0 })
  })

  it('is taken away when its lease runs out, and lost to its holder before', async () => {
    const { harness, locks } = rig()
    const held = await locks[0].acquire({ leaseMs: 1000 })
    const next = locks[1].acquire()
    let takenMs = 0
    void next.then(() => (takenMs = harness.nowMs))
    const begunMs = harness.nowMs
    let lostMs = 0
    held.lost.addEventListener('abort', () => (lostMs = harness.nowMs))
    await harness.advance(2000)
    assert.equal(takenMs - begunMs, 1000)
    assert.ok(lostMs > begunMs && lostMs < takenMs, `lost after ${lostMs - begunMs} ms`)
    // A stale release harms nobody.
    await held.release()
    assert.equal(await locks[2].tryAcquire(), undefined)
    assert.ok((await next).fence > held.fence)
  })

  it('counts the lease from when it is there, however long its holder waited', async () => {
    const { harness, locks } = rig()
    const first = await locks[0].acquire()
    const second = locks[1].acquire({ leaseMs: 1000 })
    await harness.advance(5000)
    await first.release()
    const held = await second
    assert.equal(held.lost.aborted, false)
    await harness.advance(900)
    assert.equal(held.lost.aborted, false)
    assert.equal(await locks[2].tryAcquire(), undefined)
    await harness.advance(100)
    assert.equal(held.lost.aborted, true)
    assert.notEqual(await locks[2].tryAcquire(), undefined)
  })

  it('leaves no timer behind that was held with a lease and given back', async () => {
    const { harness, locks } = rig()
    const held = await locks[0].acquire({ leaseMs: 1000 })
    await held.release()
    assert.equal(harness.timersCount, 0)
    await harness.advance(5000)
    assert.equal(held.lost.aborted, false)
    assert.equal(harness.machine.nextDueMs, undefined)
  })

  it('is released once, however often it is asked', async () => {
    const { locks } = rig()
    const held = await locks[0].acquire()
    await Promise.all([held.release(), held.release()])
    const other = await locks[0].acquire()
    await held.release()
    await held[Symbol.asyncDispose]()
    assert.equal((await locks[0].read()).mode, 'exclusive')
    await other.release()
  })

  it('is held while the work of a request is done, and no longer, whatever comes of it', async () => {
    const { locks } = rig()
    const answer = await locks[0].request(async (held) => {
      assert.equal(await locks[1].tryAcquire(), undefined)
      return held.fence
    })
    assert.equal(typeof answer, 'bigint')
    const failure = new Error('the work failed')
    const failed = locks[0].request({ mode: 'shared' }, () => Promise.reject(failure))
    await assert.rejects(failed, (error) => error === failure)
    assert.equal((await locks[0].read()).mode, 'free')
  })

  it('waits for itself unless it is reentrant', async () => {
    const { harness, locks } = rig()
    await locks[0].acquire()
    const again = locks[0].acquire({ timeoutMs: 10 })
    await Promise.all([
      assert.rejects(again, (error) => isJoineryError(error, 'CALL_TIMEOUT')),
      harness.advance(10),
    ])
  })

  it('refuses options that it has not, and modes that there are not', async () => {
    const { locks } = rig()
    const isInvalid = (error: unknown) => isJoineryError(error, 'VALUE_INVALID')
    await assert.rejects(locks[0].acquire({ lease: 10 } as object), isInvalid)
    await assert.rejects(locks[0].acquire({ mode: 'read' as 'shared' }), isInvalid)
    await assert.rejects(locks[0].acquire({ leaseMs: -1 }), isInvalid)
    await assert.rejects(locks[0].acquire({ leaseMs: 0.5 }), isInvalid)
    await assert.rejects(locks[0].tryAcquire({ timeoutMs: 1 } as object), isInvalid)
    await assert.rejects(locks[0].request({}, undefined as unknown as () => void), isInvalid)
    assert.throws(() => lock({ fair: true } as object), isInvalid)
    assert.throws(() => lock({ reentrant: 'yes' as unknown as boolean }), isInvalid)
    assert.equal((await locks[0].read()).mode, 'free')
  })

  it('has options for every call of a handle', async () => {
    const { harness, locks } = rig()
    await locks[0].acquire()
    const impatient = locks[1].with({ timeoutMs: 10 })
    assert.equal(impatient.name, 'l')
    const failed = assert.rejects(impatient.acquire(), (error) =>
      isJoineryError(error, 'CALL_TIMEOUT'),
    )
    await harness.advance(10)
    await failed
  })

  it('tells of its changes, and waits for one that passes', async () => {
    const { locks } = rig()
    const free = locks[1].until(({ mode }) => mode === 'free')
    assert.equal((await free).holders, 0)
    const shared = locks[1].until(({ mode }) => mode === 'shared', { timeoutMs: 1000 })
    const changes = locks[2].changes()[Symbol.asyncIterator]()
    const change = changes.next()
    await settle()
    await locks[0].acquire({ mode: 'shared' })
    assert.equal((await shared).holders, 1)
    assert.deepEqual((await change).value?.detail, [{ path: [] }])
    assert.equal((await changes.return!()).done, true)
    assert.equal((await changes.next()).done, true)
  })
})

describe('a reentrant lock', () => {
  it('lets its holder in again, and others when it gave back as often', async () => {
    const { locks } = rig({ reentrant: true })
    const outer = await locks[0].acquire()
    const waiting = locks[1].acquire()
    const inner = await locks[0].acquire()
    const shared = await locks[0].acquire({ mode: 'shared' })
    assert.equal(inner.fence, outer.fence)
    await outer.release()
    await shared.release()
    assert.equal(await locks[2].tryAcquire(), undefined)
    assert.equal((await locks[2].read()).waiting, 1)
    await inner.release()
    assert.ok((await waiting).fence > outer.fence)
  })

  it('lets a reader read again, past a writer that waits', async () => {
    const { locks } = rig({ reentrant: true })
    const outer = await locks[0].acquire({ mode: 'shared' })
    const writer = locks[1].acquire()
    const inner = await locks[0].acquire({ mode: 'shared' })
    await outer.release()
    assert.equal((await locks[2].read()).mode, 'shared')
    await inner.release()
    await writer
  })

  it('makes no shared hold exclusive: it would wait for itself', async () => {
    const { locks } = rig({ reentrant: true })
    await locks[0].acquire({ mode: 'shared' })
    await assert.rejects(locks[0].acquire(), (error) => isJoineryError(error, 'VALUE_INVALID'))
    assert.deepEqual(await locks[0].read(), { mode: 'shared', holders: 1, waiting: 0 })
  })

  it('is free when the session of its holder ends, however often that held it', async () => {
    const { harness, callers, locks } = rig({ reentrant: true })
    await locks[0].acquire({ leaseMs: 100 })
    await locks[0].acquire()
    await locks[0].acquire({ mode: 'shared' })
    harness.expire(callers[0]!)
    assert.equal((await locks[1].read()).mode, 'free')
    await harness.advance(200)
    assert.notEqual(await locks[1].tryAcquire(), undefined)
  })

  it('is held on by the inner hold when the lease of the outer one runs out', async () => {
    const { harness, locks } = rig({ reentrant: true })
    const outer = await locks[0].acquire({ leaseMs: 100 })
    const inner = await locks[0].acquire()
    await harness.advance(100)
    assert.deepEqual([outer.lost.aborted, inner.lost.aborted], [true, false])
    assert.equal(await locks[1].tryAcquire(), undefined)
    await inner.release()
    assert.notEqual(await locks[1].tryAcquire(), undefined)
  })
})
