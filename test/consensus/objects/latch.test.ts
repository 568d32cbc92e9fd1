import assert from 'node:assert/strict'
import { latch } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { settle, StrongHarness } from '#test/fixtures/strong-harness.ts'

describe('a latch', () => {
  it('opens at zero, for those who wait and those who come later', async () => {
    const caller = new StrongHarness({ restarts: true }).caller()
    const gate = caller.open('g', latch(3))
    let isOpen = false
    const waiting = gate.wait().then(() => (isOpen = true))
    assert.equal(await gate.countDown(), 2)
    await settle()
    assert.equal(isOpen, false)
    assert.equal(await gate.countDown(5), 0)
    await waiting
    await gate.wait()
    assert.equal(await gate.countDown(), 0)
    assert.equal(await gate.read(), 0)
  })

  it('is open from the beginning with nothing to count', async () => {
    await new StrongHarness().caller().open('g', latch(0)).wait()
  })

  it('lets one give up who waits, and refuses steps that are none', async () => {
    const harness = new StrongHarness({ restarts: true })
    const gate = harness.caller().open('g', latch(1))
    const failed = assert.rejects(gate.wait({ timeoutMs: 5 }), (error) =>
      isJoineryError(error, 'CALL_TIMEOUT'),
    )
    await harness.advance(5)
    await failed
    for (const step of [0, -1, 0.5]) {
      await assert.rejects(gate.countDown(step), (error) => isJoineryError(error, 'VALUE_INVALID'))
    }
    assert.equal(await gate.read(), 1)
  })
})
