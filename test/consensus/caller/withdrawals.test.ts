import assert from 'node:assert/strict'
import { isJoineryError } from '@joinery/crdt-objects'
import { CallerRig } from '#test/fixtures/caller-rig.ts'

describe('a strong call whose time runs out', () => {
  it('is withdrawn while it is parked: nothing was applied, and nothing is left behind', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const take = rig.follow(pot, 'take', [], { options: { timeoutMs: 500 } })
    await rig.pass(499)
    assert.equal(rig.group.waiting, 1)
    await rig.pass(10)
    assert.ok(isJoineryError(take.error, 'CALL_TIMEOUT'))
    assert.deepEqual(take.error.details, { timeoutMs: 500, outcome: 'not-applied' })
    assert.equal(take.error.retryable, true)
    assert.equal(rig.group.waiting, 0)
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.equal(rig.group.tokens, 1)
  })

  it('is answered when it turns out to have been done', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what) => (what === 'submit' ? 'answer-lost' : undefined)
    const put = rig.follow(pot, 'put', [1], { options: { timeoutMs: 100 } })
    await rig.pass(200)
    assert.equal(put.answer?.value, 1)
    assert.deepEqual(rig.undone, [])
  })

  it('has an unknown outcome when nobody answers the withdrawal either; what is done late is undone', async () => {
    const rig = new CallerRig({ withdrawMs: 300 })
    const pot = await rig.open()
    rig.group.fault = (what, count) => {
      if (what === 'submit') return 'answer-lost'
      return what === 'withdraw' && count < 10 ? 'request-lost' : undefined
    }
    const put = rig.follow(pot, 'put', [1], { options: { timeoutMs: 100 } })
    await rig.pass(420)
    assert.ok(isJoineryError(put.error, 'CALL_TIMEOUT'))
    assert.equal(put.error.details.outcome, 'unknown')
    assert.equal(put.error.retryable, false)
    await rig.pass(3000)
    assert.deepEqual(
      rig.undone.map(({ value }) => value),
      [1],
    )
  })

  it('was not applied when it was never sent, and needs no withdrawal', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = () => 'refused'
    const put = rig.follow(pot, 'put', [1], { options: { timeoutMs: 100 } })
    await rig.pass(101)
    assert.ok(isJoineryError(put.error, 'CALL_TIMEOUT'))
    assert.equal(put.error.details.outcome, 'not-applied')
    assert.ok(!rig.group.asked.some(({ what }) => what === 'withdraw'))
  })

  it('goes on asking for all of that time when no leader answers', async () => {
    const rig = new CallerRig({ unreachableMs: 500, leaseMs: 60_000 })
    const pot = await rig.open()
    rig.follow(pot, 'put', [1])
    await rig.pass(10)
    rig.group.fault = (what) => (what === 'submit' && rig.time.nowMs < 8000 ? 'refused' : undefined)
    const put = rig.follow(pot, 'put', [1], { options: { timeoutMs: 20_000 } })
    await rig.pass(9000)
    assert.equal(put.answer?.value, 2)
  })
})

describe('a strong call that is aborted', () => {
  it('rejects at once with the reason of the signal, and is withdrawn behind it', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const aborting = new AbortController()
    const take = rig.follow(pot, 'take', [], { options: { signal: aborting.signal } })
    await rig.pass(10)
    assert.equal(rig.group.waiting, 1)
    const reason = new Error('no longer')
    aborting.abort(reason)
    await rig.pass(0)
    assert.equal(take.error, reason)
    await rig.pass(10)
    assert.equal(rig.group.waiting, 0)
  })

  it('gives back what it got when it turns out to have been done', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what) => (what === 'submit' ? 'answer-lost' : undefined)
    const aborting = new AbortController()
    const put = rig.follow(pot, 'put', [1], { options: { signal: aborting.signal } })
    await rig.pass(5)
    aborting.abort()
    await rig.pass(100)
    assert.equal((put.error as Error).name, 'AbortError')
    assert.deepEqual(
      rig.undone.map(({ index }) => index),
      [1],
    )
  })

  it('is not sent when it was aborted before', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const reason = new Error('before')
    const put = rig.follow(pot, 'put', [1], { options: { signal: AbortSignal.abort(reason) } })
    await rig.pass(10)
    assert.equal(put.error, reason)
    assert.equal(rig.group.position, 0)
  })

  it('tells at once, too, while a withdrawal for a time-out is under way', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    rig.group.fault = (what) => (what === 'withdraw' ? 'silent' : undefined)
    const aborting = new AbortController()
    const options = { timeoutMs: 50, signal: aborting.signal }
    const take = rig.follow(pot, 'take', [], { options })
    await rig.pass(100)
    assert.deepEqual(take, {})
    const reason = new Error('really')
    aborting.abort(reason)
    await rig.pass(0)
    assert.equal(take.error, reason)
  })

  it('leaves no listener on the signal', async () => {
    const rig = new CallerRig()
    const pot = await rig.open()
    const aborting = new AbortController()
    const { signal } = aborting
    let listeners = 0
    const [add, remove] = [
      signal.addEventListener.bind(signal),
      signal.removeEventListener.bind(signal),
    ]
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    }
    const options = { signal, timeoutMs: 100 }
    rig.follow(pot, 'put', [1], { options })
    rig.follow(pot, 'take', [], { options })
    rig.follow(pot, 'take', [], { options })
    rig.follow(pot, 'read', [], { options, mode: 'read' })
    await rig.pass(1000)
    assert.equal(listeners, 0)
  })
})

describe('what a strong call carries along', () => {
  const vector = Uint8Array.of(1, 2)

  it('is flushed before it is sent, and goes with it; what its outcome carries is shown before it answers', async () => {
    const steps: string[] = []
    let shown: (() => void) | undefined
    const rig = new CallerRig(
      {},
      {
        visibility: {
          before: async (space) => {
            steps.push(`before ${space}`)
            return vector
          },
          after: (space, carried) => {
            steps.push(`after ${space} ${carried}`)
            return new Promise((resolve) => (shown = resolve))
          },
        },
      },
    )
    const pot = await rig.open()
    rig.group.vector = Uint8Array.of(9)
    const put = rig.follow(pot, 'put', [1])
    await rig.pass(10)
    assert.deepEqual(steps, ['before s', 'after s 9'])
    assert.equal(rig.group.asked.at(-1)?.call?.vector, vector)
    assert.deepEqual(put, {})
    shown?.()
    await rig.pass(0)
    assert.equal(put.answer?.value, 1)
  })

  it('is waited for by reads as well', async () => {
    const rig = new CallerRig({}, { visibility: { before: () => undefined, after: () => pause() } })
    const pause = (): Promise<void> => new Promise((resolve) => rig.time.after(1000, resolve))
    const pot = await rig.open()
    rig.group.vector = vector
    const read = rig.follow(pot, 'read', [], { mode: 'read' })
    await rig.pass(900)
    assert.deepEqual(read, {})
    await rig.pass(200)
    assert.equal(read.answer?.value, 0)
  })

  it('that cannot be shown in time undoes the call', async () => {
    const never = (): Promise<void> => new Promise(() => {})
    const rig = new CallerRig({}, { visibility: { before: () => undefined, after: never } })
    const pot = await rig.open()
    rig.group.vector = vector
    const put = rig.follow(pot, 'put', [1], { options: { timeoutMs: 200 } })
    await rig.pass(300)
    assert.ok(isJoineryError(put.error, 'CALL_TIMEOUT'))
    assert.equal(put.error.details.outcome, 'unknown')
    assert.equal(rig.undone.length, 1)
  })
})
