import assert from 'node:assert/strict'
import { GroupState } from '#consensus/host/group-state.ts'
import { definedClass } from '#consensus/objects/class-definition.ts'
import { defineObject } from '#consensus/objects/define-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'
import { HostRig, codeOf, valueOf } from './host-rig.ts'

describe('a class in a new version', () => {
  it('takes over objects when they are opened with it, and those who wait in them', () => {
    class Old extends StrongObject {
      seats = 1
      need(count: number): number {
        this.waitUntil(this.seats >= count)
        return this.seats
      }
    }
    const old = defineObject('test.class-version.Versioned', Old)
    const host = new HostRig()
    const session = host.session()
    const object = host.open(old(), 'versioned')
    host.call(session, object, 'need', 10)
    const snapshot = host.machine.snapshot()
    const known = definedClass('object:test.class-version.Versioned')!
    assert.equal(known.version, 1)
    class New extends StrongObject {
      places: number[] = []
      need(count: number): number {
        this.waitUntil(this.places.length >= count)
        return this.places.length
      }
      read(): readonly number[] {
        return this.places
      }
    }
    assert.throws(
      () => defineObject('test.class-version.Versioned', New, { version: 2 }),
      /VALUE_INVALID|another/,
    )
    const migrate = (fields: Readonly<Record<string, unknown>>) => ({
      places: Array.from({ length: 10 * (fields['seats'] as number) }, (_, i) => i),
    })
    // As a process that was started with the new code has it.
    Object.assign(known, {
      ...{ Class: New, version: 2, migrate, scheduled: new Set() },
      methods: new Map([
        ['need', 'command'],
        ['read', 'read'],
      ]),
    })
    host.machine = new GroupState()
    host.machine.restore(snapshot)
    const descriptor = '["object:test.class-version.Versioned",2]'
    assert.equal(
      valueOf(host.one({ kind: 'open-object', space: 's', name: 'versioned', descriptor })),
      object,
    )
    assert.equal(valueOf(host.last.released[0]!.outcome), 10)
    assert.equal((host.read(object, 'read') as unknown[]).length, 10)
    const older = { kind: 'open-object', space: 's', name: 'versioned' } as const
    const back = host.one({ ...older, descriptor: '["object:test.class-version.Versioned",1]' })
    assert.equal(codeOf(back), 'OBJECT_SCHEMA_DIFFERS')
  })
})
