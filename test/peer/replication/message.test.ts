import { strict as assert } from 'node:assert'
import { isJoineryError } from '@joinery/crdt-objects'
import { isLeased, slotOf, VersionVector } from '@joinery/crdt-objects/engine'
import fc from 'fast-check'
import { decodeMessage, encodeMessage, type Message } from '#peer/replication/core/message.ts'

const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const number = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 40 })
const entries = fc.uniqueArray(fc.tuple(id, fc.integer({ min: 1 })), {
  maxLength: 5,
  selector: ([origin]) => (isLeased(origin) ? slotOf(origin) : origin),
})
const vector = fc.tuple(number, entries).map((args) => new VersionVector(...args))
const speaker = fc.record(
  {
    sender: id,
    isMember: fc.boolean(),
    epoch: number,
    settled: number,
    keepersVersion: number,
    revision: number,
  },
  { noNullPrototype: true },
)
const stagedEnd = fc.record(
  { origin: id, last: number, isFenced: fc.boolean() },
  { noNullPrototype: true },
)
const seal = fc.record({ incarnation: id, last: number }, { noNullPrototype: true })
const record = fc.record(
  { epoch: number, seals: fc.array(seal, { maxLength: 3 }), born: fc.array(id, { maxLength: 3 }) },
  { noNullPrototype: true },
)
const use = fc.constantFrom('state' as const, 'snapshot' as const)
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('digest' as const), speaker, hash: id }),
  fc.record({
    kind: fc.constant('ask' as const),
    speaker,
    vector,
    staged: fc.array(stagedEnd, { maxLength: 3 }),
    session: number,
    received: number,
    wanted: fc.constantFrom('batches' as const, 'state' as const, 'snapshot' as const),
  }),
  fc.record({ kind: fc.constant('batches' as const), batches: fc.array(bytes, { maxLength: 4 }) }),
  fc.record({
    kind: fc.constant('part' as const),
    part: number,
    parts: number,
    bytes,
  }),
  fc.record({ kind: fc.constant('piece' as const), use, isFirst: fc.boolean(), bytes }),
  fc.record({
    kind: fc.constant('offer' as const),
    use,
    sender: id,
    records: fc.array(record, { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('stock' as const),
    bytes,
  }),
  fc.record({ kind: fc.constant('answered' as const), more: fc.boolean() }),
  fc.record({ kind: fc.constant('probe' as const), speaker, origin: id, last: number }),
  fc.record({ kind: fc.constant('held' as const), speaker, origin: id, last: number }),
  fc.record({ kind: fc.constant('records' as const), records: fc.array(record, { maxLength: 3 }) }),
)

function decodeOrRefuse(encoded: Uint8Array): Message | undefined {
  try {
    return decodeMessage(encoded)
  } catch (error) {
    assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
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
    const kinds = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 60 }))
    fc.assert(
      fc.property(kinds, ([kind, noise]) => void decodeOrRefuse(Uint8Array.of(2, kind, ...noise))),
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
    assert.throws(() => decodeMessage(Uint8Array.of(1, ...whole.slice(1))), /version 1/)
  })
})
