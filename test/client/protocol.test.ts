import assert from 'node:assert/strict'
import {
  decodeReplies,
  decodeRequests,
  encodeReply,
  encodeRequest,
  encodeTransaction,
  protocolVersion,
  type Outgoing,
  type Reply,
  type TransactionWrite,
} from '@joinery/client/protocol'
import { isJoineryError, type Lifetime } from '@joinery/crdt-objects'
import { Writer } from '@joinery/crdt-objects/engine'
import fastCheck from 'fast-check'
import { encodeArgs, encodeWrites } from '#test/fixtures/raw-client.ts'

const number = fastCheck.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const small = fastCheck.integer({ min: 0, max: 1000 })
const name = fastCheck.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
const value = fastCheck.oneof(
  fastCheck.integer(),
  name,
  fastCheck.boolean(),
  fastCheck.constant(undefined),
)
const args = fastCheck.array(value, { maxLength: 4 })
const is = <K extends string>(kind: K): fastCheck.Arbitrary<K> => fastCheck.constant(kind)
const bytes16 = fastCheck.uint8Array({ minLength: 16, maxLength: 16 })

const plain = { noNullPrototype: true }

/** A record as the decoder makes it, with the usual prototype. */
function record<T>(model: { [K in keyof T]: fastCheck.Arbitrary<T[K]> }): fastCheck.Arbitrary<T> {
  return fastCheck.record<T>(model, plain)
}

const lifetime: fastCheck.Arbitrary<Lifetime | undefined> = fastCheck.oneof(
  record({ leaseMs: fastCheck.integer({ min: 1, max: 365 * 24 * 60 * 60 * 1000 }) }),
  record({ ttlMs: fastCheck.integer({ min: 1, max: 1000 }) }),
  fastCheck.constantFrom('keep' as const, undefined),
)

const request = fastCheck.oneof(
  record({
    kind: is('hello'),
    version: fastCheck.constant(protocolVersion),
    connection: bytes16,
    token: name,
    acknowledged: number,
  }),
  record({
    ...{ kind: is('open-space'), id: number, space: name },
    ...{ founded: number, lifetime, after: fastCheck.uint8Array() },
  }),
  record({ kind: is('close-space'), id: number, space: name }),
  record({ kind: is('end-space'), id: number, space: name, founded: number }),
  record({
    ...{ kind: is('open-object'), id: number, object: small },
    ...{ space: name, name, descriptor: name },
  }),
  record({
    ...{ kind: is('define-target'), target: small, object: small },
    ...{ path: fastCheck.array(name, { maxLength: 5 }), verb: name },
  }),
  record({ kind: is('write'), sequence: number, target: small, args }),
  record({ kind: is('read'), id: number, target: small, args }),
  record({ kind: is('stream'), id: number, target: small, args, credit: small }),
  record({
    ...{ kind: is('transact'), sequence: number },
    writes: fastCheck.array(
      record({ object: small, path: fastCheck.array(name, { maxLength: 5 }), verb: name, args }),
      { maxLength: 5 },
    ),
  }),
  record({ kind: is('skip'), sequence: number }),
  record({ kind: is('acknowledge'), sequence: number }),
  record({
    kind: is('flush'),
    id: number,
    space: name,
    replicas: number,
    timeoutMs: small,
  }),
  record({ kind: is('credit'), id: number, credit: small }),
  record({ kind: is('cancel'), id: number }),
  record({ kind: is('inspect'), id: number, subject: is('objects'), space: name }),
)

const failure = record({
  code: name,
  message: name,
  details: record({ outcome: name }),
  retryable: fastCheck.boolean(),
})
const reply: fastCheck.Arbitrary<Reply> = fastCheck.oneof(
  record({
    ...{ kind: is('welcome'), version: fastCheck.constant(protocolVersion), life: bytes16 },
    ...{ resumed: fastCheck.boolean(), peer: name, windowMax: number },
  }),
  record({ kind: is('done'), sequence: number }),
  record({ kind: is('write-failed'), sequence: number, failure }),
  record({ kind: is('result'), id: number, value }),
  record({ kind: is('failed'), id: number, failure }),
  record({
    ...{ kind: is('part'), id: number, last: fastCheck.boolean() },
    bytes: fastCheck.uint8Array(),
  }),
  record({ kind: is('item'), id: number, value }),
  record({ kind: is('end'), id: number }),
  record({ kind: is('seen'), space: name, vector: fastCheck.uint8Array() }),
  record({ kind: is('space-ended'), space: name, failure }),
  record({ kind: is('refused'), failure }),
)

