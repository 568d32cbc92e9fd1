import { strict as assert } from 'node:assert'
import fastCheck from 'fast-check'
import type { PeerMessage, ProposedEntry } from '#consensus/raft/message.ts'
import type { IgnoredReason } from '#consensus/raft/ready.ts'
import type { ConfState, Entry } from '#consensus/raft/types.ts'
import { accepted, append, askForVote, LoneMember } from './lone-member.ts'

const noBytes = new Uint8Array(0)
const group: ConfState = {
  voters: [1, 2, 3],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

describe('messages that no correct peer would send', () => {
  const leader = (): LoneMember => {
    const member = new LoneMember({ terms: [1, 2] })
    member.lead()
    return member
  }
  const follower = (): LoneMember => new LoneMember({ terms: [1, 2] })

  const snapshot = (index: number, confState: ConfState): PeerMessage => {
    const content = { index, term: 2, confState, data: noBytes }
    return { type: 'snapshot', from: 2, to: 1, term: 2, snapshot: content }
  }
  const heartbeat = (from: number, term: number, commit: number): PeerMessage => {
    return { type: 'heartbeat', from, to: 1, term, commit, context: noBytes }
  }
  const proposal = (entries: readonly ProposedEntry[]): PeerMessage => {
    return { type: 'propose', from: 2, to: 1, term: 0, entries }
  }
  const gap: Entry = { type: 'normal', term: 2, index: 9, data: noBytes }
  const cases: readonly [string, () => LoneMember, PeerMessage, IgnoredReason][] = [
    ['for another member', follower, { ...append(2, 2, [2, 2], []), to: 3 }, 'not-for-us'],
    ['from nobody', follower, append(0, 2, [2, 2], []), 'malformed'],
    ['from ourselves, as a leader', follower, append(1, 2, [2, 2], []), 'malformed'],
    ['of a fraction of a term', follower, append(2, 2.5, [2, 2], []), 'malformed'],
    ['of term 0', follower, append(2, 0, [0, 0], []), 'malformed'],
    ['an entry of a later term', follower, append(2, 2, [2, 2], [3]), 'malformed'],
    ['entries of falling terms', follower, append(2, 3, [2, 2], [3, 2]), 'malformed'],
    [
      'entries with a gap',
      follower,
      { ...append(2, 2, [2, 2], []), entries: [gap] } as PeerMessage,
      'malformed',
    ],
    ['a commit beyond our log', follower, heartbeat(2, 2, 3), 'beyond-log'],
    ['an acknowledgement beyond the log', leader, accepted(2, 3, 99), 'beyond-log'],
    ['an acknowledgement of a stranger', leader, accepted(7, 3, 1), 'peer-not-found'],
    ['a second leader of our term', leader, heartbeat(2, 3, 0), 'two-leaders'],
    [
      'a snapshot of nobody',
      follower,
      snapshot(9, { ...group, voters: [] }),
      'configuration-invalid',
    ],
    [
      'a snapshot in which a voter is a learner',
      follower,
      snapshot(9, { ...group, learners: [2] }),
      'configuration-invalid',
    ],
    ['a snapshot of index 0', follower, snapshot(0, group), 'malformed'],
    ['an empty proposal', leader, proposal([]), 'malformed'],
    [
      'a proposal whose change does not decode',
      leader,
      proposal([{ type: 'config-v2', data: new Uint8Array([9, 9]) }]),
      'malformed',
    ],
    [
      'a proposal where nobody leads',
      follower,
      proposal([{ type: 'normal', data: noBytes }]),
      'proposal-dropped',
    ],
  ]
  for (const [name, start, message, reason] of cases) {
    it(`are ignored, with a reason, and change nothing: ${name}`, () => {
      const member = start()
      const before = JSON.stringify(member.node.status())
      assert.deepEqual(member.hear(message), [])
      assert.equal(JSON.stringify(member.node.status()), before)
      assert.deepEqual(member.node.takeIgnored(), [
        { from: message.from, type: message.type, reason },
      ])
    })
  }

  it('never throw, whatever they say and in whatever role they meet us', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(anyMessage, { maxLength: 30 }), (messages) => {
        for (const start of [follower, leader]) {
          const member = start()
          for (const message of messages) member.hear(message)
        }
      }),
    )
  })

  it('do not fill memory with what is ignored', () => {
    const member = follower()
    for (let n = 0; n < 5_000; n++) member.node.step(askForVote(0, 1, [0, 0]))
    assert.equal(member.node.takeIgnored().length, 1_000)
    assert.equal(member.node.takeIgnored().length, 0)
  })
})

const place = fastCheck.oneof(
  fastCheck.nat(6),
  fastCheck.constantFrom(-1, 0.5, NaN, 2 ** 53, Number.MAX_SAFE_INTEGER),
)
const id = fastCheck.oneof(fastCheck.constantFrom(1, 2, 3), place)
const bytes = fastCheck.uint8Array({ maxLength: 4 })
const ids = fastCheck.array(id, { maxLength: 3 })
const entryType = fastCheck.constantFrom('normal', 'config', 'config-v2' as const)
const entry = fastCheck.record({ type: entryType, term: place, index: place, data: bytes })
const confState = fastCheck.record({
  voters: ids,
  votersOutgoing: ids,
  learners: ids,
  learnersNext: ids,
  autoLeave: fastCheck.boolean(),
})

/** Every field of every kind, of any value; mostly in range, so that some get past the first check. */
const anyMessage = fastCheck.record({
  type: fastCheck.constantFrom(
    ...(['propose', 'append', 'append-response', 'vote', 'pre-vote', 'vote-response'] as const),
    ...(['pre-vote-response', 'heartbeat', 'heartbeat-response', 'snapshot'] as const),
    ...(['transfer-leader', 'timeout-now', 'read-index', 'read-index-response'] as const),
  ),
  from: id,
  to: fastCheck.constant(1),
  term: place,
  previousIndex: place,
  previousTerm: place,
  commit: place,
  entries: fastCheck.oneof(fastCheck.array(entry, { maxLength: 3 }), fastCheck.constant([])),
  index: place,
  isRejected: fastCheck.boolean(),
  hintIndex: place,
  hintTerm: place,
  lastIndex: place,
  lastTerm: place,
  isTransfer: fastCheck.boolean(),
  context: bytes,
  snapshot: fastCheck.record({ index: place, term: place, confState, data: bytes }),
}) as unknown as fastCheck.Arbitrary<PeerMessage>
