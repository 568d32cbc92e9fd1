import assert from 'node:assert/strict'
import { JoineryError } from '@joinery/crdt-objects'
import { VersionVector, Writer } from '@joinery/crdt-objects/engine'
import { defineObject } from '#consensus/objects/define-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'
import { GroupState } from '#consensus/host/group-state.ts'
import type { Outcome } from '#consensus/host/outcome.ts'
import { HostRig, codeOf, messageOf, sessionId, valueOf } from './host-rig.ts'

class Desk extends StrongObject {
  log: string[] = []
  count = 0
  readonly startedMs: number
  readonly options: { readonly step: number }

  constructor(options: { readonly step: number } = { step: 1 }) {
    super()
    this.options = options
    this.startedMs = this.now
  }
  add(): number {
    return (this.count += this.options.step)
  }
  where(): readonly [number, number, string] {
    return [this.now, this.index, this.caller]
  }
  draw(): readonly [number, number] {
    return [this.random(), this.random()]
  }
  later(delayMs: number, what: string): void {
    this.schedule(delayMs, 'note', what)
  }
  note(what: string): void {
    this.log.push(`${what} at ${this.now} by '${this.caller}'`)
  }
  chain(): void {
    this.count += 1
    this.schedule(0, 'chain')
  }
  failing(): void {
    this.schedule(1, 'note', 'never')
    this.log.push('never')
    throw new Error('as it must')
  }
  expected(): void {
    this.count = 99
    throw new JoineryError('COUNTER_OVERFLOW', 'as expected', { value: 1, amount: 2 })
  }
  waitFor(count: number): number {
    this.waitUntil(this.count >= count)
    return this.count
  }
  promised(): unknown {
    this.count = 99
    return Promise.resolve(1)
  }
  wrongAnswer(): unknown {
    this.count = 99
    return { answer: () => 1 }
  }
  hidden(): void {
    this.count = 1_000
  }
  read(): number {
    return this.count
  }
  entries(): readonly string[] {
    return this.log
  }
}
const desk = defineObject('test.group-state.Desk', Desk, {
  reads: ['entries'],
  internal: ['hidden', 'note'],
})

function rig(): { host: HostRig; session: string; object: number } {
  const host = new HostRig()
  const session = host.session()
  return { host, session, object: host.open(desk()) }
}

