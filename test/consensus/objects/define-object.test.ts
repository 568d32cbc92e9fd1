import assert from 'node:assert/strict'
import { isJoineryError } from '@joinery/crdt-objects'
import type { StrongCall, StrongTarget } from '@joinery/crdt-objects/engine'
import { decodeClassDescriptor } from '#consensus/objects/class-descriptor.ts'
import { defineObject } from '#consensus/objects/define-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'

class Box extends StrongObject {
  content: unknown
  constructor(content?: unknown, options: { readonly a?: number; readonly b?: unknown } = {}) {
    super()
    this.content = options.a ?? content
  }
  put(content: string, times?: number): number {
    this.content = content
    return times ?? 1
  }
  look(): string {
    return typeof this.content === 'string' ? this.content : ''
  }
  expire(): void {
    this.content = undefined
  }
}
const box = defineObject('test.define-object.Box', Box, { reads: ['look'], internal: ['expire'] })

const isInvalid = (error: unknown): boolean => isJoineryError(error, 'VALUE_INVALID')

describe('a class that is defined', () => {
  it('gives schemas that are equal exactly when their arguments are', () => {
    const descriptorOf = (...args: Parameters<typeof box>): string =>
      box(...args).strongKind.descriptor
    assert.equal(descriptorOf(), '["object:test.define-object.Box",1]')
    assert.equal(descriptorOf(undefined, undefined), descriptorOf())
    assert.equal(descriptorOf(1, { b: 2, a: 1 }), descriptorOf(1, { a: 1, b: 2 }))
    assert.notEqual(descriptorOf(1, {}), descriptorOf(1, { a: 1 }))
    assert.equal(box(1).strongKind.text, 'test.define-object.Box(1)')
    const args = [new Map([['k', Uint8Array.of(1)]]), { a: -0, b: [5n, new Date(3)] }] as const
    assert.deepEqual(decodeClassDescriptor(descriptorOf(...args)).args, args)
    assert.throws(() => descriptorOf(() => 1), isInvalid)
  })

  it('gives handles with its methods, and calls them as what they are', async () => {
    const calls: StrongCall[] = []
    const target = {
      name: 'mine',
      call: (call: StrongCall) => {
        calls.push(call)
        return Promise.resolve({ value: calls.length, index: 7 })
      },
    }
    const { signal } = new AbortController()
    const face = box().strongKind.face(target as unknown as StrongTarget, { signal })
    const handle = face as ReturnType<typeof box>['~types']['strong']
    assert.equal(handle.name, 'mine')
    assert.equal(await handle.put('a', 2), 1)
    assert.equal(await handle.with({ timeoutMs: 5 }).look(), 2)
    assert.deepEqual(calls, [
      { path: [], method: 'put', mode: 'command', args: ['a', 2], options: { signal } },
      { path: [], method: 'look', mode: 'read', args: [], options: { signal, timeoutMs: 5 } },
    ])
    assert.equal('expire' in handle, false)
    assert.equal('content' in handle, false)
  })

  it('may be defined again as it is, and not otherwise', () => {
    assert.equal(
      defineObject('test.define-object.Box', Box)().strongKind.descriptor,
      box().strongKind.descriptor,
    )
    class Other extends StrongObject {}
    assert.throws(() => defineObject('test.define-object.Box', Other), isInvalid)
    assert.throws(() => defineObject('test.define-object.Box', Box, { version: 2 }), isInvalid)
  })

  it('is a class of strong objects with methods that a handle can have', () => {
    class Named extends StrongObject {
      with(): void {}
    }
    class Foreign {}
    const wrong: readonly (() => unknown)[] = [
      () => defineObject('test.Named', Named as never),
      () => defineObject('test.Foreign', Foreign as never),
      () => defineObject('', Box),
      () => defineObject('a b', Box),
      () => defineObject('test.Version', Box, { version: 0 }),
      () => defineObject('test.Reads', Box, { reads: ['peek' as never] }),
    ]
    for (const attempt of wrong) assert.throws(attempt, isInvalid)
  })

  it('has members that work in a method that a host runs, and nowhere else', () => {
    class Loose extends StrongObject {
      when(): number {
        return this.now
      }
    }
    assert.throws(() => new Loose().when(), /methods that a host runs/)
  })

  it('is described by text that is read with care', () => {
    for (const text of [
      ...['', '{}', '[]', '["a"]', '["a",0]', '[1,1]', '["a",1.5]', '["a", 1]', '["a",1,null,'],
      ...['["a",1,{"~value":"0"}]', '["a",1,{"~value":"ff"}]', '["a",1,{"~value":"0302"}]'],
      ...['["a",1,{"b":1,"a":2}]', `["a",1,"${'x'.repeat(70_000)}"]`],
    ]) {
      assert.throws(
        () => decodeClassDescriptor(text),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
        text.slice(0, 50),
      )
    }
  })
})
