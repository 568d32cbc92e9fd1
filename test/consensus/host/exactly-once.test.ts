import assert from 'node:assert/strict'
import { SESSION_CALLS_MAX } from '#consensus/host/session.ts'
import { defineObject } from '#consensus/objects/define-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'
import { HostRig, codeOf, sessionId, valueOf } from './host-rig.ts'

class Tally extends StrongObject {
  total = 0
  isOpen = true
  add(amount: number): number {
    return (this.total += amount)
  }
  addWhenOpen(amount: number): number {
    this.waitUntil(this.isOpen)
    return (this.total += amount)
  }
  shut(): void {
    this.isOpen = false
  }
  openUp(): void {
    this.isOpen = true
  }
  read(): number {
    return this.total
  }
}
const tally = defineObject('test.exactly-once.Tally', Tally)

function rig(): { host: HostRig; session: string; object: number } {
  const host = new HostRig()
  const session = host.session()
  return { host, session, object: host.open(tally()) }
}

describe('a session of a group', () => {
  it('gets the first answer again for a call that it repeats, which is done once', () => {
    const { host, session, object } = rig()
    const command = host.command(session, object, 'add', [5])
    const first = host.one(command)
    host.call(session, object, 'add', 1)
    assert.deepEqual(host.one(command), first)
    host.restart()
    assert.deepEqual(host.one(command), first)
    assert.equal(host.read(object, 'read'), 6)
  })

  it('gets the same failure again for a call that failed', () => {
    const { host, session, object } = rig()
    const command = host.command(session, object, 'nothing')
    const first = host.one(command)
    assert.equal(codeOf(first), 'VALUE_INVALID')
    host.call(session, object, 'add', 1)
    assert.deepEqual(host.one(command), first)
  })

  it('calls in any order of its numbers', () => {
    const { host, session, object } = rig()
    for (const sequence of [3, 1, 2]) {
      assert.equal(host.one(host.command(session, object, 'add', [1], { sequence })).kind, 'done')
    }
    assert.equal(host.read(object, 'read'), 3)
  })

  it('is answered no more, and does nothing, below what it acknowledged', () => {
    const { host, session, object } = rig()
    for (let i = 0; i < 4; i++) host.call(session, object, 'add', 1)
    host.one(host.command(session, object, 'add', [1], { acknowledged: 4 }))
    for (const sequence of [1, 4]) {
      const again = host.one(host.command(session, object, 'add', [1], { sequence }))
      assert.equal(codeOf(again), 'SESSION_EXPIRED')
    }
    assert.equal(host.read(object, 'read'), 5)
  })

  it('acknowledges single calls while an older one waits', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'shut')
    assert.equal(host.call(session, object, 'addWhenOpen', 1).kind, 'parked')
    for (let i = 3; i <= 6; i++) host.call(session, object, 'add', 1)
    host.one(
      host.command(session, object, 'add', [1], { acknowledged: 1, answered: [2, 3, 5, 99] }),
    )
    host.restart()
    const ask = (sequence: number) =>
      host.one(host.command(session, object, 'add', [1], { sequence, acknowledged: 1 }))
    assert.equal(codeOf(ask(3)), 'SESSION_EXPIRED')
    assert.equal(codeOf(ask(5)), 'SESSION_EXPIRED')
    assert.equal(valueOf(ask(4)), 2, 'the first answer')
    assert.equal(ask(2).kind, 'parked', 'what waits has no answer, whatever is said')
    assert.equal(valueOf(ask(99)), 6, 'nor has what was never called')
  })

  it('keeps no reply that it needs no more', () => {
    const { host, session, object } = rig()
    const empty = host.machine.snapshot().length
    for (let sequence = 1; sequence <= 500; sequence++) {
      host.one(host.command(session, object, 'add', [0], { sequence, acknowledged: sequence - 1 }))
    }
    assert.ok(host.machine.snapshot().length < empty + 64)
  })

  it('is refused when it has too much under way, and goes on when it acknowledges', () => {
    const { host, session, object } = rig()
    const commands = Array.from({ length: SESSION_CALLS_MAX }, () =>
      host.command(session, object, 'add', [1]),
    )
    host.apply(...commands)
    const over = host.command(session, object, 'add', [1])
    assert.equal(codeOf(host.one(over)), 'GROUP_BUSY')
    assert.equal(host.read(object, 'read'), SESSION_CALLS_MAX)
    const acknowledged = SESSION_CALLS_MAX
    assert.equal(valueOf(host.one({ ...over, acknowledged })), SESSION_CALLS_MAX + 1)
  })

  it('that is not open calls nothing', () => {
    const { host, object } = rig()
    assert.equal(codeOf(host.call(sessionId(9), object, 'add', 1)), 'SESSION_EXPIRED')
    assert.equal(host.read(object, 'read'), 0)
  })

  it('that ended calls nothing, and a repeated call is not done again', () => {
    const { host, session, object } = rig()
    const command = host.command(session, object, 'add', [1])
    host.one(command)
    host.one({ kind: 'end-sessions', sessions: [session, session], reason: 'closed' })
    assert.equal(codeOf(host.one(command)), 'SESSION_EXPIRED')
    assert.equal(host.read(object, 'read'), 1)
    assert.deepEqual([...host.machine.sessions()], [])
  })

  it('that ended is not opened again by a request that comes late, nor are its calls done again', () => {
    const { host, session, object } = rig()
    const open = { kind: 'open-session', session, leaseMs: 10_000 } as const
    const command = host.command(session, object, 'add', [1])
    host.one(command)
    host.one({ kind: 'end-sessions', sessions: [session], reason: 'closed' })
    host.restart()
    assert.equal(codeOf(host.one(open)), 'SESSION_EXPIRED')
    assert.equal(codeOf(host.one(command)), 'SESSION_EXPIRED')
    assert.equal(host.read(object, 'read'), 1)
    host.pass(600_001)
    assert.equal(host.one(open).kind, 'done')
  })

  it('that is ended before the request to open it comes is not opened', () => {
    const { host } = rig()
    const session = sessionId(9)
    host.one({ kind: 'end-sessions', sessions: [session], reason: 'closed' })
    const late = host.one({ kind: 'open-session', session, leaseMs: 10_000 })
    assert.equal(codeOf(late), 'SESSION_EXPIRED')
  })

  it('is opened twice without harm, and only with a sensible lease', () => {
    const { host, session, object } = rig()
    const command = host.command(session, object, 'add', [1])
    const first = host.one(command)
    host.session()
    assert.deepEqual(host.one(command), first)
    for (const leaseMs of [0, 999, 3_600_001]) {
      const refused = host.one({ kind: 'open-session', session: sessionId(2), leaseMs })
      assert.equal(codeOf(refused), 'VALUE_INVALID')
    }
    assert.deepEqual([...host.machine.sessions()], [[session, 10_000]])
  })
})