describe('the objects of a group', () => {
  it('are made once, and found by whoever opens them again', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'add')
    assert.equal(host.open(desk()), object)
    assert.notEqual(host.open(desk(), 'it', 'another space'), object)
    assert.equal(host.read(object, 'read'), 1)
  })

  it('are what they were made as', () => {
    const { host } = rig()
    const { descriptor } = desk({ step: 2 }).strongKind
    const outcome = host.one({ kind: 'open-object', space: 's', name: 'it', descriptor })
    assert.equal(codeOf(outcome), 'OBJECT_SCHEMA_DIFFERS')
    assert.ok(outcome.kind === 'failed')
    assert.match(
      outcome.failure.message,
      / is test\.group-state\.Desk\(\), and not test\.group-state\.Desk\(\{ step: 2 \}\)/,
    )
    assert.equal(desk({ step: 2 }).strongKind.descriptor, descriptor)
  })

  it('are of classes that are defined here, with arguments that they take', () => {
    const { host } = rig()
    const open = (descriptor: string): Outcome =>
      host.one({ kind: 'open-object', space: 's', name: 'new', descriptor }) as Outcome
    assert.equal(codeOf(open('["object:nobody.Knows",1]')), 'OBJECT_TYPE_UNKNOWN')
    assert.equal(codeOf(open('no JSON')), 'OBJECT_TYPE_UNKNOWN')
    assert.equal(codeOf(open('["object:test.group-state.Desk",2]')), 'OBJECT_TYPE_UNKNOWN')
    assert.equal(codeOf(open('["object:test.group-state.Desk", 1]')), 'ENCODING_INVALID')
    assert.equal(host.machine.canHost('["object:nobody.Knows",1]'), false)
    assert.equal(host.machine.canHost('["object:test.group-state.Desk",1]'), true)
  })

  it('answer what they are asked, and name their methods to whoever asks for others', () => {
    const { host, session, object } = rig()
    const outcome = host.call(session, object, 'subtract')
    assert.equal(codeOf(outcome), 'VALUE_INVALID')
    assert.match(messageOf(outcome), /add, where, draw, later/)
    for (const method of ['hidden', 'note', 'constructor', 'sessionEnded', 'toString', 'count']) {
      assert.equal(codeOf(host.call(session, object, method)), 'VALUE_INVALID')
    }
    const beside = host.command(session, object, 'add', [], { path: ['a'] })
    assert.equal(codeOf(host.one(beside)), 'VALUE_INVALID')
    assert.equal(codeOf(host.call(session, 99, 'add')), 'OBJECT_UNKNOWN')
    assert.equal(host.read(object, 'read'), 0)
  })

  it('answer reads from the state as it is, and take no command for a read', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'add')
    const before = host.machine.snapshot()
    const query = { object, path: [], args: [] }
    const outcome = host.machine.read({ ...query, method: 'read' })
    assert.deepEqual(outcome, { kind: 'done', position: host.machine.position, value: 1 })
    assert.equal(codeOf(host.machine.read({ ...query, method: 'add' })), 'VALUE_INVALID')
    assert.equal(
      codeOf(host.machine.read({ ...query, object: 7, method: 'read' })),
      'OBJECT_UNKNOWN',
    )
    assert.deepEqual(host.machine.snapshot(), before)
    assert.equal(valueOf(host.call(session, object, 'read')), 1, 'a read in its place in the order')
  })

  it('are unchanged by a method that fails', () => {
    const { host, session, object } = rig()
    const fail = (method: string): Outcome => host.call(session, object, method) as Outcome
    const failed = fail('failing')
    assert.equal(codeOf(failed), 'OBJECT_METHOD_FAILED')
    assert.match(messageOf(failed), /test\.group-state\.Desk\.failing.*as it must/)
    assert.equal(codeOf(fail('expected')), 'COUNTER_OVERFLOW')
    assert.match(messageOf(fail('promised')), /promise/)
    assert.match(messageOf(fail('wrongAnswer')), /cannot be shared/)
    assert.equal(host.read(object, 'read'), 0)
    assert.deepEqual(host.read(object, 'entries'), [])
    assert.equal(host.machine.nextDueMs, undefined)
    assert.deepEqual(host.last.changed, [])
  })

  it('say at which position they changed', () => {
    const { host, session, object } = rig()
    const other = host.open(desk(), 'other')
    host.call(session, object, 'add')
    const { position } = host.machine
    assert.deepEqual(host.last.changed, [object])
    host.call(session, object, 'where')
    assert.deepEqual(host.last.changed, [])
    assert.equal(host.machine.changedAt(object), position)
    assert.ok(host.machine.changedAt(other)! < position)
    assert.equal(host.machine.changedAt(99), undefined)
  })

  it('are gone when deleted, with their names, timers and those who wait', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'later', 50, 'never')
    const waiting = host.command(session, object, 'waitFor', [1])
    host.one(waiting)
    host.one({ kind: 'delete-object', space: 's', name: 'it' })
    assert.deepEqual(host.last.changed, [object])
    assert.equal(codeOf(host.last.released[0]!.outcome), 'OBJECT_UNKNOWN')
    assert.equal(codeOf(host.one(waiting)), 'OBJECT_UNKNOWN')
    assert.equal(codeOf(host.call(session, object, 'add')), 'OBJECT_UNKNOWN')
    assert.equal(host.machine.nextDueMs, undefined)
    const again = host.open(desk())
    assert.notEqual(again, object)
    assert.equal(host.read(again, 'read'), 0)
    assert.equal(host.one({ kind: 'delete-object', space: 's', name: 'none' }).kind, 'done')
  })

  it('are gone with their space', () => {
    const { host, session, object } = rig()
    const [second, elsewhere] = [host.open(desk(), 'second'), host.open(desk(), 'it', 'other')]
    host.one({ kind: 'end-space', space: 's' })
    assert.deepEqual([...host.last.changed], [object, second])
    assert.equal(codeOf(host.call(session, second, 'add')), 'OBJECT_UNKNOWN')
    assert.equal(valueOf(host.call(session, elsewhere, 'add')), 1)
  })

  it('whose replicas differ take no more calls', () => {
    const { host, session, object } = rig()
    const other = host.open(desk(), 'other')
    host.call(session, object, 'later', 50, 'never')
    host.call(session, object, 'waitFor', 1)
    host.one({ kind: 'quarantine', object })
    assert.equal(codeOf(host.last.released[0]!.outcome), 'OBJECT_NOT_DETERMINISTIC')
    host.restart()
    assert.equal(codeOf(host.call(session, object, 'add')), 'OBJECT_NOT_DETERMINISTIC')
    const query = { object, path: [], method: 'read', args: [] }
    assert.equal(codeOf(host.machine.read(query)), 'OBJECT_NOT_DETERMINISTIC')
    host.pass(100)
    assert.equal(valueOf(host.call(session, other, 'add')), 1)
  })
})

