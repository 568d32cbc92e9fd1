import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from '@joinery/client'
import { counter, isJoineryError, JoineryError, map } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'
import { bothOf, RateBudget } from '#peer/spaces/rate-budget.ts'
import { type Report } from '#peer/report.ts'

const clusterKey = 'the key of a peer that writes'

/** What `write` is refused with. */
function refusalOf(write: () => unknown): JoineryError<'WRITE_RATE_EXCEEDED'> {
  try {
    write()
  } catch (error) {
    assert.ok(isJoineryError(error, 'WRITE_RATE_EXCEEDED'), String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'it was taken' })
}

describe('The bound of what is written in a second', () => {
  it('is what a second allows at once, and then as much as time earns', () => {
    const reports: Report[] = []
    let nowMs = 0
    const budget = new RateBudget(
      1000,
      (report) => reports.push(report),
      () => nowMs,
    )
    budget.spend(1000)
    assert.equal(budget.isFull, false)
    budget.spend(500)
    assert.equal(budget.isFull, true)
    const refusal = budget.refusal()
    assert.ok(isJoineryError(refusal, 'WRITE_RATE_EXCEEDED') && refusal.retryable)
    assert.deepEqual(refusal.details, { bytesPerSecondMax: 1000, retryAfterMs: 500 })
    nowMs = 499
    assert.equal(budget.isFull, true)
    nowMs = 500
    assert.equal(budget.isFull, false)
    // However long nobody writes, it is not saved up.
    nowMs = 100_000
    budget.spend(1001)
    assert.equal(budget.isFull, true)
    budget.spend(1)
    assert.deepEqual(reports, [
      { kind: 'write-rate-reached', bytesPerSecondMax: 1000 },
      { kind: 'write-rate-reached', bytesPerSecondMax: 1000 },
    ])
  })

  it('holds beside another bound, each with its own refusal', () => {
    const budget = new RateBudget(
      1000,
      () => undefined,
      () => 0,
    )
    const refusal = new JoineryError('HEAP_FULL', 'heap', { bytes: 2, bytesMax: 1 })
    const heap = { isFull: false, refusal: () => refusal }
    assert.equal(bothOf(undefined, budget), budget)
    assert.equal(bothOf(heap, undefined), heap)
    const both = bothOf(heap, budget)
    assert.equal(both?.isFull, false)
    budget.spend(1001)
    assert.equal(both?.isFull, true)
    assert.ok(isJoineryError(both.refusal(), 'WRITE_RATE_EXCEEDED'))
    heap.isFull = true
    assert.equal(both.refusal(), refusal)
  })

  it('refuses what adds something at a peer, and through its gateway, until there was time for it', async () => {
    await using peer = await createPeer({ clusterKey, writeBytesPerSecondMax: 4096, gateway: {} })
    const space = await peer.space('busy')
    const values = await space.open('values', map<string>())
    const total = await space.open('total', counter())
    await using client = await connect(peer.gatewayUrl)
    const remote = await (await client.space('busy')).open('values', map<string>())
    // From here on time is earned: nothing slow stands before what is to be refused.
    values.set('large', 'x'.repeat(8192))
    await space.flush()
    const { retryAfterMs } = refusalOf(() => values.set('more', 'x')).details
    assert.ok(retryAfterMs > 0 && retryAfterMs <= 1200, `${retryAfterMs} ms`)
    refusalOf(() => {
      total.add(1)
    })
    await assert.rejects(remote.set('more', 'x'), { code: 'WRITE_RATE_EXCEEDED' })
    assert.equal(values.get('more'), undefined)
    values.delete('large')
    assert.equal(values.get('large'), undefined)
    await wait(retryAfterMs + 100)
    values.set('more', 'x')
    await remote.set('more still', 'x')
    assert.deepEqual([...values.keys()].sort(), ['more', 'more still'])
  })

  it('is a number of bytes', async () => {
    for (const writeBytesPerSecondMax of [0, 999, NaN, '1 MB' as unknown as number]) {
      await assert.rejects(createPeer({ clusterKey, writeBytesPerSecondMax }), {
        code: 'VALUE_INVALID',
      })
    }
  })
})
