import assert from 'node:assert/strict'
import { type Delivery, queue, type QueueHandle, type QueueOptions } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { tracesOn } from '#test/fixtures/traces-on.ts'
import { settle, StrongHarness } from '#test/fixtures/strong-harness.ts'

function rig(options?: QueueOptions) {
  const harness = new StrongHarness({ restarts: true })
  const [a, b, c] = [harness.caller(), harness.caller(), harness.caller()]
  const open = (caller: typeof a): QueueHandle<string> => caller.open('q', queue<string>(options))
  return { harness, a, b, c, ofA: open(a), ofB: open(b), ofC: open(c) }
}

const isClosed = (error: unknown) => isJoineryError(error, 'QUEUE_CLOSED')
const isTimeout = (error: unknown) => isJoineryError(error, 'CALL_TIMEOUT')
const isInvalid = (error: unknown) => isJoineryError(error, 'VALUE_INVALID')

describe('a queue', () => {
  it('gives items in the order in which they were put', async () => {
    const { ofA, ofB } = rig()
    await ofA.put('1')
    await ofA.putAll(['2', '3'])
    assert.equal(await ofB.take(), '1')
    assert.equal(await ofB.tryTake(), '2')
    assert.equal((await ofB.claim()).item, '3')
    assert.equal(await ofB.tryTake(), undefined)
  })

  it('gives items to those who wait, in the order in which they came', async () => {
    const { ofA, ofB, ofC } = rig()
    const taken = [ofB.take(), ofC.claim(), ofB.take()]
    assert.equal((await ofA.read()).takers, 3)
    await ofA.putAll(['1', '2', '3'])
    const [first, delivery, last] = await Promise.all(taken)
    assert.deepEqual([first, (delivery as Delivery<string>).item, last], ['1', '2', '3'])
  })

  it('has room for so many, and those who put wait for it in their order', async () => {
    const { ofA, ofB, ofC } = rig({ capacity: 2 })
    await ofA.putAll(['1', '2'])
    const seen: string[] = []
    const waiting = [ofA.put('3'), ofB.put('4')]
    for (const [i, put] of waiting.entries()) void put.then(() => seen.push(`${i + 3}`))
    await settle()
    assert.deepEqual([seen, (await ofA.read()).putters], [[], 2])
    assert.equal(await ofC.take(), '1')
    await settle()
    assert.deepEqual(seen, ['3'])
    assert.deepEqual([await ofC.take(), await ofC.take(), await ofC.take()], ['2', '3', '4'])
    assert.equal((await ofA.read()).ready, 0)
  })

  it('counts a claimed item for its capacity until it is completed', async () => {
    const { ofA, ofB } = rig({ capacity: 1 })
    await ofA.put('1')
    const delivery = await ofB.claim()
    let isPut = false
    const put = ofA.put('2').then(() => (isPut = true))
    await settle()
    assert.equal(isPut, false)
    await delivery.complete()
    await put
  })

  it('puts what does not fit at once by and by', async () => {
    const { ofA, ofB } = rig({ capacity: 3 })
    const items = Array.from({ length: 10 }, (_, i) => `${i}`)
    const put = ofA.putAll(items)
    const taken: string[] = []
    for (let i = 0; i < items.length; i++) taken.push(await ofB.take())
    await put
    assert.deepEqual(taken, items)
  })

  it('says of many items that it failed to put whether some of them are there', async () => {
    const { harness, ofA, ofB } = rig({ capacity: 3 })
    const outcomes: unknown[] = []
    const note = (error: unknown) =>
      isJoineryError(error, 'CALL_TIMEOUT') && outcomes.push(error.details.outcome) > 0
    const some = assert.rejects(ofA.putAll(['1', '2', '3', '4'], { timeoutMs: 10 }), note)
    await harness.advance(10)
    await some
    const none = assert.rejects(ofB.putAll(['5'], { timeoutMs: 10 }), note)
    await harness.advance(10)
    await none
    assert.deepEqual(outcomes, ['unknown', 'not-applied'])
    assert.deepEqual(await ofA.read(), {
      ...{ ready: 3, delayed: 0, claimed: 0, dead: 0 },
      ...{ takers: 0, putters: 0, closed: false },
    })
  })

  it('gives an item after its delay', async () => {
    const { harness, ofA, ofB } = rig()
    await ofA.put('late', { delayMs: 100 })
    await ofA.put('now')
    assert.equal(await ofB.take(), 'now')
    assert.equal((await ofB.read()).delayed, 1)
    const waiting = ofB.take()
    await harness.advance(99)
    assert.equal((await ofB.read()).takers, 1)
    await harness.advance(1)
    assert.equal(await waiting, 'late')
  })

  it('gives an item again, and before others, that was given back', async () => {
    const { ofA, ofB } = rig()
    await ofA.putAll(['1', '2'])
    const first = await ofB.claim()
    assert.equal(first.attempt, 1)
    assert.equal(await first.release(), true)
    const second = await ofA.claim()
    assert.deepEqual([second.item, second.attempt, second.id], ['1', 2, first.id])
    assert.equal(await first.complete(), false)
    assert.equal(await second.complete(), true)
    assert.equal(await ofA.take(), '2')
  })

  it('gives an item again after a delay that it was given back with', async () => {
    const { harness, ofA } = rig()
    await ofA.put('1')
    await (await ofA.claim()).release({ delayMs: 50 })
    assert.equal(await ofA.tryTake(), undefined)
    await harness.advance(50)
    assert.equal(await ofA.tryTake(), '1')
  })

  it('gives the items of a claimer that died to others, first the first', async () => {
    const { harness, a, ofA, ofB } = rig()
    await ofB.putAll(['1', '2', '3'])
    const claimed = [await ofA.claim(), await ofA.claim()]
    harness.expire(a)
    assert.deepEqual(
      claimed.map(({ lost }) => lost.aborted),
      [true, true],
    )
    assert.deepEqual([await ofB.take(), await ofB.take(), await ofB.take()], ['1', '2', '3'])
  })

  it('gives an item to others whose lease ran out, and it is lost to its claimer before', async () => {
    const { harness, ofA, ofB } = rig()
    await ofA.put('1')
    const delivery = await ofA.claim({ leaseMs: 100 })
    const next = ofB.claim()
    let lostMs = 0
    delivery.lost.addEventListener('abort', () => (lostMs = harness.nowMs))
    const begunMs = harness.nowMs
    await harness.advance(100)
    assert.ok(lostMs > begunMs && lostMs < begunMs + 100)
    assert.equal((await next).attempt, 2)
    assert.equal(await delivery.complete(), false)
    assert.equal(await (await next).complete(), true)
  })

  it("does not take one attempt's end for another's", async () => {
    const { harness, ofA } = rig()
    await ofA.put('1')
    const first = await ofA.claim({ leaseMs: 100 })
    await harness.advance(100)
    const second = await ofA.claim()
    assert.equal(second.attempt, 2)
    assert.deepEqual([await first.complete(), await first.release()], [false, false])
    assert.equal((await ofA.read()).claimed, 1)
    assert.equal(await second.complete(), true)
  })

  it('keeps an item that reaches one who ends with the caller that made room for it', async () => {
    for (const call of ['take', 'claim'] as const) {
      const { harness, a, b, ofA, ofB, ofC } = rig({ capacity: 3, attemptsMax: 1 })
      await ofC.put('claimed')
      await ofC.claim()
      // The handle would put these one by one: the room is for all of them, or for none.
      await ofC.put('claimed too')
      await ofC.claim()
      const wide = a.send('q', 'put', [['x', 'y'], 0])
      const put = ofC.put('kept')
      const lost = [wide, ofB[call]()]
      for (const each of lost) each.catch(() => undefined)
      assert.deepEqual((await ofC.read()).putters, 2)
      harness.expire(a, b)
      await put
      assert.equal((await ofC.read()).ready, 1)
      assert.equal(await ofC.take(), 'kept')
      assert.equal(ofA.name, 'q')
    }
  })

  it('sets an item aside that was given back too often', async () => {
    const { harness, a, ofA, ofB } = rig({ attemptsMax: 2 })
    await ofB.putAll(['poison', 'good'])
    const first = await ofB.claim()
    await first.release()
    await ofA.claim()
    harness.expire(a)
    assert.deepEqual(await ofB.dead(), [{ id: first.id, item: 'poison', attempts: 2 }])
    assert.equal(await ofB.take(), 'good')
    assert.equal((await ofB.tryTakeDead())?.item, 'poison')
    assert.equal(await ofB.tryTakeDead(), undefined)
    assert.equal((await ofB.read()).dead, 0)
  })

  it('takes nothing when it is closed, and gives what it has', async () => {
    const { ofA, ofB, ofC } = rig({ capacity: 1 })
    await ofA.put('1')
    const refused = assert.rejects(ofB.put('2'), isClosed)
    await ofC.close()
    await ofC.close()
    await refused
    await assert.rejects(ofA.put('3'), isClosed)
    assert.equal(await ofC.take(), '1')
    await assert.rejects(ofC.take(), isClosed)
    assert.equal(await ofC.tryTake(), undefined)
  })

  it('lets takers wait while an item could still come back, though it is closed', async () => {
    const { ofA, ofB, ofC } = rig()
    await ofA.put('1')
    const delivery = await ofA.claim()
    const [waiting, last] = [ofB.take(), ofC.take()]
    await ofA.close()
    await settle()
    assert.equal((await ofA.read()).takers, 2)
    await delivery.release()
    assert.equal(await waiting, '1')
    await assert.rejects(last, isClosed)
  })

  it('puts an item back that was taken too late', async () => {
    const { b, ofA, ofB } = rig()
    for (const call of ['take', 'claim'] as const) {
      b.holdsAnswers = true
      const stop = new AbortController()
      const late = ofB[call]({ signal: stop.signal })
      await ofA.putAll(['1', '2'])
      stop.abort(new Error('enough'))
      await assert.rejects(late)
      b.letAnswersGo()
      const delivery = await ofA.claim()
      assert.deepEqual([delivery.item, delivery.attempt], ['1', 1])
      await delivery.complete()
      assert.equal(await ofA.take(), '2')
    }
  })

  it('has no taker any more that gave up', async () => {
    const { harness, ofA, ofB } = rig()
    const failed = assert.rejects(ofB.take({ timeoutMs: 10 }), isTimeout)
    await harness.advance(10)
    await failed
    await ofA.put('1')
    assert.equal((await ofA.read()).ready, 1)
  })

  it('ends its deliveries when it is closed and all is completed, not when it looks empty', async () => {
    const { harness, a, ofA, ofB, ofC } = rig()
    await ofC.putAll(['1', '2', '3'])
    const dying = await ofA.claim()
    const done: string[] = []
    const work = (async () => {
      for await (const delivery of ofB.deliveries({ leaseMs: 60_000 })) {
        done.push(delivery.item)
        assert.equal(await delivery.complete(), true)
      }
    })()
    await ofC.close()
    await settle()
    assert.deepEqual(done, ['2', '3'])
    harness.expire(a)
    await work
    assert.deepEqual([dying.item, done], ['1', ['2', '3', '1']])
  })

  it('leaves no claim behind when a loop over its deliveries ends while one waits', async () => {
    const { ofA, ofB } = rig()
    const deliveries = ofB.deliveries()[Symbol.asyncIterator]()
    const next = deliveries.next()
    await settle()
    await deliveries.return?.()
    assert.deepEqual(await next, { done: true, value: undefined })
    assert.deepEqual(await deliveries.next(), { done: true, value: undefined })
    await ofA.put('1')
    assert.equal((await ofA.read()).claimed, 0)
  })

  it('leaves nothing on a signal that outlives its loops', async () => {
    const { ofA, ofB } = rig()
    const { signal } = new AbortController()
    await ofA.putAll(['1', '2', '3'])
    await ofA.close()
    for await (const delivery of ofB.deliveries({ signal })) await delivery.complete()
    const changes = ofB.changes({ signal })[Symbol.asyncIterator]()
    const next = changes.next()
    await settle()
    await changes.return?.()
    assert.deepEqual(await next, { done: true, value: undefined })
    assert.deepEqual(tracesOn(signal), [])
  })

  it('gives an item back that is disposed of before it is completed, and not after', async () => {
    const { ofA } = rig()
    await ofA.put('1')
    await (await ofA.claim())[Symbol.asyncDispose]()
    const delivery = await ofA.claim()
    assert.equal(delivery.attempt, 2)
    assert.equal(await delivery.complete(), true)
    assert.equal(await delivery.complete(), true)
    await delivery[Symbol.asyncDispose]()
    assert.equal(await delivery.release(), false)
    assert.equal(await ofA.tryTake(), undefined)
  })

  it('refuses options and items that are none', async () => {
    const { ofA } = rig()
    await assert.rejects(ofA.put('1', { delay: 1 } as object), isInvalid)
    await assert.rejects(ofA.put('1', { delayMs: -1 }), isInvalid)
    await assert.rejects(ofA.put((() => 1) as unknown as string), isInvalid)
    await assert.rejects(ofA.claim({ leaseMs: NaN }), isInvalid)
    assert.throws(() => queue({ capacity: 0 }), isInvalid)
    assert.throws(() => queue({ attemptsMax: 1.5 }), isInvalid)
    assert.throws(() => queue({ size: 3 } as object), isInvalid)
    assert.equal((await ofA.read()).ready, 0)
  })
})
