import assert from 'node:assert/strict'
import { defineObject } from '#consensus/objects/define-object.ts'
import type { WithdrawnCall } from '#consensus/objects/strong-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'
import { HostRig, codeOf, messageOf, valueOf } from './host-rig.ts'

/** Counts runs: no state, and so outside of the object. */
let runs = 0

class Gate extends StrongObject {
  permits = 0
  other = 0
  arrived: string[] = []
  readonly doors = new Map<string, boolean>()
  readonly tickets = new Set<number>()
  readonly box: { level: number; inner: { depth: number } } = { level: 0, inner: { depth: 0 } }

  take(amount: number): number {
    runs += 1
    this.waitUntil(this.permits >= amount)
    return (this.permits -= amount)
  }
  give(amount: number): void {
    this.permits += amount
  }
  touchOther(): void {
    this.other += 1
  }
  keep(): void {
    const { permits } = this
    this.permits = permits
  }
  enter(door: string): number {
    runs += 1
    this.waitUntil(this.doors.get(door) === true)
    return this.index
  }
  unlock(door: string): void {
    this.doors.set(door, true)
  }
  hold(ticket: number): void {
    runs += 1
    this.waitUntil(this.tickets.has(ticket))
  }
  call(ticket: number): void {
    this.tickets.add(ticket)
  }
  size(count: number): void {
    runs += 1
    this.waitUntil(this.tickets.size >= count)
  }
  deep(depth: number): void {
    runs += 1
    this.waitUntil(this.box.inner.depth >= depth)
  }
  sink(): void {
    this.box.inner.depth += 1
  }
  meet(parties: number): number {
    runs += 1
    const place = this.once(() => this.arrived.push(this.caller))
    this.waitUntil(this.permits > 0)
    return place * 100 + parties
  }
  early(): void {
    this.other += 1
    this.waitUntil(false)
  }
  earlyThough(): void {
    this.other += 1
    this.waitUntil(true)
  }
  greedy(): string {
    try {
      this.waitUntil(false)
    } catch {
      return 'caught'
    }
    return 'never'
  }
  refuseLater(): void {
    this.once(() => {
      this.other += 1
    })
    this.waitUntil(this.permits > 0)
    this.permits = 99
    throw new Error('no')
  }
  inOnce(): void {
    this.once(() => this.waitUntil(false))
  }
  snapshotOf(): readonly unknown[] {
    return [this.permits, this.other, [...this.arrived]]
  }
  peek(): void {
    this.waitUntil(false)
  }
  protected override callWithdrawn({ method, args, session, kept }: WithdrawnCall): void {
    this.arrived = this.arrived.filter((name) => name !== session)
    this.other = 1000 + args.length + kept.length + method.length
  }
  protected override sessionEnded(session: string): void {
    this.arrived.push(`ended ${session.at(-1) ?? ''}`)
    this.permits += 1
  }
}
const gate = defineObject('test.waiting.Gate', Gate, { reads: ['snapshotOf', 'peek'] })

function rig(): { host: HostRig; a: string; b: string; object: number } {
  const host = new HostRig()
  const [a, b] = [host.session(1), host.session(2)]
  const object = host.open(gate())
  runs = 0
  return { host, a, b, object }
}

const released = (host: HostRig): readonly unknown[] =>
  host.last.released.map(({ session, sequence, outcome }) => [
    session.at(-1),
    sequence,
    outcome.kind === 'done' ? outcome.value : outcome.kind,
  ])

