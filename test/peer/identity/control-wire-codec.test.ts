import { strict as assert } from 'node:assert'
import fastCheck from 'fast-check'
import { isJoineryError, type Lifetime } from '@joinery/crdt-objects'
import { decodeViewAnswer, encodeViewAnswer } from '#peer/identity/control-answer-codec.ts'
import { decodeControlReply, encodeControlReply } from '#peer/identity/control-reply-codec.ts'
import {
  decodeControlCommand,
  decodeViewRequest,
  encodeControlCommand,
  encodeViewRequest,
} from '#peer/identity/control-wire-codec.ts'
import {
  decodeDutyRequest,
  decodeKeeperDuty,
  encodeDutyRequest,
  encodeKeeperDuty,
} from '#peer/identity/keeper-duty-codec.ts'
import type {
  ControlCommand,
  ControlRefusal,
  ControlReply,
  KeeperView,
  SpaceView,
  Standing,
  ViewAnswer,
  ViewRequest,
} from '#peer/identity/core/control-contract.ts'
import { mutate, mutations } from '#test/suites/hostile-bytes.ts'

const names = fastCheck.array(fastCheck.string({ minLength: 1, maxLength: 60 }), { maxLength: 5 })
const duties = fastCheck.record({ wanted: names, spare: names })
const dutyRequests = fastCheck.record({
  session: fastCheck.string({ maxLength: 60, unit: 'grapheme' }),
  from: fastCheck.nat(2 ** 16 - 1).map((step) => step / 2 ** 16),
})

const constant = fastCheck.constant
const id = fastCheck.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const count = fastCheck.maxSafeNat()
const name = fastCheck.string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
const ids = fastCheck.array(id, { maxLength: 5 })
const held = fastCheck.array(fastCheck.record({ incarnation: id, round: count, held: count }), {
  maxLength: 5,
})
const report = { held, settled: count }

const lifetimeMs = fastCheck.integer({ min: 1, max: 365 * 24 * 60 * 60 * 1000 })
const lifetime: fastCheck.Arbitrary<Lifetime | undefined> = fastCheck.oneof(
  fastCheck.record({ leaseMs: lifetimeMs }),
  fastCheck.record({ ttlMs: lifetimeMs }),
  fastCheck.constantFrom('keep' as const, undefined),
)
const revision = fastCheck.option(count, { nil: undefined })
const ofSpace = { space: name }
const ofMember = { ...ofSpace, member: id, number: count, epoch: count }

/** A generator for each kind: one that is missing does not compile. */
const commandByKind: {
  readonly [Kind in ControlCommand['kind']]: fastCheck.Arbitrary<
    Extract<ControlCommand, { readonly kind: Kind }>
  >
} = {
  found: fastCheck.record({
    ...{ kind: constant('found'), ...ofSpace },
    ...{ keepers: count, durability: count, lifetime },
  }),
  lease: fastCheck.record({
    ...{ kind: constant('lease'), ...ofSpace, session: name },
    ...{ request: count, isStable: fastCheck.boolean(), isUsed: fastCheck.boolean() },
  }),
  use: fastCheck.record({
    ...{ kind: constant('use'), ...ofSpace, member: id },
    ...{ isUsed: fastCheck.boolean(), number: count },
  }),
  'end-session': fastCheck.record({ kind: constant('end-session'), session: name }),
  activate: fastCheck.record({ kind: constant('activate'), ...ofMember, ...report }),
  report: fastCheck.record({ kind: constant('report'), ...ofMember, ...report }),
  reinstate: fastCheck.record({
    kind: constant('reinstate'),
    ...ofMember,
    ...report,
    session: name,
  }),
  retire: fastCheck.record({ kind: constant('retire'), ...ofMember, claimed: count }),
  'caught-up': fastCheck.record({ kind: constant('caught-up'), ...ofMember, version: count }),
  dissolve: fastCheck.record({ kind: constant('dissolve'), ...ofMember }),
  leave: fastCheck.record({ kind: constant('leave'), ...ofSpace, member: id }),
  'start-seal': fastCheck.record({ kind: constant('start-seal'), ...ofSpace, member: id }),
  'close-epoch': fastCheck.record({ kind: constant('close-epoch'), ...ofSpace }),
  'appoint-keeper': fastCheck.record({
    ...{ kind: constant('appoint-keeper'), ...ofSpace },
    ...{ incoming: id, outgoing: fastCheck.option(id, { nil: undefined }) },
  }),
  'abandon-keeper': fastCheck.record({ kind: constant('abandon-keeper'), ...ofSpace }),
  'replace-keepers': fastCheck.record({
    ...{ kind: constant('replace-keepers'), ...ofSpace },
    keepers: ids,
  }),
  'declare-lost': fastCheck.record({ kind: constant('declare-lost'), ...ofSpace, revision }),
  'end-space': fastCheck.record({
    ...{ kind: constant('end-space'), ...ofSpace },
    ...{ revision, generation: revision },
  }),
  expire: fastCheck.record({ kind: constant('expire'), ...ofSpace }),
  swept: fastCheck.record({ kind: constant('swept'), ...ofSpace, generation: count }),
}
const commands: fastCheck.Arbitrary<ControlCommand> = fastCheck.oneof(
  ...Object.values(commandByKind),
)

const requests: fastCheck.Arbitrary<ViewRequest> = fastCheck.record({
  ...{ kind: constant('view'), ...ofSpace },
  ...{ member: id, epoch: count },
})

