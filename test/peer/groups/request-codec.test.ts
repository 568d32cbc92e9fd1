import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isJoineryError } from '@joinery/crdt-objects'
import type { GroupReply, GroupRequest } from '#peer/groups/group-request.ts'
import { groupsMax } from '#peer/groups/link-codec.ts'
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
} from '#peer/groups/request-codec.ts'

const group = fc.nat(groupsMax - 1)
const id = fc.maxSafeNat()
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const session = fc.stringMatching(/^[0-9a-f]{32}$/)
const value = fc.oneof(fc.integer(), text, fc.constant(undefined), fc.boolean())
const object = fc.nat()

const request: fc.Arbitrary<GroupRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('submit' as const),
    group,
    command: fc.oneof(
      fc.record({
        kind: fc.constant('withdraw' as const),
        session,
        sequence: fc.integer({ min: 1, max: 2 ** 40 }),
      }),
      fc.record({ kind: fc.constant('delete-object' as const), space: text, name: text }),
    ),
  }),
  fc.record({
    kind: fc.constant('read' as const),
    group,
    query: fc.record({
      ...{ object, method: text },
      path: fc.array(text, { maxLength: 3 }),
      args: fc.array(value, { maxLength: 3 }),
    }),
  }),
  fc.record({
    ...{ kind: fc.constant('read' as const), group, isForClient: fc.constant(true as const) },
    query: fc.constant({ object: 1, path: [], method: 'read', args: [] }),
  }),
  fc.record({ kind: fc.constant('renew' as const), group, session }),
  fc.record({ kind: fc.constant('watch' as const), group, object, after: id }),
  fc.record({ kind: fc.constant('look' as const), group }),
  fc.record({ kind: fc.constant('list' as const), group, space: text }),
  fc.record({ kind: fc.constant('replace' as const), group, node: id }),
)

const nodes = fc.array(id, { maxLength: 5 })
const reply: fc.Arbitrary<GroupReply> = fc.oneof(
  fc.record({
    kind: fc.constant('outcome' as const),
    outcome: fc.oneof(
      fc.record({ kind: fc.constant('done' as const), position: id, value }),
      fc.record({ kind: fc.constant('withdrawn' as const), position: id }),
    ),
  }),
  fc.record({ kind: fc.constant('renewed' as const), isOpen: fc.boolean() }),
  fc.record({ kind: fc.constant('changed' as const), position: id }),
  fc.record({
    kind: fc.constant('look' as const),
    look: fc.record({
      ...{ group: id, leader: id, term: id, applied: id, position: id, sessions: id, parked: id },
      ...{ voters: nodes, learners: nodes },
    }),
  }),
  fc.record({
    kind: fc.constant('list' as const),
    objects: fc.array(fc.record({ name: text, descriptor: text }), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constantFrom('accepted' as const, 'lost' as const) }),
  fc.record({ kind: fc.constantFrom('invalid' as const, 'busy' as const), reason: text }),
  fc.record({ kind: fc.constant('not-leader' as const), leader: id }),
)

describe('Requests to the leaders of groups', () => {
  it('decode to what was encoded, and so do their replies', () => {
    fc.assert(
      fc.property(request, reply, (asked, answered) => {
        assert.deepEqual(decodeRequest(encodeRequest(asked)), structuredClone(asked))
        assert.deepEqual(decodeReply(encodeReply(answered)), structuredClone(answered))
      }),
    )
  })

  it('of any bytes decode, or throw nothing but ENCODING_INVALID', () => {
    const anything = fc.oneof(
      fc.uint8Array(),
      request.map(encodeRequest),
      reply.map((answered) => encodeReply(answered)),
    )
    fc.assert(
      fc.property(anything, fc.nat(), fc.nat(255), (found, at, byte) => {
        const changed = found.length === 0 ? found : found.with(at % found.length, byte)
        for (const decode of [decodeRequest, decodeReply]) {
          try {
            decode(changed)
          } catch (error) {
            assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('are answered with busy by a peer that takes no more', () => {
    assert.equal(decodeReply(new Uint8Array(0)).kind, 'busy')
  })
})
