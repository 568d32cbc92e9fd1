import assert from 'node:assert/strict'
import { isJoineryError } from '@joinery/crdt-objects'
import { CallerRig } from '#test/fixtures/caller-rig.ts'
import type { Fault } from '#test/fixtures/model-group.ts'

describe('a strong call', () => {
  it('is answered with its value and its place in the order', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const put = rig.follow(pot, 'put', [2])
    await rig.pass(10)
    assert.equal(put.answer?.value, 2)
    assert.equal(put.answer?.index, 1)
    assert.equal(put.answer?.lost, pot.sessionLost)
  })

  it('is sent again under its number when its request is lost, and is applied once', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what, count) => (what === 'submit' && count < 3 ? 'request-lost' : undefined)
    const put = rig.follow(pot, 'put', [1])
    await rig.pass(1000)
    assert.equal(put.answer?.value, 1)
    const sequences = rig.group.asked.flatMap(({ call }) => call?.sequence ?? [])
    assert.deepEqual(sequences, [1, 1, 1, 1])
  })

  it('is applied once when its answers are lost, and gets its first answer', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what, count) => (what === 'submit' && count < 4 ? 'answer-lost' : undefined)
    const put = rig.follow(pot, 'put', [1])
    await rig.pass(2000)
    assert.equal(put.answer?.index, 1)
    assert.equal(rig.group.tokens, 1)
    assert.equal(rig.appliedMost, 1)
  })

  it('sends the arguments that it was made with', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const item = { pieces: 1 }
    rig.group.fault = (what, count) => (what === 'submit' && count < 1 ? 'request-lost' : undefined)
    rig.follow(pot, 'put', [item])
    item.pieces = 2
    await rig.pass(100)
    assert.deepEqual(rig.group.asked.at(-1)?.call?.args, [{ pieces: 1 }])
  })

  it('refuses arguments that are no values, and sends nothing', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const put = rig.follow(pot, 'put', [() => 1])
    await rig.pass(10)
    assert.ok(isJoineryError(put.error, 'VALUE_INVALID'))
    assert.equal(rig.group.asked.filter(({ what }) => what === 'submit').length, 0)
  })

  it('fails as the object failed it', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const refused = rig.follow(pot, 'refuse')
    await rig.pass(10)
    assert.ok(isJoineryError(refused.error, 'OBJECT_METHOD_FAILED'))
    assert.deepEqual(refused.error.details, { type: 'pot', method: 'refuse' })
  })

  it('without a time limit gives up when nobody answers for the time it was given, and says what it knows', async () => {
    for (const [fault, outcome] of [
      ['request-lost', 'unknown'],
      ['refused', 'not-applied'],
    ] as [Fault, string][]) {
      const rig = new CallerRig({ unreachableMs: 3000 })
      const pot = await rig.open()
      const first = rig.follow(pot, 'put', [1])
      await rig.pass(10)
      assert.ok(first.answer)
      rig.group.fault = () => fault
      const put = rig.follow(pot, 'put', [1])
      await rig.pass(2900)
      assert.equal(put.error, undefined)
      await rig.pass(400)
      const { error } = put as { readonly error?: unknown }
      assert.ok(isJoineryError(error, 'GROUP_UNAVAILABLE'), String(error))
      assert.equal(error.details.outcome, outcome)
      assert.equal(error.retryable, outcome === 'not-applied')
    }
  })

  it('that is parked waits for as long as it takes, and its answer comes when it is let go on', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const take = rig.follow(pot, 'take')
    await rig.pass(3_600_000)
    assert.deepEqual(take, {})
    const put = rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.ok(put.answer)
    assert.equal(take.answer?.value, 0)
    assert.equal(pot.sessionLost.aborted, false)
  })

  it('says which answers have arrived, so that few replies are kept however long one call is parked', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const take = rig.follow(pot, 'take')
    let kept = 0
    for (let round = 0; round < 40; round++) {
      for (let at = 0; at < 50; at++) rig.follow(pot, 'refuse')
      await rig.pass(5)
      for (const session of rig.group.sessions.values()) kept = Math.max(kept, session.replies.size)
    }
    assert.ok(kept < 512, `${kept} replies were kept`)
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.equal(take.answer?.value, 0)
    rig.follow(pot, 'refuse')
    await rig.pass(10)
    const last = rig.group.asked.at(-1)?.call
    assert.equal(last?.acknowledged, last!.sequence - 1)
    assert.equal(last?.answered, undefined)
  })

  it('is turned away when 16,384 of the session have no answer', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.follow(pot, 'refuse')
    await rig.pass(10)
    rig.group.fault = () => 'silent'
    for (let at = 0; at < 16_384; at++) rig.follow(pot, 'take')
    const beyond = rig.follow(pot, 'take')
    await rig.pass(1)
    assert.ok(isJoineryError(beyond.error, 'GROUP_BUSY'))
    assert.equal(rig.group.asked.filter(({ what }) => what === 'submit').length, 16_385)
  })

  it('reads without a session, again when an answer is lost', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what, count) => (what === 'read' && count < 2 ? 'answer-lost' : undefined)
    const read = rig.follow(pot, 'read', [], { mode: 'read' })
    await rig.pass(100)
    assert.deepEqual(read.answer, { value: 0, index: 0 })
    assert.equal(rig.group.sessions.size, 0)
  })

  it('resolves a wait for a change with the position of one, also when the wait had to be asked for again', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what, count) => (what === 'watch' && count < 2 ? 'request-lost' : undefined)
    let position: number | undefined
    void pot.changed(0, {}).then((at) => (position = at))
    await rig.pass(60_000)
    assert.equal(position, undefined)
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.equal(position, 1)
  })

  it('fails with the reason of the end when its caller is closed, and its session is closed', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const [take, read] = [rig.follow(pot, 'take'), rig.follow(pot, 'read', [], { mode: 'read' })]
    await rig.pass(2)
    const reason = new Error('the end')
    const closing = rig.caller.close(reason)
    const late = rig.follow(pot, 'put', [1])
    await rig.pass(10)
    await closing
    for (const { error } of [take, read, late]) assert.equal(error ?? reason, reason)
    assert.equal(take.error, reason)
    assert.equal(late.error, reason)
    assert.equal(rig.group.sessions.size, 0)
    assert.equal(rig.group.waiting, 0)
    assert.ok(pot.sessionLost.aborted)
  })
})

describe('opening an object in strong mode', () => {
  it('is repeated until it is answered', async () => {
    const rig = new CallerRig()
    rig.group.fault = (what, count) => (what === 'openObject' && count < 5 ? 'refused' : undefined)
    const opening = rig.caller.target({ space: 's', name: 'pot', descriptor: '["pot"]' })
    await rig.pass(1000)
    assert.equal((await opening).name, 'pot')
  })

  it('fails at once of what the group says', async () => {
    const rig = new CallerRig()
    const opening = rig.caller.target({ space: 's', name: 'refused', descriptor: '["pot"]' })
    opening.catch(() => {})
    await rig.pass(5)
    await assert.rejects(opening, (error) => isJoineryError(error, 'OBJECT_UNKNOWN'))
  })

  it('gives the signal its reason', async () => {
    const rig = new CallerRig()
    rig.group.fault = () => 'silent'
    const aborting = new AbortController()
    const { signal } = aborting
    const opening = rig.caller.target(
      { space: 's', name: 'pot', descriptor: '["pot"]' },
      { signal },
    )
    opening.catch(() => {})
    await rig.pass(5)
    const reason = new Error('enough')
    aborting.abort(reason)
    await assert.rejects(opening, reason)
  })
})
