import assert from 'node:assert/strict'
import { sequence } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { StrongHarness } from '#test/fixtures/strong-harness.ts'

describe('a sequence', () => {
  it('gives each number once, in order', async () => {
    const harness = new StrongHarness({ restarts: true })
    const [a, b] = [harness.caller(), harness.caller()].map((c) => c.open('s', sequence()))
    assert.deepEqual([await a!.next(), await b!.next()], [1, 2])
    assert.deepEqual(await a!.reserve(10), { first: 3, last: 12 })
    assert.equal(await b!.read(), 13)
    assert.equal(await b!.next(), 13)
  })

  it('begins where it is told to', async () => {
    const caller = new StrongHarness().caller()
    assert.equal(await caller.open('s', sequence({ first: -5 })).next(), -5)
  })

  it('ends before numbers are not exact any more', async () => {
    const caller = new StrongHarness().caller()
    const last = caller.open('s', sequence({ first: Number.MAX_SAFE_INTEGER - 2 }))
    assert.equal(await last.next(), Number.MAX_SAFE_INTEGER - 2)
    await assert.rejects(last.reserve(2), (error) => isJoineryError(error, 'COUNTER_OVERFLOW'))
    assert.equal(await last.next(), Number.MAX_SAFE_INTEGER - 1)
    await assert.rejects(last.next(), (error) => isJoineryError(error, 'COUNTER_OVERFLOW'))
  })

  it('refuses counts and beginnings that are none', async () => {
    const isInvalid = (error: unknown) => isJoineryError(error, 'VALUE_INVALID')
    const numbers = new StrongHarness().caller().open('s', sequence())
    await assert.rejects(numbers.reserve(0), isInvalid)
    await assert.rejects(numbers.reserve(1.5), isInvalid)
    assert.throws(() => sequence({ first: 0.5 }), isInvalid)
    assert.equal(await numbers.next(), 1)
  })
})
