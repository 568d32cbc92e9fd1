import type { Message, PeerMessage } from '#consensus/raft/message.ts'
import type { RaftConfig } from '#consensus/raft/raft-config.ts'
import type { Entry } from '#consensus/raft/types.ts'
import { ScriptLog } from '#test/conformance/script-log.ts'
import { ScriptMember } from '#test/conformance/script-member.ts'

const noBytes = new Uint8Array(0)

/** Member 1 of a group of three (or five), with a log of its own, whose peers are the test. */
export class LoneMember extends ScriptMember {
  constructor(
    options: Partial<RaftConfig> & {
      /** Of an earlier life. */
      readonly log?: ScriptLog
      readonly terms?: readonly number[]
      readonly voters?: readonly number[]
    } = {},
  ) {
    const { terms = [], voters = [1, 2, 3], ...config } = options
    const confState = { voters, votersOutgoing: [], learners: [], learnersNext: [] }
    const snapshot = { index: 0, term: 0, confState: { ...confState, autoLeave: false } }
    const log = options.log ?? new ScriptLog({ ...snapshot, data: noBytes }, terms)
    const defaults = { id: 1, electionTicks: 10, heartbeatTicks: 1, random: () => 0 }
    super({ ...defaults, ...config, log })
  }

  /** Steps messages and carries out all that follows; gives what was sent. */
  hear(...messages: readonly Message[]): PeerMessage[] {
    for (const message of messages) this.node.step(message)
    return this.settle()
  }

  settle(): PeerMessage[] {
    const sent: Message[] = []
    while (this.node.hasReady()) {
      sent.push(...this.carryOut(this.node.ready()))
      this.node.advance()
    }
    return sent as PeerMessage[]
  }

  ticks(count: number): PeerMessage[] {
    for (let n = 0; n < count; n++) this.node.tick()
    return this.settle()
  }

  /** Leads the next term by the votes of 2 and, in a group of five, 3. */
  lead(): PeerMessage[] {
    this.node.campaign()
    this.settle()
    return this.hear(vote(2, this.node.term), vote(3, this.node.term))
  }

  /** What storage holds. */
  stored(): readonly Entry[] {
    return this.log.entries(this.log.firstIndex(), this.log.lastIndex() + 1, Infinity) as Entry[]
  }

  storedTerms(): number[] {
    return this.stored().map(({ term }) => term)
  }
}

export function vote(from: number, term: number, isRejected = false): PeerMessage {
  return { type: 'vote-response', from, to: 1, term, isRejected }
}

export function askForVote(
  from: number,
  term: number,
  last: readonly [number, number],
): PeerMessage {
  const [lastTerm, lastIndex] = last
  return { type: 'vote', from, to: 1, term, lastTerm, lastIndex, isTransfer: false }
}

/** An append after (term, index), of entries that have `terms`. */
export function append(
  from: number,
  term: number,
  previous: readonly [number, number],
  terms: readonly number[],
  commit = 0,
): PeerMessage {
  const [previousTerm, previousIndex] = previous
  const entries = terms.map((entryTerm, place): Entry => {
    return { type: 'normal', term: entryTerm, index: previousIndex + 1 + place, data: noBytes }
  })
  return { type: 'append', from, to: 1, term, previousTerm, previousIndex, commit, entries }
}

export function accepted(from: number, term: number, index: number): PeerMessage {
  const hint = { hintIndex: 0, hintTerm: 0 }
  return { type: 'append-response', from, to: 1, term, index, isRejected: false, ...hint }
}

export function rejected(
  from: number,
  term: number,
  index: number,
  hint: readonly [number, number],
): PeerMessage {
  const [hintTerm, hintIndex] = hint
  return {
    type: 'append-response',
    from,
    to: 1,
    term,
    index,
    isRejected: true,
    hintIndex,
    hintTerm,
  }
}

/** Those of one type. */
export function ofType<Type extends PeerMessage['type']>(
  messages: readonly PeerMessage[],
  type: Type,
): MessageOf<Type>[] {
  return messages.filter((message): message is MessageOf<Type> => message.type === type)
}

type MessageOf<Type> = PeerMessage & { readonly type: Type }
