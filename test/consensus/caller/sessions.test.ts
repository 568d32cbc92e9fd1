import assert from 'node:assert/strict'
import { isJoineryError } from '@joinery/crdt-objects'
import fc from 'fast-check'
import { SequenceLedger } from '#consensus/caller/sequence-ledger.ts'
import { CallerRig } from '#test/fixtures/caller-rig.ts'

describe('the session of a caller', () => {
  it('is opened with the first command, and once for many', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    assert.equal(rig.group.sessions.size, 0)
    for (let at = 0; at < 10; at++) rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.deepEqual([...rig.group.sessions.keys()], [`${'0'.repeat(31)}1`])
    assert.equal(rig.group.asked.filter(({ what }) => what === 'openSession').length, 1)
    assert.equal(rig.group.tokens, 10)
  })

  it('gives way to another when it ended before its caller knew that it was open', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what, count) => {
      if (what === 'openSession' && count > 0)
        for (const id of rig.group.sessions.keys()) rig.group.end(id)
      return what === 'openSession' && count === 0 ? 'answer-lost' : undefined
    }
    const put = rig.follow(pot, 'put', [1])
    await rig.pass(5_000)
    assert.equal(rig.group.tokens, 1)
    assert.equal(rig.group.ended.length, 1)
    assert.deepEqual([...rig.group.sessions.keys()], [`${'0'.repeat(31)}2`])
    assert.equal(put.answer?.value, 1)
  })

  it('is renewed at a quarter of its lease when nothing is called, and less often when calls renew it', async () => {
    const rig = new CallerRig({ leaseMs: 12_000 })
    const pot = await rig.open()
    const renewals = (): number =>
      rig.group.asked.filter(({ what }) => what === 'renewSession').length
    rig.follow(pot, 'put', [1])
    await rig.pass(30_000)
    assert.ok(renewals() >= 9 && renewals() <= 10, `${renewals()} renewals`)
    const before = renewals()
    for (let at = 0; at < 30; at++) {
      rig.follow(pot, 'put', [1])
      await rig.pass(1000)
    }
    assert.ok(renewals() - before <= 1)
    assert.equal(pot.sessionLost.aborted, false)
  })

  it('is lost before its lease runs out at the group, counted from when the last answered request was sent', async () => {
    const rig = new CallerRig({ leaseMs: 9000 })
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    await rig.pass(4000)
    // The last renewal that is answered was sent at about 3 s.
    const heardMs = rig.group.asked.filter(({ what }) => what === 'renewSession').at(-1)!.atMs
    rig.group.fault = () => 'request-lost'
    const lost = pot.sessionLost
    let lostMs = 0
    lost.addEventListener('abort', () => (lostMs = rig.time.nowMs))
    await rig.pass(20_000)
    assert.ok(lostMs > heardMs + 8000 && lostMs < heardMs + 9000, `${lostMs - heardMs}`)
  })

  it('survives a leader that is away for less than its lease', async () => {
    const rig = new CallerRig({ leaseMs: 9000 })
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    for (let round = 0; round < 5; round++) {
      rig.group.fault = () => 'request-lost'
      await rig.pass(5000)
      rig.group.fault = () => undefined
      await rig.pass(300)
    }
    assert.equal(pot.sessionLost.aborted, false)
  })

  it('outlives a standstill of two thirds of its lease, whenever that comes', async () => {
    for (let phaseMs = 0; phaseMs < 3_000; phaseMs += 100) {
      let thawsMs = 0
      // What is due while the process stands still is done when it goes on.
      const later = (delayMs: number, task: () => void): void => {
        rig.time.after(delayMs, () => {
          const leftMs = thawsMs - rig.time.nowMs
          if (leftMs > 0) later(leftMs, task)
          else task()
        })
      }
      const after = (delayMs: number, task: () => void): (() => void) => {
        let isOff = false
        later(delayMs, () => {
          if (!isOff) task()
        })
        return () => {
          isOff = true
        }
      }
      const rig: CallerRig = new CallerRig(
        { leaseMs: 9_000 },
        { clock: { nowMs: () => rig.time.nowMs, after } },
      )
      const pot = await rig.open()
      rig.follow(pot, 'put', [1])
      await rig.pass(20_000 + phaseMs)
      thawsMs = rig.time.nowMs + 6_000
      await rig.pass(20_000)
      assert.equal(pot.sessionLost.aborted, false, `it stood still after ${phaseMs} ms`)
      assert.equal(rig.group.ended.length, 0)
    }
  })

  it('is lost when the group knows it no longer; later calls have a new one', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const first = rig.follow(pot, 'put', [1])
    await rig.pass(10)
    rig.group.end(`${'0'.repeat(31)}1`)
    await rig.pass(4000)
    assert.ok(first.answer?.lost?.aborted)
    assert.ok(pot.sessionLost.aborted, 'until a call opens the next')
    const second = rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.equal(second.answer?.value, 2)
    assert.equal(pot.sessionLost.aborted, false)
    assert.notEqual(second.answer?.lost, first.answer?.lost)
    assert.deepEqual([...rig.group.sessions.keys()], [`${'0'.repeat(31)}2`])
  })

  it('is opened for who holds something under it, and is that of the calls', async () => {
    const rig = new CallerRig()
    const opening = Promise.all([rig.caller.openSession(3), rig.caller.openSession(3)])
    await rig.pass(10)
    const [session, same] = await opening
    assert.equal(session, same)
    assert.deepEqual([...rig.group.sessions.keys()], [session.id])
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.equal(rig.group.sessions.size, 1)
    rig.group.end(session.id)
    await rig.pass(4000)
    assert.ok(session.lost.aborted)
    const next = rig.caller.openSession(3)
    await rig.pass(10)
    assert.notEqual((await next).id, session.id)
    const closing = rig.caller.close(new Error('the end'))
    await rig.pass(10)
    await closing
    assert.ok((await next).lost.aborted)
    await assert.rejects(rig.caller.openSession(3), /the end/)
  })

  it('that has expired fails a call, which was not applied, and fires before that call rejects', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    rig.group.end(`${'0'.repeat(31)}1`)
    const lost = pot.sessionLost
    let wasLost = false
    const put = pot.call({ path: [], method: 'put', mode: 'command', args: [1], options: {} })
    const seen = put.catch((error: unknown) => {
      wasLost = lost.aborted
      return error
    })
    await rig.pass(10)
    const error = await seen
    assert.ok(isJoineryError(error, 'SESSION_EXPIRED'))
    assert.equal(error.details.outcome, 'not-applied')
    assert.ok(wasLost)
    assert.equal(rig.group.tokens, 1)
  })

  it('that expired between an attempt and the next leaves the outcome unknown', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    rig.group.fault = (what) => (what === 'submit' ? 'answer-lost' : undefined)
    const put = rig.follow(pot, 'put', [1])
    await rig.pass(3)
    rig.group.end(`${'0'.repeat(31)}1`)
    rig.group.fault = () => undefined
    await rig.pass(1000)
    assert.ok(isJoineryError(put.error, 'SESSION_EXPIRED'))
    assert.equal(put.error.details.outcome, 'unknown')
    assert.equal(rig.appliedMost, 1)
  })

  it('that its owner takes for lost is given back once it is known what became of the calls in it', async () => {
    const rig = new CallerRig({ leaseMs: 9000, unreachableMs: 60_000 })
    const pot = await rig.open()
    const parked = rig.follow(pot, 'take')
    await rig.pass(10)
    const limited = rig.follow(pot, 'take', [], { options: { timeoutMs: 30_000 } })
    await rig.pass(10)
    // The group's clock stands still for as long as nobody reaches it: it has not ended the session.
    rig.group.fault = () => 'refused'
    for (const session of rig.group.sessions.values()) session.leaseMs = Infinity
    await rig.pass(12_000)
    assert.deepEqual([parked, limited], [{}, {}])
    assert.ok(pot.sessionLost.aborted)
    rig.group.fault = () => undefined
    await rig.pass(1000)
    for (const { error } of [parked, limited]) {
      assert.ok(isJoineryError(error, 'SESSION_EXPIRED'), String(error))
      assert.equal(error.details.outcome, 'not-applied')
    }
    assert.deepEqual(rig.group.ended, [`${'0'.repeat(31)}1`])
    assert.equal(rig.group.waiting, 0)
  })

  it('whose owner ends while it is being opened is closed once it is open', async () => {
    const rig = new CallerRig({ leaseMs: 1000 })
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    void rig.caller.close(new Error('the end'))
    await rig.pass(5000)
    const asked = rig.group.asked.map(({ what }) => what)
    assert.deepEqual(asked, ['openObject', 'openSession', 'closeSession'])
  })

  it('that ran out while its process stood still is seen to be lost by the next call, not only by a timer', async () => {
    const rig = new CallerRig({ leaseMs: 9000 })
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    const lost = pot.sessionLost
    // Time has gone by, and no timer has run yet.
    Object.defineProperty(rig.time, 'nowMs', { get: () => 50_000, configurable: true })
    rig.follow(pot, 'put', [1])
    assert.ok(lost.aborted)
  })
})