describe('a call that waits', () => {
  it('goes on with what lets it, at the place of that command', () => {
    const { host, a, b, object } = rig()
    assert.equal(host.call(a, object, 'take', 2).kind, 'parked')
    host.call(b, object, 'give', 1)
    assert.deepEqual(released(host), [])
    host.call(b, object, 'give', 1)
    assert.deepEqual(released(host), [['1', 1, 0]])
    assert.equal(host.last.released[0]?.outcome.position, host.machine.position)
  })

  it('goes on in order of arrival, and lets others pass that ask for less', () => {
    const { host, a, b, object } = rig()
    host.call(a, object, 'take', 3)
    host.call(b, object, 'take', 1)
    host.call(a, object, 'take', 1)
    host.call(b, object, 'give', 2)
    assert.deepEqual(released(host), [
      ['2', 1, 1],
      ['1', 2, 0],
    ])
    host.call(b, object, 'give', 3)
    assert.deepEqual(released(host), [['1', 1, 0]])
  })

  it('is told again to whoever repeats it, and answered once it is done', () => {
    const { host, a, b, object } = rig()
    const command = host.command(a, object, 'take', [1])
    host.one(command)
    assert.equal(host.one(command).kind, 'parked')
    host.call(b, object, 'give', 1)
    assert.equal(valueOf(host.one(command)), 0)
  })

  it('runs again only when something has changed that it read', () => {
    const { host, a, b, object } = rig()
    host.call(a, object, 'take', 1)
    assert.equal(runs, 1)
    host.call(b, object, 'touchOther')
    host.call(b, object, 'keep')
    assert.equal(runs, 1, 'another field, and the same value')
    host.call(b, object, 'give', 0.5)
    assert.equal(runs, 2)
  })

  it('reads single keys of maps and sets', () => {
    const { host, a, b, object } = rig()
    for (let door = 0; door < 50; door++) host.call(a, object, 'enter', `door ${door}`)
    for (let ticket = 0; ticket < 50; ticket++) host.call(a, object, 'hold', ticket)
    host.restart()
    runs = 0
    host.call(b, object, 'unlock', 'door 7')
    host.call(b, object, 'call', 9)
    assert.equal(runs, 2)
    host.call(b, object, 'size', 3)
    host.call(b, object, 'call', 100)
    host.call(b, object, 'call', 101)
    assert.equal(runs, 5, 'who asks for the size reads all')
    assert.equal(released(host).length, 1)
  })

  it('sees changes deep within a field', () => {
    const { host, a, b, object } = rig()
    host.call(a, object, 'deep', 2)
    host.restart()
    host.call(b, object, 'sink')
    host.restart()
    host.call(b, object, 'sink')
    assert.deepEqual(released(host), [['1', 1, undefined]])
    assert.equal(runs, 3)
  })

  it('arrives once, however often it runs', () => {
    const { host, a, b, object } = rig()
    host.call(a, object, 'meet', 2)
    host.call(b, object, 'meet', 2)
    host.restart()
    assert.deepEqual(host.read(object, 'snapshotOf'), [0, 0, [a, b]])
    assert.equal(runs, 2, 'arrivals wake nobody')
    host.call(b, object, 'give', 1)
    assert.deepEqual(released(host), [
      ['1', 1, 102],
      ['2', 1, 202],
    ])
    assert.deepEqual(host.read(object, 'snapshotOf'), [1, 0, [a, b]])
  })

  it('by ten thousand costs two runs for each', () => {
    const { host, a, b, object } = rig()
    const parties = 10_000
    const commands = Array.from({ length: parties }, () => host.command(a, object, 'meet', [0]))
    host.apply(...commands)
    assert.equal(host.last.released.length, 0)
    host.call(b, object, 'give', 1)
    assert.equal(host.last.released.length, parties)
    assert.equal(runs, 2 * parties)
  })

  it('must not have written before, whether it waits or not', () => {
    const { host, a, object } = rig()
    for (const method of ['early', 'earlyThough']) {
      const outcome = host.call(a, object, method)
      assert.equal(codeOf(outcome), 'OBJECT_METHOD_FAILED')
      assert.match(messageOf(outcome), /write before waitUntil.*once/)
    }
    assert.deepEqual(host.read(object, 'snapshotOf'), [0, 0, []])
  })

  it('is not to be caught, nor to be waited for in once or in a read', () => {
    const { host, a, object } = rig()
    assert.match(messageOf(host.call(a, object, 'greedy')), /caught/)
    assert.match(messageOf(host.call(a, object, 'inOnce')), /once/)
    const read = host.machine.read({ object, path: [], method: 'peek', args: [] })
    assert.match(messageOf(read), /only a call waits/)
  })

  it('that fails later takes back that run, and not what it did when it arrived', () => {
    const { host, a, b, object } = rig()
    host.call(a, object, 'refuseLater')
    host.call(b, object, 'give', 1)
    assert.deepEqual(released(host), [['1', 1, 'failed']])
    assert.deepEqual(host.read(object, 'snapshotOf'), [1, 1, []])
  })

  it('is undone by its class when it is given up', () => {
    const { host, a, b, object } = rig()
    host.call(a, object, 'meet', 2)
    host.call(b, object, 'meet', 2)
    host.restart()
    host.one({ kind: 'withdraw', session: a, sequence: 1 })
    assert.deepEqual(host.read(object, 'snapshotOf'), [0, 1006, [b]])
  })
})

describe('the end of a session', () => {
  it('withdraws what waits in it, then tells the objects that it has called', () => {
    const { host, a, b, object } = rig()
    const untouched = host.open(gate(), 'other')
    host.call(a, object, 'meet', 2)
    host.call(b, object, 'take', 1)
    host.restart()
    host.one({ kind: 'end-sessions', sessions: [a], reason: 'expired' })
    assert.deepEqual(released(host), [
      ['1', 1, 'failed'],
      ['2', 1, 0],
    ])
    assert.deepEqual(host.read(object, 'snapshotOf'), [0, 1006, ['ended 1']])
    assert.deepEqual(host.read(untouched, 'snapshotOf'), [0, 0, []])
  })

  it('gives nothing to another session that ends with it', () => {
    const { host, a, b, object } = rig()
    host.call(a, object, 'give', 0)
    host.call(b, object, 'take', 1)
    host.one({ kind: 'end-sessions', sessions: [a, b], reason: 'expired' })
    assert.deepEqual(released(host), [['2', 1, 'failed']])
    assert.deepEqual(host.read(object, 'snapshotOf'), [2, 1005, ['ended 1', 'ended 2']])
  })
})
