// Bytes from elsewhere are not trusted: whatever they are, they are taken whole or refused as ENCODING_INVALID.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import {
  decodeBatchHeader,
  decodeValue,
  encodeValue,
  parseDescriptor,
  Reader,
  type SpaceState,
  VersionVector,
  Writer,
} from '#crdt-objects/engine.ts'
import { flag, isJoineryError, register, set } from '#crdt-objects/index.ts'
import { encodeReplica } from '#crdt-objects/codec/replica-id.ts'
import { type History, OBJECT, runHistory, steps } from '#test/suites/history.ts'
import { mutate, mutations } from '#test/suites/hostile-bytes.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'
import { glimpse, open, replica } from './replicas.ts'

/** Runs `decode`, and tells whether it refused. Anything thrown but ENCODING_INVALID fails. */
function refused(decode: () => unknown): boolean {
  try {
    decode()
    return false
  } catch (error) {
    if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
    return true
  }
}

/** A fresh copy of a replica of the history, with nothing pending. */
function copyOf(history: History, index: number): SpaceState {
  history.seal(index)
  const copy = history.observer()
  copy.joinState(history.states[index]!.encodeState())
  return copy
}

/** What a state that took strange bytes must still be able to do. */
function exercise(state: SpaceState): void {
  const object = state.find(OBJECT)
  if (object === undefined) return
  const handle = object.handle() as { read(): unknown }
  try {
    handle.read()
  } catch (error) {
    const codes = ['COUNTER_OVERFLOW', 'OBJECT_METHOD_FAILED'] as const
    assert.ok(codes.some((code) => isJoineryError(error, code)))
  }
  const bytes = state.encodeState()
  replica(77n).joinState(bytes)
}

function offer(state: SpaceState, take: () => unknown): void {
  const before = glimpse(state)
  let taken: unknown = false
  if (!refused(() => (taken = take())) && (taken === 'applied' || taken === true)) exercise(state)
  else assert.equal(glimpse(state), before)
}

