import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { isJoineryError } from '@joinery/crdt-objects'
import {
  COMMAND_BYTES_MAX,
  assembleBatch,
  decodeBatch,
  decodeCommand,
  decodeQuery,
  encodeBatch,
  encodeCommand,
  encodeQuery,
} from '#consensus/host/command-codec.ts'
import type { Command, Query } from '#consensus/host/command.ts'
import { decodeOutcome, encodeOutcome } from '#consensus/host/outcome-codec.ts'
import type { Outcome } from '#consensus/host/outcome.ts'
import { SequenceSet } from '#consensus/host/sequence-set.ts'
import { mutate, mutations } from '#test/suites/hostile-bytes.ts'
import { Reader, Writer } from '@joinery/crdt-objects/engine'
import { sessionId } from './host-rig.ts'

const session = sessionId(0xabcdef)
const args = [1, 'two', null, undefined, true, 4n, [5], { six: 6 }, Uint8Array.of(7)]
const vector = Uint8Array.of(1, 2, 3)

const query: Query = { object: 3, path: ['a', 'ö'], method: 'put', args }

const commands: readonly Command[] = [
  { kind: 'open-session', session, leaseMs: 5_000 },
  { kind: 'end-sessions', sessions: [session, sessionId(2)], reason: 'expired' },
  { kind: 'end-sessions', sessions: [], reason: 'closed' },
  { kind: 'open-object', space: 's', name: 'n', descriptor: '["lock",1]' },
  { kind: 'delete-object', space: '', name: '' },
  { kind: 'end-space', space: 'ß' },
  { kind: 'call', session, sequence: 1, acknowledged: 0, ...query },
  {
    kind: 'call',
    ...{ session, sequence: 2 ** 40, acknowledged: 2 ** 39, answered: [2 ** 39 + 2], vector },
    ...query,
  },
  { kind: 'withdraw', session, sequence: 7 },
  { kind: 'quarantine', object: 12 },
]

const failure = { code: 'GROUP_BUSY', message: 'why', details: { a: 1 }, retryable: true }

const outcomes: readonly Outcome[] = [
  { kind: 'done', position: 0, value: undefined },
  { kind: 'done', position: 2 ** 50, value: args, vector },
  { kind: 'failed', position: 4, failure },
  { kind: 'failed', position: 4, failure: { ...failure, retryable: false }, vector },
  { kind: 'withdrawn', position: 9 },
]

/** What is not given is as what is undefined. */
function plain(value: object): unknown {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))
}

describe('commands, queries and outcomes as bytes', () => {
  it('come back as they were', () => {
    for (const command of commands) {
      assert.deepEqual(plain(decodeCommand(encodeCommand(command))), plain(command))
    }
    assert.deepEqual(decodeQuery(encodeQuery(query)), query)
    for (const outcome of outcomes) {
      assert.deepEqual(decodeOutcome(encodeOutcome(outcome)), outcome)
    }
  })

  it('make a batch, whoever encoded them', () => {
    const bytes = encodeBatch({ timeMs: 12, seed: 0xffffffff, commands })
    assert.deepEqual(assembleBatch(12, 0xffffffff, commands.map(encodeCommand)), bytes)
    const batch = decodeBatch(bytes)
    assert.equal(batch.timeMs, 12)
    assert.equal(batch.seed, 0xffffffff)
    assert.deepEqual(batch.commands.map(plain), commands.map(plain))
    assert.deepEqual(decodeBatch(assembleBatch(-5.5, -1, [])), {
      ...{ timeMs: 0, seed: 0xffffffff, commands: [] },
    })
  })

  it('are refused when they are too long, or nothing that can be said', () => {
    const long = { ...query, args: ['x'.repeat(COMMAND_BYTES_MAX)] }
    const call = { kind: 'call', session, sequence: 1, acknowledged: 0 } as const
    const refused: readonly (readonly [string, () => unknown])[] = [
      ['OBJECT_TOO_LARGE', () => encodeCommand({ ...call, ...long })],
      ['OBJECT_TOO_LARGE', () => encodeQuery(long)],
      ['VALUE_INVALID', () => encodeQuery({ ...query, args: [() => 1] })],
      ['VALUE_INVALID', () => encodeQuery({ ...query, method: '\ud800' })],
      ['VALUE_INVALID', () => encodeCommand({ kind: 'withdraw', session: 'me', sequence: 1 })],
      ['VALUE_INVALID', () => encodeCommand({ kind: 'withdraw', session, sequence: -1 })],
      ['ENCODING_INVALID', () => decodeCommand(new Uint8Array(COMMAND_BYTES_MAX + 1))],
      ['ENCODING_INVALID', () => decodeCommand(Uint8Array.of(99))],
      ['ENCODING_INVALID', () => decodeOutcome(Uint8Array.of(3, 0))],
      ['ENCODING_INVALID', () => decodeBatch(new Uint8Array())],
    ]
    for (const [code, attempt] of refused) {
      assert.throws(attempt, (error) => isJoineryError(error) && error.code === code)
    }
  })

  it('are read without harm when nobody should have sent them', () => {
    const readers: readonly (readonly [readonly Uint8Array[], (bytes: Uint8Array) => unknown])[] = [
      [commands.map(encodeCommand), decodeCommand],
      [[encodeQuery(query)], decodeQuery],
      [outcomes.map(encodeOutcome), decodeOutcome],
      [[encodeBatch({ timeMs: 1, seed: 2, commands })], decodeBatch],
    ]
    fastCheck.assert(
      fastCheck.property(mutations, (changes) => {
        for (const [encoded, decode] of readers) {
          for (const bytes of encoded) {
            try {
              decode(mutate(bytes, changes))
            } catch (error) {
              assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
            }
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('a set of sequences', () => {
  it('holds what was put into it, and takes the room of its gaps', () => {
    const number = fastCheck.integer({ min: 1, max: 40 })
    fastCheck.assert(
      fastCheck.property(fastCheck.array(number), number, (numbers, cut) => {
        const set = new SequenceSet()
        for (const sequence of numbers) set.add(sequence)
        set.dropUpTo(cut)
        const writer = new Writer()
        set.encode(writer)
        const again = SequenceSet.decode(new Reader(writer.finish()))
        const expected = new Set(numbers.filter((sequence) => sequence > cut))
        for (let sequence = 1; sequence <= 41; sequence++) {
          assert.equal(set.has(sequence), expected.has(sequence))
          assert.equal(again.has(sequence), expected.has(sequence))
        }
        const starts = [...expected].filter((sequence) => !expected.has(sequence - 1))
        assert.equal(set.rangeCount, starts.length)
      }),
      { numRuns: 300 },
    )
  })
})
