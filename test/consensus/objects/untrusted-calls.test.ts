import assert from 'node:assert/strict'
import {
  barrier,
  election,
  future,
  latch,
  lock,
  queue,
  semaphore,
  sequence,
} from '@joinery/consensus'
import { isJoineryError, type StrongSchema } from '@joinery/crdt-objects'
import { StrongHarness } from '#test/fixtures/strong-harness.ts'

const schemas: readonly StrongSchema[] = [
  barrier(2),
  election(),
  future(),
  latch(2),
  lock(),
  lock({ reentrant: true }),
  queue({ capacity: 2 }),
  semaphore(2),
  sequence(),
]

const isInvalid = (error: unknown) => isJoineryError(error, 'VALUE_INVALID')

/** Arguments that no handle sends. */
const strange: readonly (readonly unknown[])[] = [
  [],
  [undefined, undefined, undefined],
  [-1, -1, -1],
  [1e308, 'x', null],
  ['exclusive', -5],
  [{ mode: 'shared' }, [1]],
  [[1, 2], 1e12],
]

describe('an object of a strong kind', () => {
  it('has no method for callers but those that its handle calls', async () => {
    for (const schema of schemas) {
      const caller = new StrongHarness().caller()
      caller.open('o', schema)
      for (const method of [
        'sweep',
        'drop',
        'grant',
        'settle',
        'arm',
        'arrive',
        'break',
        'sessionEnded',
      ]) {
        await assert.rejects(caller.send('o', method, [1]), isInvalid, schema.strongKind.text)
      }
    }
  })

  it('is as it was after calls with arguments that it refuses', async () => {
    for (const schema of schemas) {
      const harness = new StrongHarness({ restarts: true })
      const [caller, other] = [harness.caller(), harness.caller()]
      const handle = other.open('o', schema) as { read(): Promise<unknown> }
      caller.open('o', schema)
      for (const [method, mode] of schema.strongKind.methods) {
        if (mode === 'read') continue
        for (const args of strange) {
          const before = await handle.read()
          let isRefused = false
          caller.send('o', method, args).catch((error: unknown) => {
            assert.ok(isInvalid(error), `${schema.strongKind.text} ${method}: ${String(error)}`)
            isRefused = true
          })
          await new Promise((resolve) => setImmediate(resolve))
          if (isRefused) assert.deepEqual(await handle.read(), before)
        }
      }
      // Whatever it took, ends with its caller.
      harness.expire(caller)
      await handle.read()
    }
  })

  it('gives nothing back for a caller that does not hold it', async () => {
    const harness = new StrongHarness()
    const [caller, other] = [harness.caller(), harness.caller()]
    const handle = caller.open('l', lock())
    other.open('l', lock())
    await handle.acquire()
    for (let hold = 0; hold < 5; hold++) {
      assert.equal(await other.send('l', 'release', [hold]), false)
      assert.equal(await other.send('l', 'renew', [hold, 10]), false)
    }
    assert.equal((await handle.read()).mode, 'exclusive')
    const work = caller.open('q', queue<string>())
    other.open('q', queue<string>())
    await work.put('1')
    await work.claim()
    for (let id = 0; id < 20; id++) {
      for (const method of ['complete', 'giveBack', 'renew', 'unclaim']) {
        assert.ok(!(await other.send('q', method, [id, 1, 0])))
      }
    }
    assert.equal((await work.read()).claimed, 1)
  })

  it('is known by its builder as its descriptor says: equal for equal options', () => {
    const descriptors = schemas.map(({ strongKind }) => strongKind.descriptor)
    assert.equal(new Set(descriptors).size, schemas.length)
    assert.equal(lock({ reentrant: false }).strongKind.descriptor, lock().strongKind.descriptor)
    assert.equal(sequence({ first: 1 }).strongKind.descriptor, sequence().strongKind.descriptor)
    assert.deepEqual(
      schemas.map(({ strongKind }) => strongKind.text),
      [
        ...['barrier(2)', 'election()', 'future()', 'latch(2)', 'lock()'],
        ...['lock({ reentrant: true })', 'queue({ capacity: 2 })', 'semaphore(2)', 'sequence()'],
      ],
    )
  })

  it('is refused under the name of an object of another kind, or of other options', () => {
    const caller = new StrongHarness().caller()
    caller.open('o', semaphore(4))
    for (const schema of [semaphore(5), lock()]) {
      assert.throws(
        () => caller.open('o', schema),
        (error) => isJoineryError(error, 'OBJECT_SCHEMA_DIFFERS'),
      )
    }
  })
})
