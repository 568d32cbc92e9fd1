import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { MemberMessage } from '#consensus/group/member-message.ts'
import { decodeFrame, encodeFrame, messageBytes } from '#consensus/group/message-codec.ts'
import { isJoineryError } from '@joinery/crdt-objects'
import { Slab } from '@joinery/crdt-objects/engine'

const from = 3
const to = 5
/** Objects as a decoder makes them. */
function record<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true })
}

const whole = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 40 })
const envelope = { from: fc.constant(from), to: fc.constant(to), term: whole }
const ids = fc
  .uniqueArray(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b))

const confState = record({
  voters: ids,
  votersOutgoing: ids,
  learners: ids,
  learnersNext: ids,
  autoLeave: fc.boolean(),
})

const append = record({
  ...envelope,
  previousIndex: fc.nat(),
  previousTerm: whole,
  commit: whole,
  entries: fc.array(
    record({
      type: fc.constantFrom('normal' as const, 'config' as const, 'config-v2' as const),
      term: whole,
      data: bytes,
    }),
    { maxLength: 4 },
  ),
}).map(({ entries, ...rest }) => ({
  type: 'append' as const,
  ...rest,
  entries: entries.map((entry, i) => ({ ...entry, index: rest.previousIndex + 1 + i })),
}))

const appendResponse = record({
  ...envelope,
  index: whole,
  isRejected: fc.boolean(),
  hintIndex: whole,
  hintTerm: whole,
}).map(({ hintIndex, hintTerm, ...rest }) => ({
  type: 'append-response' as const,
  ...rest,
  hintIndex: rest.isRejected ? hintIndex : 0,
  hintTerm: rest.isRejected ? hintTerm : 0,
}))

const message: fc.Arbitrary<MemberMessage> = fc.oneof(
  append,
  appendResponse,
  record({
    type: fc.constantFrom('vote' as const, 'pre-vote' as const),
    ...envelope,
    lastIndex: whole,
    lastTerm: whole,
    isTransfer: fc.boolean(),
  }),
  record({
    type: fc.constantFrom('vote-response' as const, 'pre-vote-response' as const),
    ...envelope,
    isRejected: fc.boolean(),
  }),
  record({
    type: fc.constant('heartbeat' as const),
    ...envelope,
    commit: whole,
    context: bytes,
  }),
  record({ type: fc.constant('heartbeat-response' as const), ...envelope, context: bytes }),
  record({
    type: fc.constantFrom('transfer-leader' as const, 'timeout-now' as const),
    ...envelope,
  }),
  record({
    kind: fc.constant('snapshot-part' as const),
    term: whole,
    transfer: whole,
    snapshotIndex: whole,
    snapshotTerm: whole,
    confState,
    bytesTotal: whole,
    checksum: fc.nat({ max: 0xffffffff }),
    offset: whole,
    bytes,
  }),
  record({
    kind: fc.constant('state-hashes' as const),
    index: whole,
    hashes: fc
      .array(fc.tuple(whole, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), { maxLength: 5 })
      .map((entries) => new Map(entries)),
  }),
  record({ kind: fc.constant('not-member' as const), index: whole }),
)

/** The messages, or the reason why there are none: nothing else may come of any bytes. */
function tryDecode(frame: Uint8Array): MemberMessage[] | string {
  try {
    return decodeFrame(frame, from, to)
  } catch (error) {
    if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
    return error.message
  }
}

describe('A frame between members', () => {
  it('decodes to the messages that it was made of', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
        assert.deepEqual(decodeFrame(encodeFrame(messages), from, to), messages)
      }),
    )
  })

  it('is refused when it is cut short anywhere but between messages', () => {
    fc.assert(
      fc.property(message, (only) => {
        const frame = encodeFrame([only])
        assert.deepEqual(tryDecode(frame.subarray(0, 1)), [])
        for (let length = 2; length < frame.length; length++) {
          assert.equal(typeof tryDecode(frame.subarray(0, length)), 'string')
        }
      }),
    )
  })

  it('of any bytes gives messages or a reason', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (frame) => void tryDecode(frame)))
    fc.assert(
      fc.property(message, fc.nat(), fc.nat({ max: 255 }), (only, at, byte) => {
        const frame = encodeFrame([only])
        frame[at % frame.length] = byte
        tryDecode(frame)
      }),
    )
  })

  it('shares memory with entries of its own log alone', () => {
    const slabs = [new Slab(), new Slab()]
    const buffers = [new Set<ArrayBufferLike>(), new Set<ArrayBufferLike>()]
    const frame = encodeFrame([
      {
        ...{ type: 'append', from, to, term: 1, previousIndex: 0, previousTerm: 0, commit: 0 },
        entries: [{ type: 'normal', term: 1, index: 1, data: new Uint8Array(100) }],
      },
    ])
    for (let turn = 0; turn < 400; turn++) {
      const [append] = decodeFrame(frame, from, to, slabs[turn % 2])
      assert.ok(append !== undefined && 'type' in append && append.type === 'append')
      buffers[turn % 2]!.add(append.entries[0]!.data.buffer)
    }
    const [own, others] = buffers as [Set<ArrayBufferLike>, Set<ArrayBufferLike>]
    // And few of them: an entry has none of its own.
    assert.ok(own.size < 10, `${own.size} buffers`)
    for (const buffer of own) assert.ok(!others.has(buffer))
  })

  it('never says who sent it, or to whom', () => {
    const frame = encodeFrame([{ type: 'timeout-now', from: 1, to: 2, term: 3 }])
    assert.deepEqual(decodeFrame(frame, 8, 9), [{ type: 'timeout-now', from: 8, to: 9, term: 3 }])
  })

  it('is of another version when its first byte says so', () => {
    const frame = encodeFrame([])
    frame[0] = 2
    assert.match(tryDecode(frame) as string, /version 2, expected 1/)
  })

  it('is never longer than was estimated', () => {
    fc.assert(
      fc.property(message, (only) => {
        const { length } = encodeFrame([only])
        assert.ok(length <= 1 + messageBytes(only) + 8 * 40)
      }),
    )
  })
})
