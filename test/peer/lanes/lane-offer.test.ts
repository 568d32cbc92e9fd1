import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeGreeting, encodeGreeting, type LaneOffer } from '#peer/lanes/lane-offer.ts'

const plain = { noNullPrototype: true }
const offers: fc.Arbitrary<LaneOffer> = fc.record(
  {
    name: fc.string({ maxLength: 64 }),
    secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    ports: fc.array(
      fc.record(
        {
          host: fc.constantFrom('127.0.0.1', '::', '0.0.0.0', 'fe80::1'),
          port: fc.integer({ min: 1, max: 65_535 }),
        },
        plain,
      ),
      { maxLength: 16 },
    ),
  },
  plain,
)

describe('A greeting', () => {
  it('says what it was told, an offer or none', () => {
    fc.assert(
      fc.property(fc.option(offers, { nil: undefined }), (offer) => {
        assert.deepEqual(decodeGreeting(encodeGreeting(offer)), offer)
      }),
    )
  })

  it('that is cut, longer, of another version or beyond its bounds is refused', () => {
    const secret = new Uint8Array(32)
    const good = encodeGreeting({ name: 'a', secret, ports: [{ host: '127.0.0.1', port: 7 }] })
    for (let length = 0; length < good.length; length++) {
      assert.throws(() => decodeGreeting(good.subarray(0, length)), { code: 'ENCODING_INVALID' })
    }
    const invalid = [
      Uint8Array.of(...good, 0),
      Uint8Array.of(2, 0),
      Uint8Array.of(1, 2),
      encodeGreeting({ name: 'x'.repeat(65), secret, ports: [] }),
      encodeGreeting({ name: 'a', secret, ports: [{ host: '127.0.0.1', port: 0 }] }),
      encodeGreeting({ name: 'a', secret, ports: [{ host: 'h'.repeat(65), port: 1 }] }),
    ]
    for (const bytes of invalid) {
      assert.throws(() => decodeGreeting(bytes), { code: 'ENCODING_INVALID' })
    }
  })
})