describe('decoding', () => {
  before(loadAllEngines)

  for (const [title, schema] of schemaByTitle) {
    it(`mutated batches and states of a ${title} are taken whole or refused`, () => {
      fastCheck.assert(
        fastCheck.property(
          steps,
          fastCheck.array(mutations, { minLength: 4, maxLength: 10 }),
          (drawn, all) => {
            const history = runHistory(schema, drawn)
            history.seal(1)
            const batches = history.batches.flat()
            const state = history.states[1]!.encodeState()
            for (const [index, mutation] of all.entries()) {
              const taker = copyOf(history, 0)
              const source = batches[index % Math.max(batches.length, 1)]
              if (source !== undefined) {
                const batch = mutate(source, mutation)
                refused(() => decodeBatchHeader(batch))
                offer(taker, () => taker.apply(batch))
                const fresh = replica(5n)
                offer(fresh, () => fresh.apply(batch))
              }
              const other = copyOf(history, 0)
              offer(other, () => other.joinState(mutate(state, mutation)))
            }
          },
        ),
        runsOf(title, 'decoding', 5),
      )
    })
  }

  it('arbitrary bytes are refused, or mean something', () => {
    const bytes = fastCheck.uint8Array({ maxLength: 200, size: 'max' })
    fastCheck.assert(
      fastCheck.property(bytes, fastCheck.constantFrom(0x11, 0x12), (random, shape) => {
        const state = replica(1n)
        for (const input of [random, Uint8Array.of(shape, ...random)]) {
          offer(state, () => state.apply(input))
          offer(state, () => state.joinState(input))
          refused(() => decodeBatchHeader(input))
          refused(() => VersionVector.decode(new Reader(input)))
          refused(() => {
            const value = decodeValue(new Reader(input))
            const writer = new Writer()
            encodeValue(writer, value)
            assert.deepEqual(decodeValue(new Reader(writer.finish())), value)
          })
        }
      }),
    )
  })

  it('arbitrary and mutated descriptors are refused, or canonical', () => {
    const known = [...schemaByTitle.values()].map(({ kind }) => kind.descriptor)
    fastCheck.assert(
      fastCheck.property(
        fastCheck.oneof(fastCheck.string(), fastCheck.json(), fastCheck.constantFrom(...known)),
        mutations,
        (text, mutation) => {
          const mutated = new TextDecoder().decode(mutate(new TextEncoder().encode(text), mutation))
          for (const input of [text, mutated]) {
            refused(() => assert.equal(parseDescriptor(input).descriptor, input))
          }
        },
      ),
    )
  })

  it('values of every kind survive a round trip, and their mutations are refused or values', () => {
    fastCheck.assert(
      fastCheck.property(
        fastCheck.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: false,
          values: [
            fastCheck.uint8Array(),
            fastCheck.float64Array(),
            fastCheck.string({ unit: 'binary' }),
            fastCheck.double(),
          ],
        }),
        mutations,
        (value, mutation) => {
          const writer = new Writer()
          try {
            encodeValue(writer, value)
          } catch (error) {
            assert.ok(isJoineryError(error, 'VALUE_INVALID'))
            return
          }
          assert.deepEqual(decodeValue(new Reader(writer.finish())), value)
          refused(() => decodeValue(new Reader(mutate(writer.finish(), mutation))))
        },
      ),
    )
  })

  it('an element of a set that no writer could add is refused as an encoding', () => {
    for (const value of ['x'.repeat(200_000), [new Uint8Array(200_000)]]) {
      const element = new Writer()
      encodeValue(element, value)
      const head = new Writer()
      head.byte(0x31)
      for (const number of [0, 1]) head.varint(number)
      encodeReplica(head, 1n, 0)
      for (const number of [1, 1, 0, 0, 1]) head.varint(number)
      head.text('object')
      head.u64(BigInt(`0x${set().kind.fingerprint}`))
      head.text(set().kind.descriptor)
      head.varint(1)
      head.raw(element.finish())
      head.varint(1)
      head.varint(0)
      const state = replica(2n)
      assert.throws(() => state.apply(head.finish()), /element too large/)
    }
  })

  it('a value as deep as the decoder goes can be written again', () => {
    for (const inner of [[9, 0], [10, 0], [6, 0], [8, 0], [0]]) {
      // prettier-ignore
      for (const depth of [62, 63, 64, 65, 1000]) {
        const bytes = Uint8Array.from([...Array<number[]>(depth).fill([9, 1]).flat(), ...inner])
        refused(() => encodeValue(new Writer(), decodeValue(new Reader(bytes))))
      }
    }
  })

  it('a cell with dots without end is refused, fast', () => {
    const body = new Writer()
    body.byte(0x32)
    for (const number of [0, 2]) body.varint(number)
    for (const id of [1n, 2n]) encodeReplica(body, id, 0)
    for (const number of [0, 0, 0, 2, 0, 1_000_000, 1, 1_000_000, 1]) body.varint(number)
    body.text('object')
    body.u64(BigInt(`0x${flag().kind.fingerprint}`))
    body.text(flag().kind.descriptor)
    body.varint(0)
    body.varint(200_000)
    for (let seq = 1; seq <= 200_000; seq++) {
      body.varint(seq % 2)
      body.varint(seq)
    }
    const state = replica(3n)
    open(state, flag()).enable()
    state.takeBatch()
    assert.throws(() => state.joinState(body.finish()), /replica named twice/)
  })

  it('numbers that promise too much cost nothing', () => {
    const sources: Uint8Array[] = []
    for (const schema of [...schemaByTitle.values(), register({ initial: 1 })]) {
      const history = runHistory(schema, [[0, 0, 0, 1, 2, 3], [0, 0, 0, 3, 7, 2], [0, 0, 5]]) // prettier-ignore
      history.settle()
      sources.push(...history.batches.flat(), history.states[0]!.encodeState())
    }
    const started = process.cpuUsage()
    const before = process.memoryUsage()
    let inputs = 0
    for (const source of sources) {
      for (let at = 1; at < source.length; at++) {
        const bytes = mutate(source, [{ how: 'enlarge', at, byte: 0 }])
        refused(() => replica(3n).apply(bytes))
        refused(() => replica(3n).joinState(bytes))
        inputs += 2
      }
    }
    const { user, system } = process.cpuUsage(started)
    const after = process.memoryUsage()
    assert.ok(inputs > 500)
    assert.ok(user + system < 5_000_000)
    assert.ok(after.arrayBuffers - before.arrayBuffers < 32 * 1024 * 1024)
    assert.ok(after.heapUsed - before.heapUsed < 128 * 1024 * 1024)
  })
})
