import assert from 'node:assert/strict'
import { interval } from '../../docs/examples/interval.ts'
import { encodeFingerprint } from '#crdt-objects/codec/fingerprint.ts'
import { parseDescriptor, verbMode } from '#crdt-objects/engine.ts'
import {
  defineType,
  isJoineryError,
  type ErrorCode,
  type Local,
  type Schema,
} from '#crdt-objects/index.ts'
import { open, replica } from './replicas.ts'

/** The interval of the guide, for a type of another name. */
type Bounds = { readonly low: number; readonly high: number } | undefined
const definitionOfInterval = {
  empty: (): Bounds => undefined,
  join: (a: Bounds, b: Bounds): Bounds =>
    a === undefined || b === undefined
      ? (a ?? b)
      : { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) },
  value: (bounds: Bounds): Bounds => bounds,
  operations: {
    widen: (_state: Bounds, _context: unknown, n: number): Bounds => ({ low: n, high: n }),
  },
}

/** The bytes with every `from` in them replaced. */
function replaced(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const hex = (part: Uint8Array): string => Buffer.from(part).toString('hex')
  return Uint8Array.from(Buffer.from(hex(bytes).replaceAll(hex(from), hex(to)), 'hex'))
}

/** A batch or state as a process would make it that has defined the type under another name, of the same length. */
function underName(bytes: Uint8Array, schema: Schema, name: string): Uint8Array {
  const { descriptor, fingerprint } = schema.kind
  const other = `["type",${JSON.stringify(name)}]`
  assert.equal(other.length, descriptor.length)
  const text = new TextEncoder()
  return replaced(
    replaced(bytes, text.encode(descriptor), text.encode(other)),
    Buffer.from(fingerprint, 'hex'),
    Buffer.from(encodeFingerprint(other), 'hex'),
  )
}

function throwsCode(code: ErrorCode, call: () => unknown): void {
  assert.throws(call, (error) => isJoineryError(error, code), `expected ${code}`)
}

describe('a type that this process has not defined', () => {
  /** The name that it has elsewhere; `interval` as the others define it. */
  const name = 'elsewhere.ranges1'
  const elsewhere = (bytes: Uint8Array): Uint8Array => underName(bytes, interval(), name)

  /** Someone elsewhere, and a replica here that has got what was written there. */
  function received(): { batches: Uint8Array[]; here: ReturnType<typeof replica> } {
    const author = replica(1n)
    const handle = open(author, interval())
    const batches = Array.from({ length: 40 }, (_, i) => {
      handle.widen(i % 2 === 0 ? i : -i)
      return elsewhere(author.takeBatch()!)
    })
    const here = replica(2n)
    for (const batch of batches) assert.equal(here.apply(batch), 'applied')
    return { batches, here }
  }

  it('is passed on whole, and can be read and written once it is defined', () => {
    const { here } = received()
    const object = here.find('object')!
    const handle = object.handle() as Local<ReturnType<typeof interval>>
    throwsCode('OBJECT_TYPE_UNKNOWN', () => handle.read())
    throwsCode('OBJECT_TYPE_UNKNOWN', () => verbMode(handle, [], 'widen'))
    assert.equal(verbMode(handle, [], 'read'), 'read')
    const relayed = replica(3n)
    relayed.joinState(here.encodeState())

    const ranges = defineType({ ...definitionOfInterval, name })
    assert.deepEqual(handle.value, { low: -39, high: 38 })
    handle.widen(100)
    const there = open(relayed, ranges())
    assert.deepEqual(there.value, { low: -39, high: 38 })
    assert.equal(relayed.apply(here.takeBatch()!), 'applied')
    assert.deepEqual(there.value, { low: -39, high: 100 })
    // Now that it can be joined, it is.
    assert.ok(relayed.encodeState().length < 200)
  })
})

describe('defining a type', () => {
  const plain = {
    name: 'test.plain',
    empty: (): number => 0,
    join: (a: number, b: number): number => Math.max(a, b),
    value: (state: number): number => state,
    operations: { raise: (_state: number, _context: unknown, n: number): number => n },
  }

  it('again with the same functions gives the same type, with others it is refused', () => {
    const first = defineType(plain)
    assert.equal(defineType({ ...plain, operations: { ...plain.operations } })().kind, first().kind)
    const others = [
      { ...plain, value: (state: number): number => state + 1 },
      { ...plain, operations: {} },
      { ...plain, operations: { ...plain.operations, lower: plain.operations.raise } },
      { ...plain, codec: { encode: () => new Uint8Array(1), decode: () => 0 } },
    ]
    for (const other of others) throwsCode('VALUE_INVALID', () => defineType(other))
    assert.equal(first().kind.verbs.has('raise'), true)
  })

  it('needs a name, functions, states that travel and operations that hide no member', () => {
    const wrong: unknown[] = [
      { ...plain, name: '' },
      { ...plain, name: 'x'.repeat(257) },
      { ...plain, name: '\ud800' },
      { ...plain, name: 7 },
      { ...plain, name: 'test.no-join', join: undefined },
      { ...plain, name: 'test.no-operation', operations: { raise: 1 } },
      { ...plain, name: 'test.infinite', empty: () => Infinity },
    ]
    for (const name of [
      'then',
      'read',
      'value',
      'with',
      'at',
      'subscribe',
      'constructor',
      'call',
    ]) {
      wrong.push({ ...plain, name: `test.${name}`, operations: { [name]: () => 1 } })
    }
    for (const definition of wrong) {
      throwsCode('VALUE_INVALID', () => defineType(definition as typeof plain))
    }
    throwsCode('OBJECT_METHOD_FAILED', () =>
      defineType({
        ...plain,
        name: 'test.no-empty',
        empty: () => {
          throw new Error('none')
        },
      }),
    )
    // What was refused has not taken the name.
    defineType({ ...plain, name: 'test.infinite' })
  })

  it('gives a descriptor that names the type, and is not trusted', () => {
    assert.equal(interval().kind.descriptor, '["type","examples.interval"]')
    assert.equal(parseDescriptor('["type","test.unheard-of"]').name, 'type')
    for (const args of ['', ',7', ',""', ',"a","b"', `,"${'x'.repeat(300)}"`]) {
      throwsCode('ENCODING_INVALID', () => parseDescriptor(`["type"${args}]`))
    }
  })
})
