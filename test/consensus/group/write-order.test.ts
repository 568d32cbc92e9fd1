import assert from 'node:assert/strict'
import { foundGroup } from '#consensus/group/found-group.ts'
import { GroupNode } from '#consensus/group/group-node.ts'
import type { MemberMessage } from '#consensus/group/member-message.ts'
import { decodeFrame, encodeFrame } from '#consensus/group/message-codec.ts'
import { GroupState } from '#consensus/host/group-state.ts'
import type { Append } from '#consensus/raft/message.ts'
import type { Entry } from '#consensus/raft/types.ts'
import { MemoryLog } from '#consensus/storage/memory-log.ts'
import { openTally } from './tally.ts'

/** A member of which every step is in the hands of the test: turns, and the ends of writes. */
class Bench {
  readonly sent: { readonly to: number; readonly message: MemberMessage }[] = []
  readonly #turns: (() => void)[] = []
  readonly #writes: (() => void)[] = []
  readonly storage = new MemoryLog((task) => void this.#writes.push(task))
  /** How many writes were under way each time that the state machine was given an entry. */
  readonly writingAtApply: number[] = []
  node!: GroupNode

  start(id: number): void {
    const machine = new GroupState()
    const apply = machine.apply.bind(machine)
    machine.apply = (data) => {
      this.writingAtApply.push(this.writing)
      return apply(data)
    }
    this.node = new GroupNode(id, {
      storage: this.storage,
      machine,
      transport: {
        send: (to, bytes) => {
          for (const message of decodeFrame(bytes, id, to)) this.sent.push({ to, message })
        },
      },
      clock: { monotonicMs: () => 0, wallMs: () => 0 },
      random: () => 0.5,
      defer: (task) => void this.#turns.push(task),
      report: () => {},
    })
  }

  /** Runs turns until none is due. */
  turn(): void {
    for (const task of this.#turns.splice(0)) task()
    if (this.#turns.length > 0) this.turn()
  }

  /** Ends the write under way. */
  write(): void {
    for (const task of this.#writes.splice(0)) task()
  }

  get writing(): number {
    return this.#writes.length
  }

  take(message: MemberMessage & { readonly from: number }): void {
    this.node.receive(message.from, encodeFrame([message]))
    this.turn()
  }

  /** Types of what was sent since the last call. */
  takeSent(): string[] {
    return this.sent
      .splice(0)
      .map(({ message }) => ('type' in message ? message.type : message.kind))
  }
}

function append(first: number, ...terms: readonly number[]): Append {
  const entries = terms.map((term, i): Entry => ({
    type: 'normal',
    term,
    index: first + i,
    data: new Uint8Array(0),
  }))
  const envelope = { from: 1, to: 2, term: 2 }
  const previous = { previousIndex: first - 1, previousTerm: first === 2 ? 1 : 2 }
  return { type: 'append', ...envelope, ...previous, commit: first - 1, entries }
}

/** A follower, 2, in a group with 1 and 3. */
function follower(): Bench {
  const bench = new Bench()
  const confState = {
    voters: [1, 2, 3],
    ...{ votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
  }
  const snapshot = { index: 1, term: 1, confState, data: new GroupState().snapshot() }
  const hardState = { term: 1, vote: 0, commit: 1 }
  bench.storage.append({ hardState, entries: [], snapshot, mustSync: true }, () => {})
  bench.write()
  bench.start(2)
  return bench
}

describe('What a member promises', () => {
  it('leaves when it is durable: the acknowledgement of entries', () => {
    const bench = follower()
    bench.take(append(2, 2, 2))
    assert.equal(bench.writing, 1)
    assert.deepEqual(bench.takeSent(), [])
    bench.write()
    bench.turn()
    assert.deepEqual(bench.takeSent(), ['append-response'])
  })

  it('leaves when it is durable: a vote', () => {
    const bench = follower()
    bench.take({
      type: 'vote',
      from: 3,
      to: 2,
      term: 5,
      lastIndex: 9,
      lastTerm: 4,
      isTransfer: true,
    })
    assert.deepEqual(bench.takeSent(), [])
    bench.write()
    bench.turn()
    assert.deepEqual(bench.takeSent(), ['vote-response'])
    assert.equal(bench.storage.initialState().hardState.vote, 3)
  })

  it('is written together when it comes during a write, and never by two at once', () => {
    const bench = follower()
    bench.take(append(2, 2))
    bench.take(append(3, 2))
    bench.take(append(4, 2))
    // A second write would throw: the log takes one at a time.
    assert.equal(bench.writing, 1)
    bench.write()
    bench.turn()
    assert.deepEqual(bench.takeSent(), ['append-response'])
    assert.equal(bench.writing, 1)
    bench.write()
    bench.turn()
    assert.deepEqual(bench.takeSent(), ['append-response', 'append-response'])
    assert.equal(bench.storage.lastIndex(), 4)
  })

  it('is the latest when what waits to be written is replaced', () => {
    const bench = follower()
    bench.take(append(2, 2))
    bench.take(append(3, 2, 2, 2))
    // Another leader, who has only the first of these.
    const envelope = { from: 3, to: 2, term: 3, previousIndex: 2, previousTerm: 2, commit: 1 }
    const entry: Entry = { type: 'normal', term: 3, index: 3, data: Uint8Array.of() }
    bench.take({ type: 'append', ...envelope, entries: [entry] })
    for (let i = 0; i < 3; i++) {
      bench.write()
      bench.turn()
    }
    assert.equal(bench.storage.lastIndex(), 3)
    assert.equal(bench.storage.term(3), 3)
  })

  it('is being written while the state machine works on what came before', () => {
    const bench = follower()
    const first = append(2, 2)
    bench.take({ ...first, entries: first.entries.map((e) => ({ ...e, data: Uint8Array.of(0) })) })
    bench.write()
    bench.turn()
    bench.take(append(3, 2))
    assert.deepEqual(bench.writingAtApply, [1])
  })

  it('is no reason to write when only the commit index moved', () => {
    const bench = follower()
    bench.take(append(2, 2, 2))
    bench.write()
    bench.turn()
    bench.takeSent()
    bench.take(append(4))
    assert.equal(bench.writing, 0)
    assert.deepEqual(bench.takeSent(), ['append-response'])
    assert.equal(bench.node.status().applied, 3)
    // It is written with the next tick.
    bench.node.tick()
    assert.equal(bench.writing, 1)
  })
})

describe('A leader', () => {
  /** Of three: 2 and 3 are only messages. */
  function leader(): Bench {
    const bench = follower()
    bench.node.unreachable(1)
    for (let i = 0; i < 40 && bench.node.status().role === 'follower'; i++) bench.node.tick()
    bench.turn()
    const { term } = bench.node.status()
    const granted = { from: 3, to: 2, isRejected: false }
    bench.take({ type: 'pre-vote-response', ...granted, term: term + 1 })
    bench.write()
    bench.turn()
    bench.take({ type: 'vote-response', ...granted, term: term + 1 })
    assert.equal(bench.node.status().role, 'leader')
    bench.write()
    bench.turn()
    for (const from of [1, 3]) acknowledge(bench, from)
    bench.write()
    bench.turn()
    bench.takeSent()
    return bench
  }

  function acknowledge(bench: Bench, from: number): void {
    const { term, lastIndex: index } = bench.node.status()
    const accepted = { index, isRejected: false, hintIndex: 0, hintTerm: 0 }
    bench.take({ type: 'append-response', from, to: 2, term, ...accepted })
  }

  it('sends entries while its own disk writes them, and answers when a majority has them', () => {
    const bench = leader()
    const kinds: string[] = []
    bench.node.submit(openTally, ({ kind }) => kinds.push(kind))
    bench.turn()
    assert.deepEqual(bench.takeSent(), ['append', 'append'])
    assert.equal(bench.writing, 1)
    bench.write()
    bench.turn()
    assert.deepEqual(kinds, [])
    acknowledge(bench, 3)
    assert.deepEqual(kinds, ['done'])
  })

  it('answers before it tells the others what is committed, which waits for a tick', () => {
    const bench = leader()
    let sentBefore = -1
    bench.node.submit(openTally, () => (sentBefore = bench.sent.length))
    bench.turn()
    bench.write()
    bench.turn()
    bench.takeSent()
    acknowledge(bench, 3)
    assert.equal(sentBefore, 0)
    bench.turn()
    assert.deepEqual(bench.takeSent(), [])
    bench.node.tick()
    bench.turn()
    assert.deepEqual(
      bench.takeSent().filter((type) => type === 'append'),
      ['append', 'append'],
    )
  })
})

describe('A founded group', () => {
  it('has its founder as its only voter, who leads at once', () => {
    const bench = new Bench()
    let isFounded = false
    foundGroup(bench.storage, new GroupState(), 2, () => (isFounded = true))
    bench.write()
    assert.ok(isFounded)
    bench.start(2)
    for (let i = 0; i < 4; i++) {
      bench.turn()
      bench.write()
    }
    assert.equal(bench.node.status().role, 'leader')
    assert.deepEqual(bench.node.status().confState.voters, [2])
  })
})
