import assert from 'node:assert/strict'
import { future } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { StrongHarness } from '#test/fixtures/strong-harness.ts'

function rig() {
  const harness = new StrongHarness({ restarts: true })
  const schema = future<Map<string, number>>()
  return {
    harness,
    ofA: harness.caller().open('f', schema),
    ofB: harness.caller().open('f', schema),
  }
}

describe('a future', () => {
  it('is resolved once, and the first one does it', async () => {
    const { ofA, ofB } = rig()
    const waiting = ofB.wait()
    assert.deepEqual(await ofA.read(), { state: 'pending' })
    assert.equal(await ofA.resolve(new Map([['a', 1]])), true)
    assert.equal(await ofB.resolve(new Map()), false)
    assert.equal(await ofB.reject('late'), false)
    assert.deepEqual(await waiting, new Map([['a', 1]]))
    assert.deepEqual(await ofA.wait(), new Map([['a', 1]]))
    assert.deepEqual(await ofA.read(), { state: 'resolved', value: new Map([['a', 1]]) })
  })

  it('is rejected with a reason, for all who wait', async () => {
    const { ofA, ofB } = rig()
    const isReason = (error: unknown) =>
      isJoineryError(error, 'FUTURE_REJECTED') &&
      assert.deepEqual(error.details.reason, { name: 'RangeError', message: 'too much' }) ===
        undefined
    const failed = assert.rejects(ofB.wait(), isReason)
    assert.equal(await ofA.reject(new RangeError('too much')), true)
    await failed
    await assert.rejects(ofA.wait(), isReason)
    assert.equal(await ofA.resolve(new Map()), false)
  })

  it('is no thenable: to await its handle gives the handle', async () => {
    const { ofA } = rig()
    assert.equal(await Promise.resolve(ofA), ofA)
  })

  it('takes no value that cannot be shared', async () => {
    const { ofA } = rig()
    const cannot = new Map([['a', (() => 1) as unknown as number]])
    await assert.rejects(ofA.resolve(cannot), (error) => isJoineryError(error, 'VALUE_INVALID'))
    assert.equal((await ofA.read()).state, 'pending')
  })
})
