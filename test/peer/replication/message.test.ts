import { strict as assert } from 'node:assert'
import { isJoineryError } from '@joinery/crdt-objects'
import { VersionVector } from '@joinery/crdt-objects/engine'
import fc from 'fast-check'
import { decodeMessage, encodeMessage, type Message } from '#peer/replication/core/message.ts'

const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const number = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 40 })
const vector = fc.array(fc.tuple(id, fc.integer({ min: 1 })), { maxLength: 5 }).map((entries) => {
  const made = new VersionVector()
  for (const [origin, last] of entries) made.set(origin, last)
  return made
})
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('digest' as const), hash: id }),
  fc.record({
    kind: fc.constant('ask' as const),
    vector,
    session: number,
    received: number,
    whole: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('batches' as const), batches: fc.array(bytes, { maxLength: 4 }) }),
  fc.record({
    kind: fc.constant('part' as const),
    of: fc.constantFrom('batch' as const, 'state' as const),
    part: number,
    parts: number,
    bytes,
  }),
  fc.record({ kind: fc.constant('answered' as const), more: fc.boolean() }),
  fc.record({ kind: fc.constant('probe' as const), origin: id, last: number }),
  fc.record({ kind: fc.constant('held' as const), origin: id, last: number }),
)

function decodeOrRefuse(encoded: Uint8Array): Message | undefined {
  try {
    return decodeMessage(encoded)
  } catch (error) {
    assert(isJoineryError(error, 'ENCODING_INVALID'), String(error))
    return undefined
  }
}

describe('the messages of replication', () => {
  it('decode to what was encoded', () => {
    fc.assert(
      fc.property(message, (each) => {
        assert.deepEqual(decodeMessage(encodeMessage(each)), { ...each })
      }),
    )
  })

  it('are refused, with an error of the codec, when they are arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void decodeOrRefuse(noise)),
      { numRuns: 2_000 },
    )
    const kinds = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 60 }))
    fc.assert(
      fc.property(kinds, ([kind, noise]) => void decodeOrRefuse(Uint8Array.of(1, kind, ...noise))),
      { numRuns: 5_000 },
    )
  })

  it('are refused when cut short or followed by more', () => {
    fc.assert(
      fc.property(message, fc.nat(), (each, cut) => {
        const whole = encodeMessage(each)
        assert.equal(decodeOrRefuse(whole.slice(0, cut % whole.length)), undefined)
        assert.equal(decodeOrRefuse(Uint8Array.of(...whole, 0)), undefined)
      }),
    )
  })

  it('are refused when they are of another version', () => {
    const whole = encodeMessage({ kind: 'answered', more: false })
    assert.throws(() => decodeMessage(Uint8Array.of(2, ...whole.slice(1))), /version 2/)
  })
})
