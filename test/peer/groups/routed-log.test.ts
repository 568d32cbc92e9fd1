import assert from 'node:assert/strict'
import type { CallCommand, Outcome } from '@joinery/consensus/host'
import type { GroupReply, GroupRequest } from '#peer/groups/group-request.ts'
import { type LeaderPort, RoutedLog } from '#peer/groups/routed-log.ts'
import { ownMs } from '#test/own-time.ts'

const session = '0'.repeat(32)
const done: Outcome = { kind: 'done', position: 7, value: 42 }
const call: CallCommand = {
  ...{ kind: 'call', session, sequence: 1, acknowledged: 0 },
  ...{ object: 1, path: [], method: 'add', args: [1] },
}

/** Leaders that do what a test says. */
class Leaders implements LeaderPort {
  groupCount = 1
  isThere = true
  readonly asked: GroupRequest[] = []
  readonly replies: ((reply: GroupReply) => void)[] = []
  cancelled = 0
  #listeners: (() => void)[] = []

  ask(request: GroupRequest, answer: (reply: GroupReply) => void): (() => void) | undefined {
    if (!this.isThere) return undefined
    this.asked.push(request)
    this.replies.push(answer)
    return () => {
      this.cancelled++
    }
  }

  onLeaderChange(listener: () => void): () => void {
    this.#listeners.push(listener)
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  appear(): void {
    this.isThere = true
    for (const listener of this.#listeners.splice(0)) listener()
  }

  get waiting(): number {
    return this.#listeners.length
  }
}

describe('The ordered log of a peer', () => {
  let leaders: Leaders
  let log: RoutedLog

  beforeEach(() => {
    leaders = new Leaders()
    log = new RoutedLog(leaders)
  })

  it('asks the leader, and gives what it answers', async () => {
    const submitted = log.submit(0, call)
    leaders.replies[0]!({ kind: 'outcome', outcome: done })
    assert.deepEqual(await submitted, done)
    assert.deepEqual(leaders.asked, [{ kind: 'submit', group: 0, command: call }])
  })

  it('waits for a leader when nobody leads, and asks at once when somebody does', async () => {
    leaders.isThere = false
    const submitted = log.submit(0, call)
    assert.deepEqual(leaders.asked, [])
    leaders.appear()
    assert.equal(leaders.asked.length, 1)
    leaders.replies[0]!({ kind: 'outcome', outcome: done })
    assert.deepEqual(await submitted, done)
  })

  it('fails as not applied when nobody leads in time, and leaves nothing waiting', async () => {
    leaders.isThere = false
    await assert.rejects(log.submit(0, call, { timeoutMs: 20 }), {
      code: 'GROUP_UNAVAILABLE',
      details: { group: 0, outcome: 'not-applied' },
    })
    assert.equal(leaders.waiting, 0)
  })

  it('gives up by itself after a while without a leader', async () => {
    leaders.isThere = false
    const startMs = ownMs()
    await assert.rejects(log.submit(0, call), { code: 'GROUP_UNAVAILABLE' })
    assert.ok(ownMs() - startMs < 3000)
  })

  it('asks on while those it asks do not lead any more', async () => {
    const submitted = log.submit(0, call)
    leaders.replies[0]!({ kind: 'not-leader', leader: 0 })
    while (leaders.replies.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    leaders.replies[1]!({ kind: 'outcome', outcome: done })
    assert.deepEqual(await submitted, done)
  })

  it('does not ask again when an answer is lost: that is for who knows the sequence to decide', async () => {
    const submitted = log.submit(0, call)
    leaders.replies[0]!({ kind: 'lost' })
    await assert.rejects(submitted, { details: { group: 0, outcome: 'unknown' } })
    assert.equal(leaders.asked.length, 1)
  })

  it('a call that waits in the group is not given up after the time that a leader may take', async () => {
    leaders.isThere = false
    const submitted = log.submit(0, call)
    setTimeout(() => {
      leaders.appear()
    }, 50)
    await new Promise((resolve) => setTimeout(resolve, 1200))
    leaders.replies[0]!({ kind: 'outcome', outcome: done })
    assert.deepEqual(await submitted, done)
  })

  it('says busy and invalid with codes of their own', async () => {
    const busy = log.submit(0, call)
    leaders.replies[0]!({ kind: 'busy', reason: 'Too much' })
    await assert.rejects(busy, { code: 'GROUP_BUSY' })
    const invalid = log.submit(0, call)
    leaders.replies[1]!({ kind: 'invalid', reason: 'no such thing' })
    await assert.rejects(invalid, { code: 'VALUE_INVALID' })
  })

  it('fails a call that cannot be sent, also when it waited for a leader before', async () => {
    const large = new Error('too large')
    const ask = (): never => {
      throw large
    }
    leaders.isThere = false
    const waiting = log.submit(0, call)
    leaders.ask = ask
    leaders.appear()
    await assert.rejects(waiting, large)
    await assert.rejects(log.submit(0, call), large)
  })

  it('ends the wait at the leader when the signal aborts, with its own reason', async () => {
    const controller = new AbortController()
    const watched = log.watch(0, 1, 5, { signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(watched, reason)
    assert.equal(leaders.cancelled, 1)
    leaders.replies[0]!({ kind: 'changed', position: 9 })
    await assert.rejects(log.watch(0, 1, 5, { signal: AbortSignal.abort(reason) }), reason)
    assert.equal(leaders.asked.length, 1)
  })

  it('tells who asks without a promise once, and nobody who waits no longer', () => {
    const told: unknown[] = []
    const settle = {
      answered: (outcome: Outcome) => void told.push(outcome),
      failed: (reason: unknown) => void told.push(reason),
    }
    const request: GroupRequest = { kind: 'submit', group: 0, command: call }
    log.ask(request, settle)
    leaders.replies[0]!({ kind: 'outcome', outcome: done })
    leaders.replies[0]!({ kind: 'lost' })
    assert.deepEqual(told.splice(0), [done])
    log.ask(request, settle)()
    assert.equal(leaders.cancelled, 1)
    leaders.replies[1]!({ kind: 'outcome', outcome: done })
    leaders.isThere = false
    log.ask(request, settle)()
    assert.equal(leaders.waiting, 0)
    assert.deepEqual(told, [])
    leaders.isThere = true
    log.ask(request, settle)
    leaders.replies[2]!({ kind: 'accepted' })
    assert.match(String(told[0]), /answered with accepted/)
  })

  it('opens an object in the group that its name belongs to, and says why it does not open', async () => {
    leaders.groupCount = 64
    const opened = log.openObject('jobs', 'x', '["counter"]')
    await Promise.resolve()
    const [request] = leaders.asked
    leaders.replies[0]!({ kind: 'outcome', outcome: { kind: 'done', position: 1, value: 12 } })
    assert.deepEqual(await opened, { group: request!.group, object: 12 })
    const refused = log.openObject('jobs', 'x', '["flag"]')
    await Promise.resolve()
    const details = { name: 'x', expected: '["flag"]', found: '["counter"]', path: [] }
    const failure = {
      ...{ code: 'OBJECT_SCHEMA_DIFFERS', message: 'it is a counter', details, retryable: false },
    }
    leaders.replies[1]!({ kind: 'outcome', outcome: { kind: 'failed', position: 2, failure } })
    await assert.rejects(refused, { code: 'OBJECT_SCHEMA_DIFFERS', details })
  })

  it('waits until the groups are known before it chooses one', async () => {
    leaders.groupCount = 0
    leaders.isThere = false
    const opened = log.openObject('jobs', 'x', '["counter"]')
    await new Promise((resolve) => setTimeout(resolve, 10))
    leaders.groupCount = 4
    leaders.appear()
    while (leaders.replies.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    leaders.replies[0]!({ kind: 'outcome', outcome: { kind: 'done', position: 1, value: 3 } })
    assert.equal((await opened).object, 3)
  })
})
