import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isJoineryError } from '@joinery/crdt-objects'
import { decodeFrame, encodeFrame, type Frame } from '#peer/membership/wire.ts'

const text = fc.string({ maxLength: 40 })
const addresses = fc.array(text, { maxLength: 5 })
const space = fc.nat(2 ** 31)
const bytes = fc.uint8Array({ maxLength: 50 })
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), addresses }),
  fc.record({
    kind: fc.constant('members' as const),
    members: fc.array(fc.record({ id: text, addresses }), { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('space-open' as const), space, name: text }),
  fc.record({ kind: fc.constant('space-close' as const), space }),
  fc.record({ kind: fc.constantFrom('message' as const, 'batch' as const), space, bytes }),
  fc.record({ kind: fc.constant('groups' as const), bytes }),
  fc.record({
    kind: fc.constant('announce' as const),
    space,
    origin: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    last: fc.nat(),
  }),
  fc.record({ kind: fc.constantFrom('echo' as const, 'echoed' as const), token: fc.nat() }),
  fc.record({ kind: fc.constantFrom('end' as const, 'alive' as const, 'ping' as const) }),
  fc.record({ kind: fc.constant('leave' as const), unsent: fc.nat() }),
  fc.record({ kind: fc.constant('inquire' as const), token: fc.nat(), peer: text }),
  fc.record({
    kind: fc.constant('inquired' as const),
    token: fc.nat(),
    outcome: fc.constantFrom('heard' as const, 'silent' as const, 'gone' as const),
  }),
  fc.record({
    kind: fc.constant('suspect' as const),
    suspicions: fc.array(
      fc.record({
        peer: text,
        condition: fc.constantFrom('slow' as const, 'frozen' as const, 'dead' as const),
      }),
      { maxLength: 5 },
    ),
  }),
  fc.record({
    kind: fc.constantFrom('forward' as const, 'forwarded' as const),
    peer: text,
    path: fc.nat(),
    content: fc.oneof(
      fc.record({ kind: fc.constant('open' as const) }),
      fc.record({ kind: fc.constant('bytes' as const), bytes }),
      fc.record({ kind: fc.constant('taken' as const), bytes: fc.nat() }),
      fc.record({
        kind: fc.constant('end' as const),
        reason: fc.constantFrom('closed' as const, 'full' as const, 'refused' as const),
      }),
    ),
  }),
)

describe('The frames between peers', () => {
  it('decode to what was encoded', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        assert.deepEqual(decodeFrame(encodeFrame(frame)), structuredClone(frame))
      }),
    )
  })

  it('of any bytes decode, or throw nothing but ENCODING_INVALID', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), anyFrame.map(encodeFrame)), fc.nat(), (found, at) => {
        const changed = found.length === 0 ? found : found.with(at % found.length, at % 256)
        for (const input of [changed, changed.subarray(0, at % (found.length + 1))]) {
          try {
            decodeFrame(input)
          } catch (error) {
            assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
          }
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('with names or lists beyond their limits are refused', () => {
    for (const frame of [
      { kind: 'space-open', space: 1, name: 'x'.repeat(257) },
      { kind: 'begin', addresses: ['x'.repeat(513)] },
      { kind: 'inquire', token: 1, peer: 'x'.repeat(129) },
      { kind: 'forward', peer: 'x'.repeat(129), path: 1, content: { kind: 'open' } },
      { kind: 'members', members: [{ id: 'x'.repeat(129), addresses: [] }] },
      { kind: 'members', members: Array.from({ length: 257 }, () => ({ id: '', addresses: [] })) },
    ] satisfies Frame[]) {
      assert.throws(() => decodeFrame(encodeFrame(frame)), { code: 'ENCODING_INVALID' })
    }
  })
})
