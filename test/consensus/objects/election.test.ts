import assert from 'node:assert/strict'
import { election } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { StrongHarness } from '#test/fixtures/strong-harness.ts'

describe('an election', () => {
  it('has one leader, and the next when that one goes', async () => {
    const harness = new StrongHarness({ restarts: true })
    const [a, b, c] = [harness.caller(), harness.caller(), harness.caller()]
    const seats = [a, b, c].map((caller) => caller.open('e', election()))
    assert.equal(await seats[0]!.leader(), undefined)
    const first = await seats[0]!.campaign()
    const second = seats[1]!.campaign()
    const third = seats[2]!.campaign()
    assert.deepEqual(await seats[2]!.leader(), { session: a.session, fence: first.fence })
    assert.equal((await seats[2]!.read()).candidates, 2)
    await first.release()
    const { fence } = await second
    assert.deepEqual(await seats[0]!.leader(), { session: b.session, fence })
    assert.ok(fence > first.fence)
    harness.expire(b)
    assert.ok((await third).fence > fence)
    assert.equal((await seats[0]!.leader())?.session, c.session)
  })

  it('forgets a candidate that gave up', async () => {
    const harness = new StrongHarness({ restarts: true })
    const [a, b] = [harness.caller(), harness.caller()]
    const held = await a.open('e', election()).campaign()
    const failed = assert.rejects(b.open('e', election()).campaign({ timeoutMs: 10 }), (error) =>
      isJoineryError(error, 'CALL_TIMEOUT'),
    )
    await harness.advance(10)
    await failed
    await held.release()
    assert.deepEqual(await a.open('e', election()).read(), { leader: undefined, candidates: 0 })
  })

  it('takes a lead away whose lease ran out', async () => {
    const harness = new StrongHarness({ restarts: true })
    const seat = harness.caller().open('e', election())
    const held = await seat.campaign({ leaseMs: 100 })
    await harness.advance(100)
    assert.equal(held.lost.aborted, true)
    assert.equal(await seat.leader(), undefined)
  })
})