describe('the ledger of a session', () => {
  it('never says of a call that has no answer that it has one, and says it of each that has in the end', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 2000 }), (choices) => {
        const ledger = new SequenceLedger<number>()
        const open: number[] = []
        const known = new Set<number>()
        for (const choice of choices) {
          if (choice < 15 || open.length === 0) {
            open.push(ledger.next(0))
            const { acknowledged, answered = [] } = ledger.acknowledge()
            for (const sequence of open) {
              assert.ok(sequence > acknowledged)
              assert.ok(!answered.includes(sequence))
            }
            assert.ok(answered.length <= 64)
            for (const sequence of answered) known.add(sequence)
          } else {
            const [sequence] = open.splice((choice - 15) % open.length, 1)
            ledger.answer(sequence!)
          }
          assert.equal(ledger.size, open.length)
        }
        for (const sequence of open.splice(0)) ledger.answer(sequence)
        const last = ledger.next(0)
        assert.equal(ledger.acknowledge().acknowledged, last - 1)
      }),
    )
  })

  it('tells each answer beside a call that waits on, however many there are', () => {
    const ledger = new SequenceLedger<number>()
    ledger.next(0)
    const told = new Set<number>()
    for (let at = 0; at < 5000; at++) {
      const sequence = ledger.next(0)
      for (const one of ledger.acknowledge().answered ?? []) told.add(one)
      ledger.answer(sequence)
    }
    assert.ok(told.size > 4900, `${told.size}`)
    ledger.retell([...told].slice(0, 100))
    ledger.next(0)
    assert.ok(ledger.acknowledge().answered!.length > 0)
  })
})
