import assert from 'node:assert/strict'
import {
  decodeRequests,
  encodeRequest,
  type Outgoing,
  type StrongRequest,
} from '@joinery/client/protocol'
import { encodeCommand, encodeQuery } from '@joinery/consensus/caller'
import { isJoineryError } from '@joinery/crdt-objects'
import { Writer } from '@joinery/crdt-objects/engine'
import fc from 'fast-check'
import { encodeCommand as encodeAny } from '#consensus/host/command-codec.ts'

const number = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const positive = fc.integer({ min: 1, max: 2 ** 40 })
const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
const session = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))
const args = fc.array(fc.oneof(fc.integer(), name, fc.boolean()), { maxLength: 3 })
const plain = { noNullPrototype: true }
const where = { object: number, path: fc.array(name, { maxLength: 3 }), method: name, args }
const call = fc.record(
  {
    ...{ kind: fc.constant('call' as const), session, sequence: positive, acknowledged: number },
    ...{ ...where, answered: fc.option(fc.array(positive, { minLength: 1 }), { nil: undefined }) },
    vector: fc.constant(undefined),
  },
  plain,
)
const is = <K extends string>(kind: K): fc.Arbitrary<K> => fc.constant(kind)
const inGroup = { id: number, group: number }
const request: fc.Arbitrary<StrongRequest> = fc.oneof(
  fc.record({ kind: is('strong-open'), id: number, space: name, name, descriptor: name }, plain),
  fc.record({ kind: is('strong-delete'), id: number, space: name, name }, plain),
  fc.record(
    {
      ...{ kind: is('session-open'), ...inGroup, session },
      leaseMs: fc.integer({ min: 1000, max: 3_600_000 }),
    },
    plain,
  ),
  fc.record({ kind: is('session-renew'), ...inGroup, session }, plain),
  fc.record({ kind: is('session-close'), ...inGroup, session }, plain),
  fc.record({ kind: is('submit'), ...inGroup, space: name, call }, plain),
  fc.record({ kind: is('withdraw'), ...inGroup, space: name, session, sequence: positive }, plain),
  fc.record({ kind: is('query'), ...inGroup, space: name, query: fc.record(where, plain) }, plain),
  fc.record({ kind: is('watch'), ...inGroup, object: number, after: number }, plain),
  fc.record({ kind: is('keepers'), id: positive, space: name, isWordGiven: fc.boolean() }, plain),
  fc.record({ kind: is('replace-voter'), ...inGroup, node: positive }, plain),
)

function outgoing(one: StrongRequest): Outgoing {
  if (one.kind === 'submit') return { ...one, call: encodeCommand(one.call) }
  return one.kind === 'query' ? { ...one, query: encodeQuery(one.query) } : one
}

function frameOf(...requests: Outgoing[]): Uint8Array {
  const writer = new Writer()
  for (const one of requests) encodeRequest(writer, one)
  return writer.finish()
}

describe('The protocol of gateways, in strong mode', () => {
  it('decodes what it encodes, many to a frame', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), (sent) => {
        assert.deepEqual(decodeRequests(frameOf(...sent.map(outgoing))), sent)
      }),
    )
  })

  it('throws nothing but ENCODING_INVALID at any bytes', () => {
    const tagged = fc.tuple(fc.integer({ min: 20, max: 31 }), fc.uint8Array({ maxLength: 200 }))
    const torn = fc.tuple(request, fc.nat(60), fc.nat(255)).map(([one, at, byte]) => {
      const bytes = frameOf(outgoing(one))
      bytes[at % bytes.length] = byte
      return bytes
    })
    const decode = (bytes: Uint8Array): void => {
      try {
        decodeRequests(bytes)
      } catch (error) {
        assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
      }
    }
    const any = fc.oneof(
      tagged.map(([tag, rest]) => Uint8Array.of(tag, ...rest)),
      torn,
    )
    fc.assert(fc.property(any, decode), { numRuns: 2000 })
  })

  it('refuses what no client may ask: other commands than calls, sessions and leases that are none', () => {
    const refused = (one: Outgoing, pattern: RegExp): void => {
      assert.throws(() => decodeRequests(frameOf(one)), pattern)
    }
    const submit = { kind: 'submit', id: 1, group: 0, space: 's' } as const
    for (const command of [
      { kind: 'end-sessions', sessions: ['0'.repeat(32)], reason: 'expired' },
      { kind: 'quarantine', object: 1 },
      { kind: 'end-space', space: 's' },
    ] as const)
      refused({ ...submit, call: encodeAny(command) }, /the command of a client is a call/)
    const id = 'f'.repeat(32)
    const open = { kind: 'session-open', id: 1, group: 0, session: id, leaseMs: 1000 } as const
    refused({ ...open, session: 'F'.repeat(32) }, /32 hex digits/)
    refused({ ...open, leaseMs: 999 }, /1000 ms at least/)
    refused({ ...open, leaseMs: 3_600_001 }, /lease/)
    refused(
      { kind: 'withdraw', id: 1, group: 0, space: 's', session: id, sequence: 0 },
      /sequences begin at 1/,
    )
    refused({ kind: 'strong-open', id: 1, space: '', name: 'n', descriptor: '[]' }, /empty/)
    refused({ kind: 'watch', id: 1, group: 2 ** 32, object: 1, after: 0 }, /group/)
  })
})