describe('what a group agrees on', () => {
  it('is a time that never goes back', () => {
    const { host, session, object } = rig()
    host.timeMs = 5_000
    assert.deepEqual(valueOf(host.call(session, object, 'where')), [5_000, 3, session])
    host.timeMs = 4_000
    assert.deepEqual(valueOf(host.call(session, object, 'where')), [5_000, 4, session])
    host.restart()
    assert.equal(host.machine.nowMs, 5_000)
    assert.equal(host.machine.position, 4)
  })

  it('is chance, drawn from the entry’s seed and the position', () => {
    const drawn = (): unknown => {
      const { host, session, object } = rig()
      const command = (): ReturnType<HostRig['command']> => host.command(session, object, 'draw')
      const many = host.apply(...Array.from({ length: 200 }, command)).map(valueOf)
      return [many, valueOf(host.call(session, object, 'draw'))]
    }
    assert.deepEqual(drawn(), drawn())
    const [many] = drawn() as [[number, number][]]
    const numbers = many.flat()
    assert.equal(new Set(numbers).size, 400)
    assert.ok(numbers.every((number) => number >= 0 && number < 1))
    const mean = numbers.reduce((sum, number) => sum + number) / numbers.length
    assert.ok(Math.abs(mean - 0.5) < 0.06)
  })

  it('is when methods run that were scheduled: by time, then in order', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'later', 30, 'third')
    host.call(session, object, 'later', 10, 'first')
    host.call(session, object, 'later', 10, 'second')
    host.call(session, object, 'waitFor', 1)
    host.restart()
    assert.equal(host.machine.nextDueMs, 1_010)
    host.pass(9)
    assert.deepEqual(host.read(object, 'entries'), [])
    const before = host.machine.position
    host.pass(11)
    assert.equal(host.machine.position, before + 2, 'each has a place of its own')
    host.restart()
    assert.deepEqual(host.read(object, 'entries'), ["first at 1020 by ''", "second at 1020 by ''"])
    assert.equal(host.machine.nextDueMs, 1_030)
    host.pass(1_000)
    assert.equal(host.machine.nextDueMs, undefined)
    assert.equal((host.read(object, 'entries') as string[]).length, 3)
  })

  it('lets a method that schedules itself run once in an entry', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'chain')
    host.pass(0)
    assert.equal(host.read(object, 'read'), 1)
    host.pass(1_000)
    assert.equal(host.read(object, 'read'), 2)
    host.pass(1)
    assert.equal(host.read(object, 'read'), 3)
  })

  it('runs what is due before the commands of its entry', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'later', 10, 'due')
    host.timeMs += 10
    assert.deepEqual(valueOf(host.call(session, object, 'entries')), ["due at 1010 by ''"])
  })
})

