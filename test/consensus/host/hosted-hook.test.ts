import assert from 'node:assert/strict'
import { Reader, Writer } from '@joinery/crdt-objects/engine'
import { GroupState } from '#consensus/host/group-state.ts'
import type { HostedObject, HostedType } from '#consensus/host/hosted-object.ts'
import { HostRig } from './host-rig.ts'

/** Keeps the sessions that have ended. */
class Endings implements HostedObject {
  readonly ended: string[]

  constructor(ended: string[]) {
    this.ended = ended
  }

  modeOf(_path: readonly string[], method: string): 'command' | 'read' {
    return method === 'call' ? 'command' : 'read'
  }

  call(): undefined {
    return undefined
  }

  read(): readonly string[] {
    return [...this.ended]
  }

  sessionEnded(session: string): void {
    this.ended.push(session)
  }

  encodeState(): Uint8Array {
    const writer = new Writer()
    writer.text(this.ended.join(' '))
    return writer.finish()
  }
}

const endings: HostedType = {
  serves: (name) => name === 'endings',
  create: () => new Endings([]),
  restore: (_, state) => new Endings(new Reader(state).text().split(' ').filter(Boolean)),
}
const schema = { strongKind: { descriptor: '["endings"]' } }

function rig(): { host: HostRig; object: number; a: string; b: string } {
  const host = new HostRig(new GroupState([endings]))
  return { host, object: host.open(schema), a: host.session(1), b: host.session(2) }
}

const end = (host: HostRig, ...sessions: readonly string[]): unknown =>
  host.one({ kind: 'end-sessions', sessions, reason: 'expired' })

describe('a hosted object that is to hear of ended sessions', () => {
  it('is told of those that called a command, once, and is changed by it', () => {
    const { host, object, a, b } = rig()
    host.call(a, object, 'call')
    host.call(a, object, 'call')
    host.call(b, object, 'look')
    const before = host.machine.changedAt(object)
    end(host, b)
    assert.deepEqual(host.read(object, 'look'), [], 'a read is no command')
    assert.equal(host.machine.changedAt(object), before)
    end(host, a)
    end(host, a)
    assert.deepEqual(host.read(object, 'look'), [a])
    assert.deepEqual(host.machine.changedAt(object), host.machine.position - 1)
    assert.ok(host.machine.takeHashes().has(object), 'its replicas are compared')
  })

  it('is told after a snapshot as well', () => {
    const { host, object, a } = rig()
    host.call(a, object, 'call')
    const restored = new GroupState([endings])
    restored.restore(host.machine.snapshot())
    host.machine = restored
    end(host, a)
    assert.deepEqual(host.read(object, 'look'), [a])
  })

  it('is not told once it is deleted or quarantined', () => {
    const { host, object, a, b } = rig()
    host.call(a, object, 'call')
    host.one({ kind: 'quarantine', object })
    end(host, a)
    const other = host.open(schema, 'other')
    host.call(b, other, 'call')
    host.one({ kind: 'delete-object', space: 's', name: 'other' })
    end(host, b)
    const again = host.open(schema, 'other')
    assert.deepEqual(host.read(again, 'look'), [])
  })
})
