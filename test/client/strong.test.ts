import assert from 'node:assert/strict'
import { counter, isJoineryError, map, register } from '@joinery/crdt-objects'
import { barrier, defineObject, future, lock, queue, StrongObject } from '@joinery/consensus'
import { eventually } from '#test/eventually.ts'
import { StrongRig } from '#test/fixtures/strong-rig.ts'
import { ownMs } from '#test/own-time.ts'

class Account extends StrongObject {
  balance = 0
  deposit(amount: number): number {
    return (this.balance += amount)
  }
  withdraw(amount: number): number {
    this.waitUntil(this.balance >= amount)
    return (this.balance -= amount)
  }
  read(): number {
    return this.balance
  }
}
const account = defineObject('test.ClientAccount', Account, { reads: ['read'] })

describe('An object in strong mode, at a client of a gateway', () => {
  const strong = new StrongRig()
  afterEach(() => strong.end())

  it('is locked by one client at a time, and goes to the next when it is released', async () => {
    const { url } = await strong.gateway()
    const [a, b] = [await strong.client(url), await strong.client(url)]
    const mine = await (await a.space('s')).open('l', lock())
    const yours = await (await b.space('s')).open('l', lock())
    const held = await mine.acquire()
    assert.equal(await yours.tryAcquire(), undefined)
    const waiting = yours.acquire()
    await eventually(() => assert.equal(strong.log.parked, 1))
    await held.release()
    const next = await waiting
    assert.ok(next.fence > held.fence)
    assert.equal(next.lost.aborted, false)
    await next.release()
  })

  it('takes no part in a transaction, which says why', async () => {
    const { url } = await strong.gateway()
    const space = await (await strong.client(url)).space('s')
    const total = await space.open('n', counter(), { mode: 'linearizable' })
    await assert.rejects(
      async () => await space.transact((tx) => tx(total).add(1)),
      /a transaction is of eventual objects, and this one is strong/,
    )
  })

  it('gives its lock back when its client is closed, at once', async () => {
    const { url } = await strong.gateway()
    const [a, b] = [await strong.client(url), await strong.client(url)]
    const held = await (await (await a.space('s')).open('l', lock())).acquire()
    const waiting = (await (await b.space('s')).open('l', lock())).acquire()
    await eventually(() => assert.equal(strong.log.parked, 1))
    const beginMs = ownMs()
    await a.close()
    await waiting
    assert.ok(ownMs() - beginMs < 2000)
    assert.ok(held.lost.aborted)
  })

  it('leaves nothing behind when a wait is given up, by its time limit or its signal', async () => {
    const { url } = await strong.gateway()
    const [a, b] = [await strong.client(url), await strong.client(url)]
    const held = await (await (await a.space('s')).open('l', lock())).acquire()
    const yours = await (await b.space('s')).open('l', lock())
    await assert.rejects(yours.acquire({ timeoutMs: 50 }), (error) => {
      return isJoineryError(error, 'CALL_TIMEOUT') && error.details.outcome === 'not-applied'
    })
    const aborting = new AbortController()
    const waiting = yours.acquire({ signal: aborting.signal })
    await eventually(() => assert.equal(strong.log.parked, 1))
    const reason = new Error('no longer')
    aborting.abort(reason)
    await assert.rejects(waiting, reason)
    await eventually(() => assert.equal(strong.log.parked, 0))
    await held.release()
    assert.ok(await (await (await a.space('s')).open('l', lock())).tryAcquire())
  })

  it('waits longer than the time limit of the client, for a wait is no lost answer', async () => {
    const { url } = await strong.gateway()
    const client = await strong.client(url, { timeoutMs: 100 })
    const space = await client.space('s')
    const answer = await space.open('f', future<string>())
    const waiting = answer.wait()
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(await answer.resolve('there'), true)
    assert.equal(await waiting, 'there')
  })

  it('is a class of the user, whose failures come as they were thrown', async () => {
    const { url } = await strong.gateway()
    const space = await (await strong.client(url)).space('bank')
    const alice = await space.open('alice', account())
    assert.equal(await alice.deposit(5), 5)
    const short = alice.with({ timeoutMs: 50 }).withdraw(7)
    await assert.rejects(short, (error) => isJoineryError(error, 'CALL_TIMEOUT'))
    assert.equal(await alice.withdraw(3), 2)
    assert.equal(await alice.read(), 2)
  })

  it('is of a CRDT schema, with the conditional verbs, and each read sees the writes before it', async () => {
    const { url } = await strong.gateway()
    const [a, b] = [await strong.client(url), await strong.client(url)]
    const mine = await (await a.space('s')).open('n', counter(), { mode: 'linearizable' })
    const yours = await (await b.space('s')).open('n', counter(), { mode: 'linearizable' })
    assert.equal(await mine.addAndGet(2), 2)
    assert.equal(await yours.compareAndSet(2, 10), true)
    assert.equal(await yours.compareAndSet(2, 11), false)
    assert.equal(await mine.read(), 10)
    const stock = await (await a.space('s')).open('stock', map<number>(), { mode: 'linearizable' })
    assert.equal(await stock.putIfAbsent('apple', 1), true)
    assert.equal(await stock.putIfAbsent('apple', 2), false)
    assert.deepEqual(await stock.read(), new Map([['apple', 1]]))
  })

  it('tells changes to who asks for them', async () => {
    const { url } = await strong.gateway()
    const space = await (await strong.client(url)).space('s')
    const plan = await space.open('plan', register<string>({ initial: '' }), {
      mode: 'linearizable',
    })
    const paid = plan.until((value) => value === 'paid')
    await plan.set('free')
    await plan.set('paid')
    assert.equal(await paid, 'paid')
  })

  it('is unknown after it was deleted, and another when it is opened again', async () => {
    const { url } = await strong.gateway()
    const space = await (await strong.client(url)).space('s')
    const before = await space.open('n', counter(), { mode: 'linearizable' })
    await before.add(1)
    await space.delete('n')
    await assert.rejects(before.add(1), (error) => isJoineryError(error, 'OBJECT_UNKNOWN'))
    const after = await space.open('n', counter(), { mode: 'linearizable' })
    assert.equal(await after.read(), 0)
  })

  it('is refused under the name of one of another schema, and in a mode that there is not', async () => {
    const { url } = await strong.gateway()
    const space = await (await strong.client(url)).space('s')
    await space.open('x', lock())
    await assert.rejects(space.open('x', queue()), (error) => {
      return isJoineryError(error, 'OBJECT_SCHEMA_DIFFERS')
    })
    const mode = { mode: 'strict' } as unknown as { mode: 'linearizable' }
    await assert.rejects(space.open('y', counter(), mode), (error) => {
      return isJoineryError(error, 'VALUE_INVALID')
    })
  })

  it('is not called any more through a space that this side has closed', async () => {
    const { url } = await strong.gateway()
    const client = await strong.client(url)
    const space = await client.space('s')
    const n = await space.open('n', counter(), { mode: 'linearizable' })
    await space.close()
    await assert.rejects(n.add(1), (error) => isJoineryError(error, 'SPACE_ENDED'))
    const again = await (await client.space('s')).open('n', counter(), { mode: 'linearizable' })
    await again.add(1)
    await client.close()
    await assert.rejects(again.add(1), (error) => isJoineryError(error, 'SPACE_ENDED'))
  })

  it('lets 500 waiters of one client cross a barrier together', async () => {
    const { url } = await strong.gateway()
    const space = await (await strong.client(url)).space('s')
    const turn = await space.open('turn', barrier(500))
    await Promise.all(Array.from({ length: 500 }, () => turn.wait()))
  })

  it('fails with GROUP_UNAVAILABLE where there are no groups, or none that answers', async () => {
    const { url } = await strong.rig.gateway()
    const none = await strong.client(url, { timeoutMs: 200 })
    await assert.rejects((await none.space('s')).open('l', lock()), (error) => {
      return isJoineryError(error, 'CALL_TIMEOUT')
    })
    const there = await strong.client((await strong.gateway()).url, { timeoutMs: 200 })
    const n = await (await there.space('s')).open('n', counter(), { mode: 'linearizable' })
    strong.log.isAway = true
    await assert.rejects(n.add(1), (error) => {
      return isJoineryError(error, 'GROUP_UNAVAILABLE') && error.details.outcome === 'not-applied'
    })
  })
})