describe('what a call must make visible', () => {
  const vector = (...entries: readonly (readonly [bigint, number])[]): Uint8Array => {
    const made = new VersionVector(0, entries)
    const writer = new Writer()
    made.encode(writer)
    return writer.finish()
  }
  const vectorOf = (outcome: Outcome): Uint8Array | undefined =>
    outcome.kind === 'withdrawn' ? undefined : outcome.vector

  it('is joined by object, and comes with each answer from then on', () => {
    const { host, session, object } = rig()
    assert.equal(vectorOf(host.call(session, object, 'add') as Outcome), undefined)
    const tell = (carried: Uint8Array): void =>
      void host.one(host.command(session, object, 'add', [], { vector: carried }))
    tell(vector([1n, 5]))
    tell(vector([2n, 7]))
    tell(vector([1n, 3]))
    host.restart()
    const joined = vector([1n, 5], [2n, 7])
    assert.deepEqual(vectorOf(host.call(session, object, 'add') as Outcome), joined)
    assert.deepEqual(vectorOf(host.call(session, object, 'failing') as Outcome), joined)
    const query = { object, path: [], method: 'read', args: [] }
    assert.deepEqual(vectorOf(host.machine.read(query)), joined)
    const other = host.open(desk(), 'other')
    assert.equal(vectorOf(host.call(session, other, 'add') as Outcome), undefined)
  })

  it('reaches whoever waited for the call that carries it', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'waitFor', 1)
    host.one(host.command(session, object, 'add', [], { vector: vector([1n, 5]) }))
    assert.deepEqual(vectorOf(host.last.released[0]!.outcome), vector([1n, 5]))
  })

  it('is refused when it is none', () => {
    const { host, session, object } = rig()
    const command = host.command(session, object, 'add', [], { vector: Uint8Array.of(9, 9) })
    assert.equal(codeOf(host.one(command)), 'VALUE_INVALID')
    assert.equal(host.read(object, 'read'), 0)
  })
})

describe('replicas of a group', () => {
  it('have equal hashes while they agree, and of what changed only', () => {
    const [one, two] = [rig(), rig()]
    const other = one.host.open(desk(), 'other')
    two.host.open(desk(), 'other')
    one.host.machine.takeHashes()
    two.host.machine.takeHashes()
    for (const { host, session, object } of [one, two]) host.call(session, object, 'add')
    const [hashes, others] = [one.host.machine.takeHashes(), two.host.machine.takeHashes()]
    assert.deepEqual([...hashes.keys()], [one.object])
    assert.deepEqual(hashes, others)
    assert.equal(hashes.has(other), false)
    assert.equal(one.host.machine.takeHashes().size, 0)
  })

  it('of a class that asks the process for chance are found by their hashes', () => {
    class Loose extends StrongObject {
      value = 0
      roll(): void {
        this.value = Math.random()
      }
    }
    const loose = defineObject('test.group-state.Loose', Loose)
    const hashes = [0, 1].map(() => {
      const host = new HostRig()
      const session = host.session()
      host.call(session, host.open(loose()), 'roll')
      return [...host.machine.takeHashes().values()]
    })
    assert.notDeepEqual(hashes[0], hashes[1])
  })

  it('ignore an entry that is none, and count it', () => {
    const { host } = rig()
    const before = host.machine.snapshot()
    const applied = host.machine.apply(Uint8Array.of(1, 2, 3))
    assert.deepEqual(applied, { outcomes: [], released: [], changed: [] })
    assert.equal(host.machine.ignored, 1)
    assert.deepEqual(host.machine.snapshot(), before)
  })

  it('are restored from a snapshot, or are as they were', () => {
    const { host, session, object } = rig()
    host.call(session, object, 'add')
    const snapshot = host.machine.snapshot()
    const fresh = new GroupState()
    fresh.restore(snapshot)
    const before = fresh.snapshot()
    assert.throws(() => fresh.restore(snapshot.subarray(0, -1)), /ENCODING_INVALID|encoding/)
    assert.throws(() => fresh.restore(new Uint8Array()), /encoding/)
    assert.deepEqual(fresh.snapshot(), before)
    assert.deepEqual([...fresh.sessions()], [[sessionId(1), 10_000]])
  })
})
