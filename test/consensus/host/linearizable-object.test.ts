// Objects of CRDT schemas as a group hosts them: every kind through its verbs, and the conditional ones against models.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import type { HostedObject } from '#consensus/host/hosted-object.ts'
import { LinearizableType } from '#consensus/host/linearizable-object.ts'
import { SpaceState, invoke } from '#crdt-objects/engine.ts'
import {
  type Schema,
  counter,
  document,
  flag,
  isJoineryError,
  list,
  map,
  ref,
  register,
  set,
  struct,
  text,
  vector,
} from '#crdt-objects/index.ts'
import { canonicalText } from '#test/suites/canonical-text.ts'
import { drawnSteps } from '#test/suites/history.ts'
import { drawOperation, drawsFrom } from '#test/suites/operations.ts'
import { runsOf } from '#test/suites/runs.ts'
import { schemaByTitle } from '#test/suites/schemas.ts'
import { type Operation, shapeOf } from '#test/suites/type-spec.ts'
import { shapeAt, specOf } from '#test/suites/type-specs.ts'

const SAFE = Number.MAX_SAFE_INTEGER
const type = new LinearizableType()

/** One voter's object, at an agreed time that the test sets. */
class Voter {
  readonly environment = { nowMs: 1_000_000, position: 1, caller: '', random: (): number => 0 }
  private readonly descriptor: string
  private object: HostedObject

  constructor({ kind }: Schema) {
    this.descriptor = kind.descriptor
    this.object = type.create(this.descriptor, this.environment)
  }

  call(method: string, ...args: readonly unknown[]): unknown {
    return this.callAt([], method, ...args)
  }

  callAt(path: readonly string[], method: string, ...args: readonly unknown[]): unknown {
    assert.equal(this.object.modeOf(path, method), 'command')
    return this.object.call(path, method, args)
  }

  read(method = 'read', ...args: readonly unknown[]): unknown {
    assert.equal(this.object.modeOf([], method), 'read')
    return this.object.read([], method, args)
  }

  modeOf(method: string, path: readonly string[] = []): unknown {
    return this.object.modeOf(path, method)
  }

  /** Carries out a drawn operation, as its kind's suite says. */
  carryOut(operation: Operation, schema: Schema): void {
    const { path, verb, args } = operation
    const { perform } = specOf(shapeAt(shapeOf(schema), path))
    if (perform === undefined) {
      this.callAt(path, verb, ...args)
      return
    }
    const method =
      (_: object, name: string): unknown =>
      (...given: readonly unknown[]): unknown =>
        this.callAt(path, name, ...given)
    perform(new Proxy({}, { get: (target, name) => method(target, String(name)) }), operation)
  }

  encode(): string {
    return Buffer.from(this.object.encodeState()).toString('hex')
  }

  restart(): void {
    const bytes = this.object.encodeState()
    this.object = type.restore(this.descriptor, bytes, this.environment)
  }
}

/** What a call refuses changes nothing, to the last bit. */
function refuses(voter: Voter, code: 'VALUE_INVALID' | 'COUNTER_OVERFLOW' | 'OBJECT_TOO_LARGE') {
  return (method: string, ...args: readonly unknown[]): void => {
    const before = voter.encode()
    assert.throws(
      () => voter.call(method, ...args),
      (error) => isJoineryError(error, code),
      `${method} of ${String(args[0])}`,
    )
    assert.equal(voter.encode(), before, method)
  }
}