const orNone = <T>(arbitrary: fastCheck.Arbitrary<T>): fastCheck.Arbitrary<T | undefined> =>
  fastCheck.option(arbitrary, { nil: undefined })

const keeperView: fastCheck.Arbitrary<KeeperView> = fastCheck.record(
  {
    ...{ version: count, keepers: ids, durability: count },
    ...{ isUnderReplicated: fastCheck.boolean(), incoming: id, outgoing: id },
  },
  { requiredKeys: ['version', 'keepers', 'durability', 'isUnderReplicated'] },
)
const standing: fastCheck.Arbitrary<Standing> = fastCheck.oneof(
  fastCheck.record({ status: fastCheck.constantFrom('leased', 'active', 'retiring', 'sealing') }),
  fastCheck.record({ status: constant('sealed'), last: orNone(count) }),
)
const seals = fastCheck.array(fastCheck.record({ incarnation: id, last: count }), { maxLength: 4 })
const sealing = fastCheck.record({
  ...{ incarnation: id, round: count },
  ...{ target: count, reported: orNone(count) },
})
const view: fastCheck.Arbitrary<SpaceView> = fastCheck.record({
  ...{ space: name, member: id, generation: count, revision: count, epoch: count },
  ...{ founded: count, lifetime, standingIsUsed: fastCheck.boolean() },
  ...{ floor: count, settledFloor: count },
  records: fastCheck.array(fastCheck.record({ epoch: count, seals, born: ids }), { maxLength: 4 }),
  sealings: fastCheck.array(sealing, { maxLength: 4 }),
  ...{ members: ids, unsealed: ids, keepers: keeperView, standing },
  ...{ standingEpoch: count, standingSettled: count, standingNumber: count, genesis: orNone(ids) },
  standingSession: fastCheck.oneof(name, constant('')),
})
const reasons: readonly ControlRefusal[] = [
  ...(['unknown-space', 'exists-otherwise', 'too-many-spaces', 'no-free-slot'] as const),
  ...(['session-ended', 'not-its-time', 'not-a-member', 'last-member'] as const),
  ...(['change-under-way', 'invalid'] as const),
]
const refused = fastCheck.record({
  kind: constant('refused'),
  reason: fastCheck.constantFrom(...reasons),
})
const replies: fastCheck.Arbitrary<ControlReply> = fastCheck.oneof(
  fastCheck.record({ kind: constant('taken') }),
  fastCheck.record({ kind: constant('leased'), request: count, member: id, epoch: count }),
  fastCheck.record({ kind: constant('done') }),
  fastCheck.record({ kind: constant('replaced'), dropped: ids, mayLose: ids }),
  refused,
)
const answers: fastCheck.Arbitrary<ViewAnswer> = fastCheck.oneof(
  fastCheck.record({ kind: constant('view'), view }),
  refused,
)

/** What is checked of each kind of message. */
function follows<Message>(
  messages: fastCheck.Arbitrary<Message>,
  encode: (message: Message) => Uint8Array,
  decode: (bytes: Uint8Array) => Message,
): void {
  it('comes back as it was sent', () => {
    fastCheck.assert(
      fastCheck.property(messages, (message) => {
        // What is generated has no prototype.
        assert.deepEqual(decode(encode(message)), structuredClone(message))
      }),
    )
  })

  it('is refused when it is cut short, or goes on', () => {
    fastCheck.assert(
      fastCheck.property(messages, fastCheck.nat(), (message, at) => {
        const bytes = encode(message)
        const cut = bytes.subarray(0, at % bytes.length)
        assert.throws(() => decode(cut), { code: 'ENCODING_INVALID' })
        assert.throws(() => decode(Uint8Array.of(...bytes, 0)), { code: 'ENCODING_INVALID' })
      }),
    )
  })

  it('is refused when it is damaged, or means what its bytes say', () => {
    fastCheck.assert(
      fastCheck.property(messages, mutations, (message, applied) => {
        const bytes = mutate(encode(message), applied)
        try {
          assert.deepEqual(encode(decode(bytes)), bytes)
        } catch (error) {
          if (!isJoineryError(error)) throw error
          assert.equal(error.code, 'ENCODING_INVALID')
        }
      }),
    )
  })

  it('is refused in another version', () => {
    fastCheck.assert(
      fastCheck.property(messages, (message) => {
        const bytes = encode(message)
        bytes[0] = 2
        assert.throws(() => decode(bytes), { code: 'ENCODING_INVALID' })
      }),
    )
  })
}

describe('a command to the control group', () => {
  follows(commands, encodeControlCommand, decodeControlCommand)

  it('is refused with a name that is empty or long', () => {
    for (const session of ['', 'x'.repeat(257)]) {
      const bytes = encodeControlCommand({ kind: 'end-session', session })
      assert.throws(() => decodeControlCommand(bytes), { code: 'ENCODING_INVALID' })
    }
  })
})

describe('a question to the control group', () => {
  follows(requests, encodeViewRequest, decodeViewRequest)
})

describe('a question for what is to be kept', () => {
  follows(dutyRequests, encodeDutyRequest, decodeDutyRequest)
})

describe('an answer to it', () => {
  follows(duties, encodeKeeperDuty, decodeKeeperDuty)
})

describe('a reply of the control group', () => {
  follows(replies, encodeControlReply, decodeControlReply)
})

describe('an answer of the control group', () => {
  follows(answers, encodeViewAnswer, decodeViewAnswer)
})