describe('The protocol of gateways', () => {
  it('decodes what it encodes, many to a frame', () => {
    const requests = fastCheck.array(request, { minLength: 1, maxLength: 10 })
    fastCheck.assert(
      fastCheck.property(requests, (sent) => {
        const writer = new Writer()
        for (const one of sent) {
          if ('args' in one) encodeRequest(writer, { ...one, args: encodeArgs(...one.args) })
          else if ('writes' in one)
            encodeRequest(writer, { ...one, writes: encodeWrites(...one.writes) })
          else encodeRequest(writer, one)
        }
        assert.deepEqual(decodeRequests(writer.finish()), sent)
      }),
    )
    const replies = fastCheck.array(reply, { minLength: 1, maxLength: 10 })
    fastCheck.assert(
      fastCheck.property(replies, (sent) => {
        const writer = new Writer()
        for (const one of sent) encodeReply(writer, one)
        const received: Reply[] = []
        decodeReplies(writer.finish(), (one) => received.push(one))
        assert.deepEqual(received, sent)
      }),
    )
  })

  it('throws nothing but ENCODING_INVALID at any bytes', () => {
    const decodeBoth = (bytes: Uint8Array): void => {
      for (const decode of [
        decodeRequests,
        (frame: Uint8Array) => decodeReplies(frame, () => {}),
      ]) {
        try {
          decode(bytes)
        } catch (error) {
          assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
        }
      }
    }
    const anyBytes = fastCheck.uint8Array({ maxLength: 300 })
    fastCheck.assert(fastCheck.property(anyBytes, decodeBoth), { numRuns: 2000 })
    const tagged = fastCheck.tuple(fastCheck.integer({ min: 0, max: 15 }), anyBytes)
    fastCheck.assert(
      fastCheck.property(tagged, ([tag, rest]) => decodeBoth(Uint8Array.of(tag, ...rest))),
      { numRuns: 2000 },
    )
  })

  it('refuses numbers, depths and names beyond their limits', () => {
    const refused = (outgoing: Outgoing, pattern: RegExp): void => {
      const writer = new Writer()
      encodeRequest(writer, outgoing)
      assert.throws(() => decodeRequests(writer.finish()), pattern)
    }
    const args = encodeArgs()
    refused({ kind: 'read', id: 1, target: 4096, args }, /target 4096 is not below 4096/)
    const openSpace = (space: string, lifetime?: Lifetime): Outgoing => {
      return { kind: 'open-space', id: 1, space, founded: 0, lifetime, after: new Uint8Array(0) }
    }
    refused(openSpace(''), /a name is empty/)
    refused(openSpace('x'.repeat(1025)), /longer than 1024/)
    refused(openSpace('x', { leaseMs: 0 }), /a lifetime of 0 ms/)
    refused(openSpace('x', { ttlMs: 2 ** 40 }), /a lifetime of 1099511627776 ms/)
    const deep = Array.from({ length: 33 }, () => 'a')
    refused({ kind: 'define-target', target: 0, object: 0, path: deep, verb: 'add' }, /depth/)
    refused({ kind: 'credit', id: 1, credit: 1025 }, /credit/)
    const write = { object: 0, path: [], verb: 'add', args: [] }
    const transact = (...writes: TransactionWrite[]): Outgoing => {
      return { kind: 'transact', sequence: 1, writes: encodeWrites(...writes) }
    }
    refused(transact({ ...write, object: 16_384 }), /object 16384 is not below/)
    refused(transact({ ...write, path: deep }), /depth/)
    refused(transact({ ...write, verb: '' }), /a name is empty/)
    const writes = encodeTransaction(10_001, encodeWrites(write).subarray(1))
    refused({ kind: 'transact', sequence: 1, writes }, /number of writes 10001/)
  })
})
