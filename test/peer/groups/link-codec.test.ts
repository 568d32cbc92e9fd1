import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isJoineryError } from '@joinery/crdt-objects'
import { cutPayload, FragmentJoiner, payloadBytesMax } from '#peer/groups/fragments.ts'
import { decodeItems, encodeItems, groupsMax, type LinkItem } from '#peer/groups/link-codec.ts'

const group = fc.nat(groupsMax - 1)
const bytes = fc.uint8Array({ maxLength: 60 })
const id = fc.nat()
const item: fc.Arbitrary<LinkItem> = fc.oneof(
  fc.record({
    kind: fc.constant('presence' as const),
    presence: fc.record({
      node: fc.maxSafeNat(),
      isCandidate: fc.boolean(),
      isDurable: fc.boolean(),
      isLeaving: fc.boolean(),
      groups: fc.nat(groupsMax),
      members: fc.array(fc.record({ group, node: fc.maxSafeNat(), leads: fc.maxSafeNat() }), {
        maxLength: 5,
      }),
    }),
  }),
  fc.record({
    kind: fc.constantFrom('message' as const, 'part' as const),
    ...{ group, to: fc.maxSafeNat(), bytes },
  }),
  fc.record({ kind: fc.constant('part-taken' as const), group }),
  fc.record({ kind: fc.constantFrom('request' as const, 'reply' as const), id, body: bytes }),
  fc.record({ kind: fc.constant('cancel' as const), id }),
)
const items = fc.array(item, { maxLength: 6 })

describe('What groups send each other', () => {
  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(items, (sent) => {
        assert.deepEqual(decodeItems(encodeItems(sent)), structuredClone(sent))
      }),
    )
  })

  it('of any bytes decodes, or throws nothing but ENCODING_INVALID', () => {
    const anything = fc.oneof(fc.uint8Array(), items.map(encodeItems))
    fc.assert(
      fc.property(anything, fc.nat(), fc.nat(255), (found, at, value) => {
        const changed = found.length === 0 ? found : found.with(at % found.length, value)
        try {
          decodeItems(changed)
        } catch (error) {
          assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('names no group beyond the limit', () => {
    for (const wrong of [
      encodeItems([{ kind: 'part-taken', group: groupsMax }]),
      encodeItems([{ kind: 'message', group: 2 ** 40, to: 1, bytes: new Uint8Array(1) }]),
    ]) {
      assert.throws(() => decodeItems(wrong), { code: 'ENCODING_INVALID' })
    }
  })

  it('travels in fragments that are joined to the same payloads, whatever their size', () => {
    const joiner = new FragmentJoiner()
    for (const size of [0, 1, 128 * 1024 - 1, 128 * 1024, 128 * 1024 + 1, 1_000_000]) {
      const payload = Uint8Array.from({ length: size }, (_, i) => i * 7)
      const joined = cutPayload(payload).map((fragment) => joiner.take(fragment))
      assert.deepEqual(joined.pop(), payload)
      assert.ok(joined.every((piece) => piece === undefined))
    }
  })

  it('is refused when a fragment is none, or the payload grows without end', () => {
    const joiner = new FragmentJoiner()
    for (const wrong of [new Uint8Array(0), Uint8Array.of(2, 1)])
      assert.throws(() => joiner.take(wrong), { code: 'ENCODING_INVALID' })
    const endless = new Uint8Array(128 * 1024)
    endless[0] = 1
    assert.throws(
      () => {
        for (let sent = 0; sent <= payloadBytesMax + endless.length; sent += endless.length)
          joiner.take(endless)
      },
      { code: 'ENCODING_INVALID' },
    )
  })
})