describe('an object of a CRDT schema in strong mode', () => {
  before(() => type.prepare())

  for (const [title, schema] of schemaByTitle) {
    it(`reads what one replica reads, and is the same at every voter: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(drawnSteps({ integers: 4, most: 20 }), (drawn) => {
          const voters = [new Voter(schema), new Voter(schema), new Voter(schema)] as const
          const [first, second, third] = voters
          const { environment } = first
          const twin = new SpaceState({ replica: 9n, clock: () => environment.nowMs })
          const { kind } = schema
          const handle = twin.open('twin', kind).handle(kind) as { readonly value: unknown }
          for (const [i, step] of drawn.entries()) {
            for (const voter of voters) voter.environment.nowMs += (step[0] ?? 0) % 3
            const reading = (): unknown => handle.value
            const operation = drawOperation(shapeOf(schema), drawsFrom(step.slice(1)), reading)
            for (const voter of voters) voter.carryOut(operation, schema)
            carryOutHere(handle, schema, operation)
            // Voters take snapshots, answer reads and restart as they please.
            if (i % 3 === 0) second.read()
            if (i % 4 === 0) second.encode()
            if (i % 5 === 0) third.restart()
          }
          const value = canonicalText(handle.value)
          for (const voter of voters) assert.equal(canonicalText(voter.read()), value)
          const bytes = first.encode()
          assert.equal(second.encode(), bytes)
          assert.equal(third.encode(), bytes)
        }),
        runsOf(title, 'linearizable', 25),
      )
    })
  }

  it('tells commands from reads, at every place, and knows no other names', () => {
    const voter = new Voter(struct({ hits: counter(), tags: map(set()) }))
    assert.equal(voter.modeOf('read'), 'read')
    assert.equal(voter.modeOf('add'), undefined)
    assert.equal(voter.modeOf('add', ['hits']), 'command')
    assert.equal(voter.modeOf('addAndGet', ['hits']), 'command')
    assert.equal(voter.modeOf('keys', ['tags']), 'read')
    assert.equal(voter.modeOf('addIfAbsent', ['tags', 'x']), 'command')
    assert.equal(voter.modeOf('constructor', ['hits']), undefined)
    assert.equal(voter.modeOf('add', ['nothing']), undefined)
    assert.equal(voter.modeOf('add', ['hits', 'deeper']), undefined)
  })

  it('answers sequences as arrays, and writes with nothing', () => {
    const voter = new Voter(map<number>())
    assert.equal(voter.call('set', 'b', 2), undefined)
    assert.equal(voter.call('set', 'a', 1), undefined)
    assert.deepEqual(voter.read('keys'), ['a', 'b'])
    assert.deepEqual(voter.read('entries'), [
      ['a', 1],
      ['b', 2],
    ])
    assert.equal(voter.read('changes'), undefined)
  })

  it('refuses to write in a read', () => {
    const object = type.create(counter().kind.descriptor, new Voter(counter()).environment)
    assert.throws(
      () => object.read([], 'add', [1]),
      (error) => isJoineryError(error, 'VALUE_INVALID'),
    )
    assert.equal(object.read([], 'read', []), 0)
  })

  it('is made of no descriptor that says nothing, nor of types that the voter has not defined', () => {
    const { environment } = new Voter(counter())
    assert.equal(type.serves('map'), true)
    assert.equal(type.serves('lock'), false)
    for (const descriptor of ['', '["counter",1]', '["map",["nothing"]]', '["register","zz"]']) {
      assert.throws(
        () => type.create(descriptor, environment),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
        descriptor,
      )
    }
    assert.throws(
      () => type.create('["map",["struct",["type",["type","Nobody\'s"]]]]', environment),
      (error) => isJoineryError(error, 'OBJECT_TYPE_UNKNOWN') && error.details.type === "Nobody's",
    )
    assert.throws(
      () => type.restore('["counter"]', new Uint8Array([1, 2, 3]), environment),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
  })

  it('is refused what its kind refuses, and is unchanged then', () => {
    const hits = new Voter(counter())
    hits.call('add', 5)
    refuses(hits, 'VALUE_INVALID')('add', 0.5)
    refuses(hits, 'VALUE_INVALID')('set', 'x')
    refuses(hits, 'VALUE_INVALID')('compareAndSet', undefined, 1)
    refuses(hits, 'VALUE_INVALID')('addIf', 1)
    refuses(hits, 'VALUE_INVALID')('addIf', 1, { most: 3 })
    refuses(hits, 'VALUE_INVALID')('addIf', 1, { min: NaN })
    refuses(hits, 'COUNTER_OVERFLOW')('addAndGet', SAFE)
    refuses(new Voter(flag()), 'VALUE_INVALID')('compareAndSet', false, 1)
    refuses(new Voter(register()), 'VALUE_INVALID')('getAndSet', () => undefined)
    refuses(new Voter(register()), 'OBJECT_TOO_LARGE')('set', 'x'.repeat(300_000))
    refuses(new Voter(set()), 'VALUE_INVALID')('addIfAbsent', NaN)
    refuses(new Voter(map()), 'VALUE_INVALID')('putIfAbsent', 1, 1)
    refuses(new Voter(list()), 'VALUE_INVALID')('insert', 3, 'x')
    refuses(new Voter(text()), 'VALUE_INVALID')('delete', 0, 1)
    refuses(new Voter(vector(2)), 'VALUE_INVALID')('add', [1])
    refuses(new Voter(ref(counter())), 'VALUE_INVALID')('set', 3)
    const page = new Voter(document({ title: '' }))
    page.call('edit', [{ type: 'set', path: ['title'], value: 'x' }])
    refuses(page, 'VALUE_INVALID')('edit', [{ type: 'set', path: ['no', 'such'], value: 1 }])
    refuses(page, 'VALUE_INVALID')('change', 'no function')
  })

  it('takes back the first half of a verb whose second half is refused', () => {
    const all = new Voter(map(counter()))
    // What was removed still counts in the total of its author: there is room for less than the range.
    all.callAt(['x'], 'add', 100)
    all.call('delete', 'x')
    all.callAt(['x'], 'add', -SAFE)
    const before = all.encode()
    assert.throws(
      () => all.callAt(['x'], 'set', SAFE),
      (error) => isJoineryError(error, 'COUNTER_OVERFLOW'),
    )
    assert.equal(all.encode(), before)
    assert.deepEqual(all.read(), new Map([['x', -SAFE]]))
    assert.equal(all.callAt(['x'], 'addAndGet', 1), -SAFE + 1)
  })
})

/** The same operation on a local handle. */
function carryOutHere(handle: object, schema: Schema, operation: Operation): void {
  const { path, verb, args } = operation
  const { perform } = specOf(shapeAt(shapeOf(schema), path))
  if (perform === undefined) invoke(handle, path, verb, args)
  else {
    const method =
      (name: string): unknown =>
      (...given: readonly unknown[]): unknown =>
        invoke(handle, path, name, given)
    perform(new Proxy({}, { get: (_, name) => method(String(name)) }), operation)
  }
}
