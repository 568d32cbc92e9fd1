import assert from 'node:assert/strict'
import { barrier, type BarrierHandle } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import { settle, StrongHarness } from '#test/fixtures/strong-harness.ts'

function rig(parties: number, restarts = true) {
  const harness = new StrongHarness({ restarts })
  const callers = Array.from({ length: parties }, () => harness.caller())
  const turns = callers.map((caller) => caller.open('turn', barrier(parties)))
  return { harness, callers, turns: turns as [BarrierHandle, ...BarrierHandle[]] }
}

const isBroken =
  (reason: string, round = 0) =>
  (error: unknown) =>
    isJoineryError(error, 'BARRIER_BROKEN') &&
    error.details.reason === reason &&
    error.details.round === round

describe('a barrier', () => {
  it('lets nobody on before all are there, round by round', async () => {
    const { turns } = rig(3)
    for (let round = 0; round < 3; round++) {
      const early = [turns[0].wait(), turns[1]!.wait()]
      let passed = 0
      for (const wait of early) void wait.then(() => passed++)
      await settle()
      assert.equal(passed, 0)
      assert.deepEqual(await turns[0].read(), { parties: 3, round, arrived: 2 })
      assert.deepEqual(await turns[2]!.wait(), { round, last: true })
      assert.deepEqual(await Promise.all(early), [
        { round, last: false },
        { round, last: false },
      ])
    }
  })

  it('breaks for the others when one gives up, and lets them try again', async () => {
    const { harness, turns } = rig(3)
    const patient = turns[0].wait()
    const impatient = turns[1]!.wait({ timeoutMs: 50 })
    const ends = [
      assert.rejects(patient, isBroken('left')),
      assert.rejects(impatient, (error) => isJoineryError(error, 'CALL_TIMEOUT')),
    ]
    await harness.advance(50)
    await Promise.all(ends)
    assert.deepEqual(await turns[0].read(), { parties: 3, round: 0, arrived: 0 })
    const again = await Promise.all(turns.map((turn) => turn.wait()))
    assert.deepEqual(
      again.map(({ round }) => round),
      [0, 0, 0],
    )
  })

  it('breaks when the session of one who waits ends, and not for one who does not', async () => {
    const { harness, callers, turns } = rig(3)
    const other = harness.caller()
    other.open('turn', barrier(3))
    const waiting = turns[0].wait()
    void turns[1]!.wait().catch(() => undefined)
    harness.expire(other)
    await settle()
    assert.equal((await turns[0].read()).arrived, 2)
    const failed = assert.rejects(waiting, isBroken('left'))
    harness.expire(callers[1]!)
    await failed
    assert.equal((await turns[0].read()).arrived, 0)
  })

  it('breaks once for those who stay when several leave at once', async () => {
    const { harness, callers, turns } = rig(4)
    const waits = [0, 1, 2].map((i) => turns[i]!.wait())
    const failed = assert.rejects(waits[0]!, isBroken('left'))
    for (const wait of waits) wait.catch(() => undefined)
    harness.expire(callers[1]!, callers[2]!)
    await failed
  })

  it('breaks when it is reset, if anybody waits', async () => {
    const { turns } = rig(2)
    await turns[0].reset()
    const failed = assert.rejects(turns[0].wait(), isBroken('reset'))
    await turns[1]!.reset()
    await failed
    const [a, b] = await Promise.all([turns[0].wait(), turns[1]!.wait()])
    assert.deepEqual([a.round, b.round], [0, 0])
  })

  it('does not break a round that was passed, when one is told of it too late', async () => {
    const { callers, turns } = rig(2)
    callers[0]!.holdsAnswers = true
    const stop = new AbortController()
    const late = turns[0].wait({ signal: stop.signal })
    assert.deepEqual(await turns[1]!.wait(), { round: 0, last: true })
    const next = turns[1]!.wait()
    stop.abort(new Error('enough'))
    await assert.rejects(late)
    assert.equal((await turns[1]!.read()).arrived, 1)
    callers[0]!.letAnswersGo()
    await turns[0].wait()
    assert.deepEqual(await next, { round: 1, last: false })
  })

  it('of one party never waits', async () => {
    const { turns } = rig(1)
    assert.deepEqual(await turns[0].wait(), { round: 0, last: true })
    assert.deepEqual(await turns[0].wait(), { round: 1, last: true })
  })

  it('refuses numbers of parties that make no sense', () => {
    for (const parties of [0, -1, 1.5, NaN, 2 ** 40]) {
      assert.throws(
        () => barrier(parties),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
    }
  })

  it('lets ten thousand on at once, and is woken by the last of them only', async () => {
    const cpuMsFor = async (parties: number): Promise<number> => {
      const turn = new StrongHarness().caller().open('turn', barrier(parties))
      const begun = process.cpuUsage()
      const waits = Array.from({ length: parties }, () => turn.wait())
      const passed = await Promise.all(waits)
      assert.equal(passed.filter(({ last }) => last).length, 1)
      const { user, system } = process.cpuUsage(begun)
      return (user + system) / 1000
    }
    const few = await cpuMsFor(1000)
    const many = await cpuMsFor(10_000)
    // A run for each other waiter at each arrival would be 50 million, a hundred times as many as for the few.
    assert.ok(many < 20 * few, `${many} ms of processor, and ${few} for a tenth of them`)
  })
})
