import { strict as assert } from 'node:assert'
import type { Message, PeerMessage, StorageAppend } from '#consensus/raft/message.ts'
import { accepted, append, askForVote, LoneMember, ofType } from './lone-member.ts'

const noBytes = new Uint8Array(0)
const text = (word: string): Uint8Array => new TextEncoder().encode(word)

describe('reads at an index', () => {
  const readsOf = (member: LoneMember, ...messages: readonly Message[]): string[] => {
    for (const message of messages) member.node.step(message)
    const words: string[] = []
    while (member.node.hasReady()) {
      const ready = member.node.ready()
      member.carryOut(ready)
      words.push(
        ...ready.readStates.map(({ index, context }) => {
          return `${new TextDecoder().decode(context)}@${index}`
        }),
      )
      member.node.advance()
    }
    return words
  }
  const heard = (from: number, word: string): PeerMessage => {
    return { type: 'heartbeat-response', from, to: 1, term: 1, context: text(word) }
  }
  const leaderOfFive = (): LoneMember => {
    const member = new LoneMember({ voters: [1, 2, 3, 4, 5] })
    member.lead()
    member.hear(accepted(2, 1, 1), accepted(3, 1, 1))
    return member
  }

  it('are served when a majority, no fewer, has answered since they came', () => {
    const member = leaderOfFive()
    member.node.readIndex(text('a'))
    assert.deepEqual(readsOf(member), [])
    assert.deepEqual(readsOf(member, heard(2, 'a'), heard(2, 'a')), [], 'two of five')
    assert.deepEqual(readsOf(member, heard(3, 'a')), ['a@1'])
  })

  it('are proven by a round that a later one began, not by one that began before', () => {
    const member = leaderOfFive()
    for (const word of ['a', 'b', 'c']) member.node.readIndex(text(word))
    assert.deepEqual(readsOf(member, heard(2, 'b'), heard(3, 'b')), ['a@1', 'b@1'])
    assert.deepEqual(readsOf(member, heard(2, 'b'), heard(3, 'a')), [], 'c came later')
    assert.deepEqual(readsOf(member, heard(4, 'c'), heard(5, 'c')), ['c@1'])
  })

  it('are asked about again by each heartbeat, should the first have been lost', () => {
    const member = leaderOfFive()
    member.node.readIndex(text('a'))
    member.settle()
    const sent = ofType(member.ticks(1), 'heartbeat')
    assert.deepEqual(
      sent.map(({ context }) => new TextDecoder().decode(context)),
      ['a', 'a', 'a', 'a'],
    )
  })

  it('are forgotten with the term in which they were asked', () => {
    const member = leaderOfFive()
    member.node.readIndex(text('a'))
    member.hear(append(2, 2, [1, 1], []))
    assert.deepEqual(readsOf(member, heard(2, 'a'), heard(3, 'a')), [])
  })

  it('by lease wait for nobody, once an entry of the term is committed', () => {
    const member = new LoneMember({ checkQuorum: true, reads: 'lease' })
    member.lead()
    member.node.readIndex(text('early'))
    assert.deepEqual(readsOf(member), [])
    assert.deepEqual(readsOf(member, accepted(2, 1, 1)), ['early@1'])
    member.node.readIndex(text('late'))
    assert.deepEqual(readsOf(member), ['late@1'])
  })

  it('of a member that is alone wait for an entry of its term too: it may not know yet what it had committed', () => {
    const member = new LoneMember({ voters: [1], terms: [1, 1] })
    member.node.campaign()
    member.carryOut(member.node.ready())
    member.node.advance()
    assert.deepEqual([member.node.role, member.node.committed], ['leader', 0])
    member.node.readIndex(text('early'))
    assert.deepEqual(readsOf(member), ['early@3'])
    member.node.readIndex(text('late'))
    assert.deepEqual(readsOf(member), ['late@3'])
  })

  it('of a leader that removed itself are not proven by itself, be the only voter left another', () => {
    const member = new LoneMember({ voters: [1, 2] })
    member.lead()
    member.hear(accepted(2, 1, 1))
    const change = { kind: 'remove', id: 1 } as const
    member.node.proposeChange({ transition: 'auto', changes: [change], context: noBytes })
    member.settle()
    member.hear(accepted(2, 1, 2))
    assert.deepEqual([member.node.role, member.node.confState.voters], ['leader', [2]])
    member.node.readIndex(text('a'))
    assert.deepEqual(readsOf(member), [], 'a successor may lead')
    assert.deepEqual(readsOf(member, heard(2, 'a')), ['a@2'])
  })

  it('have nobody to ask while no leader is known', () => {
    assert.equal(new LoneMember().node.readIndex(text('a')), false)
  })
})

