import { strict as assert } from 'node:assert'
import { accepted, append, askForVote, LoneMember, ofType, rejected, vote } from './lone-member.ts'

const command = new TextEncoder().encode('command')

/** The rules of Figure 2 of the Raft paper ("In Search of an Understandable Consensus Algorithm"), each by its words. */
describe('Figure 2 of the Raft paper', () => {
  describe('State', () => {
    it('persistent state is updated on stable storage before responding to RPCs', () => {
      const member = new LoneMember({ asyncStorageWrites: true })
      member.node.step(append(2, 1, [0, 0], [1]))
      const { messages } = member.node.ready()
      const [write] = messages
      assert.equal(messages.length, 1, 'nothing but the write itself leaves')
      assert.equal(write?.type, 'storage-append')
      if (write?.type !== 'storage-append') return
      assert.deepEqual(write.hardState, { term: 1, vote: 0, commit: 0 })
      assert.equal(write.entries.length, 1)
      const types = write.responses.map(({ type, to }) => `${type} to ${to}`)
      assert.deepEqual(types, ['append-response to 2', 'storage-append-response to 1'])
    })

    it('votedFor is persistent: a restarted server votes for nobody else in its term', () => {
      const member = new LoneMember()
      member.hear(askForVote(2, 1, [0, 0]))
      assert.deepEqual(member.log.initialState().hardState, { term: 1, vote: 2, commit: 0 })
      const reborn = new LoneMember({ log: member.log })
      assert.equal(
        ofType(reborn.hear(askForVote(3, 1, [0, 0])), 'vote-response')[0]?.isRejected,
        true,
      )
    })

    it('commitIndex and lastApplied increase monotonically', () => {
      const member = new LoneMember({ terms: [1, 1] })
      member.hear(append(2, 1, [1, 2], [], 2))
      assert.equal(member.node.applied, 2)
      member.hear(append(2, 1, [1, 2], [], 1))
      assert.equal(member.node.committed, 2)
      assert.equal(member.node.applied, 2)
    })

    it('nextIndex is initialized to leader last log index + 1, matchIndex to 0', () => {
      const member = new LoneMember({ terms: [1, 1] })
      member.node.campaign()
      member.settle()
      member.node.step(vote(2, 2))
      const others = member.node.status().progress.filter(({ id }) => id !== 1)
      assert.deepEqual(
        others.map(({ match, next }) => [match, next]),
        [
          [0, 3],
          [0, 3],
        ],
      )
    })
  })

  describe('AppendEntries RPC, receiver', () => {
    it('1. reply false if term < currentTerm', () => {
      const member = new LoneMember({ terms: [3], checkQuorum: true })
      const [reply] = ofType(member.hear(append(2, 2, [2, 1], [2])), 'append-response')
      assert.equal(reply?.term, 3, 'the term tells the sender that it is behind')
      assert.equal(reply.index, 0)
      assert.deepEqual(member.storedTerms(), [3])
    })

    it('2. reply false if log does not contain an entry at prevLogIndex whose term matches prevLogTerm', () => {
      const member = new LoneMember({ terms: [1, 1] })
      const [lacking] = ofType(member.hear(append(2, 2, [2, 5], [2])), 'append-response')
      assert.deepEqual([lacking?.isRejected, lacking?.index], [true, 5])
      const [other] = ofType(member.hear(append(2, 2, [2, 2], [2])), 'append-response')
      assert.deepEqual([other?.isRejected, other?.index], [true, 2])
      assert.deepEqual(member.storedTerms(), [1, 1])
    })

    it('3. if an existing entry conflicts with a new one, delete it and all that follow it', () => {
      const member = new LoneMember({ terms: [1, 2, 2, 2] })
      member.hear(append(2, 3, [1, 1], [3]))
      assert.deepEqual(member.storedTerms(), [1, 3])
    })

    it('3. and delete nothing that does not conflict: an old RPC cuts nothing off', () => {
      const member = new LoneMember({ terms: [1, 1, 1] })
      member.hear(append(2, 1, [1, 1], [1]))
      assert.deepEqual(member.storedTerms(), [1, 1, 1])
    })

    it('4. append any new entries not already in the log', () => {
      const member = new LoneMember({ terms: [1, 1] })
      const [reply] = ofType(member.hear(append(2, 2, [1, 1], [1, 2, 2])), 'append-response')
      assert.deepEqual(member.storedTerms(), [1, 1, 2, 2])
      assert.deepEqual([reply?.isRejected, reply?.index], [false, 4])
    })

    it('5. set commitIndex = min(leaderCommit, index of last new entry)', () => {
      const beyond = new LoneMember({ terms: [1, 1, 1] })
      beyond.hear(append(2, 1, [1, 1], [1], 9))
      assert.equal(beyond.node.committed, 2, "entry 3 is not known to be the leader's")
      const within = new LoneMember({ terms: [1] })
      within.hear(append(2, 1, [1, 1], [1, 1], 2))
      assert.equal(within.node.committed, 2)
    })
  })

  describe('RequestVote RPC, receiver', () => {
    it('1. reply false if term < currentTerm: no vote is given', () => {
      const member = new LoneMember({ terms: [3] })
      assert.deepEqual(ofType(member.hear(askForVote(2, 2, [3, 1])), 'vote-response'), [])
      assert.equal(member.log.initialState().hardState.vote, 0)
    })

    it('2. grant if votedFor is null or candidateId', () => {
      const member = new LoneMember()
      const ask = (from: number): boolean | undefined =>
        ofType(member.hear(askForVote(from, 1, [0, 0])), 'vote-response')[0]?.isRejected
      assert.equal(ask(2), false)
      assert.equal(ask(2), false, 'the answer may have been lost')
      assert.equal(ask(3), true)
    })

    it("2. and candidate's log is at least as up-to-date as receiver's log", () => {
      const answer = (last: readonly [number, number]): boolean | undefined => {
        const member = new LoneMember({ terms: [1, 2] })
        return ofType(member.hear(askForVote(2, 3, last)), 'vote-response')[0]?.isRejected
      }
      assert.equal(answer([2, 2]), false, 'equal')
      assert.equal(answer([2, 3]), false, 'longer')
      assert.equal(answer([3, 1]), false, 'a later term, though shorter')
      assert.equal(answer([2, 1]), true, 'shorter')
      assert.equal(answer([1, 9]), true, 'an earlier term, though longer')
    })
  })

  describe('Rules for servers: all', () => {
    it('if commitIndex > lastApplied, apply log[lastApplied] to the state machine', () => {
      const member = new LoneMember({ terms: [1, 1] })
      member.hear(append(2, 1, [1, 2], [], 2))
      assert.equal(new TextDecoder().decode(member.log.snapshot().data), '1.11.2')
      assert.equal(member.node.applied, 2)
    })

    it('if RPC request or response contains term > currentTerm, set currentTerm and convert to follower', () => {
      const messages = [
        append(2, 5, [0, 0], []),
        askForVote(2, 5, [0, 0]),
        accepted(2, 5, 0),
        vote(2, 5, true),
      ]
      for (const message of messages) {
        const member = new LoneMember()
        member.lead()
        assert.equal(member.node.role, 'leader')
        member.hear(message)
        assert.deepEqual([member.node.role, member.node.term], ['follower', 5], message.type)
      }
    })
  })

  describe('Rules for servers: followers', () => {
    it('respond to RPCs from candidates and leaders', () => {
      const member = new LoneMember()
      assert.equal(ofType(member.hear(askForVote(2, 1, [0, 0])), 'vote-response').length, 1)
      assert.equal(ofType(member.hear(append(2, 1, [0, 0], [1])), 'append-response').length, 1)
    })

    it('if election timeout elapses without AppendEntries or a vote granted, convert to candidate', () => {
      const member = new LoneMember()
      member.ticks(9)
      member.hear(append(2, 1, [0, 0], []))
      member.ticks(9)
      member.hear(askForVote(3, 2, [0, 0]))
      member.ticks(9)
      assert.equal(member.node.role, 'follower')
      member.ticks(1)
      assert.equal(member.node.role, 'candidate')
    })
  })

  describe('Rules for servers: candidates', () => {
    it('on conversion: increment currentTerm, vote for self, send RequestVote RPCs to all other servers', () => {
      const member = new LoneMember({ terms: [1, 2] })
      member.node.campaign()
      const sent = ofType(member.settle(), 'vote')
      assert.deepEqual(member.log.initialState().hardState, { term: 3, vote: 1, commit: 0 })
      assert.deepEqual(
        sent.map(({ to, term, lastTerm, lastIndex }) => [to, term, lastTerm, lastIndex]),
        [
          [2, 3, 2, 2],
          [3, 3, 2, 2],
        ],
      )
    })

    it('if votes received from majority of servers: become leader', () => {
      const member = new LoneMember({ voters: [1, 2, 3, 4, 5] })
      member.node.campaign()
      member.settle()
      member.hear(vote(2, 1), vote(2, 1), vote(3, 1, true))
      assert.equal(member.node.role, 'candidate', 'two of five')
      member.hear(vote(4, 1))
      assert.equal(member.node.role, 'leader')
    })

    it('if AppendEntries RPC received from new leader: convert to follower', () => {
      const member = new LoneMember()
      member.node.campaign()
      member.settle()
      member.hear(append(3, 1, [0, 0], []))
      assert.deepEqual([member.node.role, member.node.leader], ['follower', 3])
    })

    it('if election timeout elapses: start new election', () => {
      const member = new LoneMember()
      member.ticks(10)
      assert.deepEqual([member.node.role, member.node.term], ['candidate', 1])
      member.ticks(10)
      assert.deepEqual([member.node.role, member.node.term], ['candidate', 2])
    })
  })

  describe('Rules for servers: leaders', () => {
    it('upon election: send AppendEntries to each server; repeat heartbeats during idle periods', () => {
      const member = new LoneMember()
      const sent = ofType(member.lead(), 'append')
      assert.deepEqual(
        sent.map(({ to }) => to),
        [2, 3],
      )
      assert.deepEqual(
        ofType(member.ticks(1), 'heartbeat').map(({ to }) => to),
        [2, 3],
      )
    })

    it('if command received from client: append entry to local log, apply it when it is committed', () => {
      const member = new LoneMember()
      member.lead()
      assert.equal(member.node.propose([command]), 'ok')
      member.settle()
      assert.equal(member.stored().at(-1)?.data, command)
      assert.equal(member.node.applied, 0)
      member.hear(accepted(2, 1, 2))
      assert.equal(member.node.applied, 2)
    })

    it('if last log index >= nextIndex: send entries from nextIndex; on success update nextIndex and matchIndex', () => {
      const member = new LoneMember()
      member.lead()
      member.hear(accepted(2, 1, 1))
      member.node.propose([command])
      const [sent] = ofType(member.settle(), 'append')
      assert.deepEqual([sent?.to, sent?.previousIndex, sent?.entries.length], [2, 1, 1])
      member.hear(accepted(2, 1, 2))
      const { match, next } = member.node.status().progress[1]!
      assert.deepEqual([match, next], [2, 3])
    })

    it('if AppendEntries fails because of log inconsistency: decrement nextIndex and retry', () => {
      const member = new LoneMember({ terms: [1, 1, 2, 2] })
      member.lead()
      const [sent] = ofType(member.hear(rejected(2, 3, 4, [1, 2])), 'append')
      assert.deepEqual([sent?.to, sent?.previousIndex, sent?.previousTerm], [2, 2, 1])
      assert.deepEqual(
        sent?.entries.map(({ term }) => term),
        [2, 2, 3],
      )
    })

    it('if N is on a majority and log[N].term == currentTerm: set commitIndex = N', () => {
      const member = new LoneMember({ voters: [1, 2, 3, 4, 5] })
      member.lead()
      member.hear(accepted(2, 1, 1))
      assert.equal(member.node.committed, 0, 'two of five')
      member.hear(accepted(3, 1, 1))
      assert.equal(member.node.committed, 1)
    })

    it('and no entry of an earlier term commits by being counted, only with a later one (Figure 8)', () => {
      const member = new LoneMember({ terms: [1, 1], messageBytesMax: 1 })
      member.lead()
      member.hear(rejected(2, 2, 2, [0, 0]), accepted(2, 2, 2))
      assert.equal(member.node.committed, 0, 'a majority holds entry 2, of term 1')
      member.hear(accepted(2, 2, 3))
      assert.equal(member.node.committed, 3)
    })
  })
})