describe('a call that is given up', () => {
  it('is parked no more, and its outcome is that', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'shut')
    const command = host.command(session, object, 'addWhenOpen', [1])
    host.one(command)
    host.restart()
    const { sequence } = command
    assert.equal(host.one({ kind: 'withdraw', session, sequence }).kind, 'withdrawn')
    assert.deepEqual(
      host.last.released.map(({ sequence: number, outcome }) => [number, outcome.kind]),
      [[sequence, 'withdrawn']],
    )
    assert.equal(host.one(command).kind, 'withdrawn')
    host.call(session, object, 'openUp')
    assert.deepEqual(host.last.released, [])
    assert.equal(host.read(object, 'read'), 0)
  })

  it('before it arrives is not done when it does', () => {
    const { host, session, object } = rig()
    const command = host.command(session, object, 'add', [1])
    const { sequence } = command
    assert.equal(host.one({ kind: 'withdraw', session, sequence }).kind, 'withdrawn')
    assert.equal(host.one(command).kind, 'withdrawn')
    assert.equal(host.read(object, 'read'), 0)
  })

  it('too late has the outcome that it has', () => {
    const { host, session, object } = rig()
    const command = host.command(session, object, 'add', [1])
    const outcome = host.one(command)
    const { sequence } = command
    assert.deepEqual(host.one({ kind: 'withdraw', session, sequence }), outcome)
    host.one(host.command(session, object, 'add', [1], { acknowledged: sequence }))
    assert.equal(codeOf(host.one({ kind: 'withdraw', session, sequence })), 'SESSION_EXPIRED')
  })
})