describe('storage that answers late', () => {
  it('is not believed when a peer speaks for it', () => {
    const member = new LoneMember({ asyncStorageWrites: true })
    member.node.step(append(2, 1, [0, 0], [1]))
    member.node.ready()
    const says = { type: 'storage-append-response', from: 2, to: 1, term: 1 } as const
    member.node.step({ ...says, index: 1, logTerm: 1, snapshot: undefined })
    member.node.step({ type: 'storage-apply-response', from: 2, to: 1, term: 0, entries: [] })
    const reasons = member.node.takeIgnored().map(({ reason }) => reason)
    assert.deepEqual(reasons, ['not-for-us', 'not-for-us'])
  })

  it('is not believed of an earlier term, though the entry looks like one of now', () => {
    const member = new LoneMember({ asyncStorageWrites: true })
    const written = (message: PeerMessage): StorageAppend => {
      member.node.step(message)
      const write = member.node.ready().messages.find(({ type }) => type === 'storage-append')
      return write as StorageAppend
    }
    // Entry 1 is of term 1, then of term 2, then again of term 1: storage still writes the first.
    const first = written(append(2, 1, [0, 0], [1]))
    const second = written(append(3, 2, [0, 0], [2]))
    written(append(2, 3, [0, 0], [1]))
    member.append(first)
    for (const response of first.responses) if (response.to === 1) member.node.step(response)
    member.append(second)
    member.node.step(askForVote(3, 4, [1, 1]))
    const { messages } = member.node.ready()
    const [vote] = messages as [StorageAppend]
    assert.deepEqual(
      ofType(vote.responses as PeerMessage[], 'vote-response').map(({ isRejected }) => isRejected),
      [false],
      'our last entry is of term 1, whatever storage holds meanwhile',
    )
  })

  it('of a lone voter counts before anything commits', () => {
    const member = new LoneMember({ voters: [1], asyncStorageWrites: true })
    member.node.campaign()
    const [write] = member.node.ready().messages as [StorageAppend]
    assert.equal(member.node.role, 'candidate', 'its own vote is not durable')
    member.append(write)
    for (const response of write.responses) member.node.step(response)
    assert.equal(member.node.role, 'leader')
    const [entry] = member.node.ready().messages as [StorageAppend]
    assert.equal(member.node.committed, 0, 'its first entry is not durable')
    member.append(entry)
    for (const response of entry.responses) member.node.step(response)
    assert.equal(member.node.committed, 1)
  })
})

describe('bounds on what is proposed', () => {
  it('refuse more than may wait for a quorum, but never a first proposal', () => {
    const member = new LoneMember({ uncommittedBytesMax: 10 })
    member.lead()
    assert.equal(member.node.propose([text('longer than ten bytes')]), 'ok')
    assert.equal(member.node.propose([text('b')]), 'too-much-uncommitted')
    member.settle()
    member.hear(accepted(2, 1, 2))
    assert.equal(member.node.propose([text('b')]), 'ok')
  })

  it('hand out committed entries in pieces, the next when one is applied', () => {
    const member = new LoneMember({ terms: [1, 1, 1], applyingBytesMax: 1 })
    member.node.step(append(2, 1, [1, 3], [], 3))
    const sizes: number[] = []
    while (member.node.hasReady()) {
      const ready = member.node.ready()
      sizes.push(ready.committedEntries.length)
      member.carryOut(ready)
      member.node.advance()
    }
    assert.deepEqual(sizes, [1, 1, 1])
  })

  it('cut appends to size, one entry at least', () => {
    const member = new LoneMember({ messageBytesMax: 20 })
    member.lead()
    member.hear(accepted(2, 1, 1), accepted(3, 1, 1))
    member.node.propose([text('12345'), text('12345'), text('longer than twenty bytes')])
    const sent = ofType(member.settle(), 'append').filter(({ to }) => to === 2)
    assert.deepEqual(
      sent.map(({ entries }) => entries.length),
      [1],
    )
    const rest = member.hear(accepted(2, 1, 2), accepted(2, 1, 3))
    assert.equal(ofType(rest, 'append').at(-1)?.entries.length, 1)
  })
})
