import { invariant } from './invariant.ts'
import type { Message, PeerMessage } from './message.ts'
import { isVoter } from './configuration.ts'
import type { FullRaftConfig } from './raft-config.ts'
import { RaftLog } from './raft-log.ts'
import { PendingReads } from './reads.ts'
import type { IgnoredMessage, IgnoredReason } from './ready.ts'
import { Tracker } from './tracker.ts'
import type { HardState, NodeId, ReadState, Role } from './types.ts'

const ignoredMax = 1_000

/** All that one member knows. What it does is in the modules named by role. */
export class RaftState {
  readonly id: NodeId
  readonly config: FullRaftConfig
  readonly log: RaftLog
  readonly tracker: Tracker
  readonly reads = new PendingReads()

  /** Invariant: never goes back. */
  term = 0
  /** For whom we voted in `term`. Invariant: set at most once in a term. */
  vote: NodeId = 0
  role: Role = 'follower'
  /** Who leads `term`, as far as we know and have not forgotten. */
  leader: NodeId = 0
  /** Who leads `term`, also if forgotten. Invariant: set at most once in a term. */
  leaderOfTerm: NodeId = 0

  /** May leave at once. */
  messages: Message[] = []
  /** Promise what is not durable yet: leave when it is. */
  messagesAfterAppend: PeerMessage[] = []
  readStates: ReadState[] = []
  ignored: IgnoredMessage[] = []

  electionElapsed = 0
  heartbeatElapsed = 0
  /** Drawn anew for each term, so that candidates who met do not meet again. */
  electionTimeoutTicks = 0
  /** To whom leadership is being handed; nothing is proposed meanwhile. */
  transferee: NodeId = 0
  /**
   * No configuration change is proposed before this index is applied. Invariant: at most one change is in the log and not
   * applied.
   */
  pendingChangeIndex = 0
  /** Of payloads that were proposed here and not applied. */
  uncommittedBytes = 0

  constructor(config: FullRaftConfig) {
    this.id = config.id
    this.config = config
    this.log = new RaftLog(config.log, config.applyingBytesMax)
    this.tracker = new Tracker(config)
  }

  hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed }
  }

  /** Whether it may lead: a voter that has its state. */
  get isPromotable(): boolean {
    const self = this.tracker.find(this.id)
    return self !== undefined && !self.isLearner && !this.log.hasSnapshot
  }

  get isVoter(): boolean {
    return isVoter(this.tracker.configuration, this.id)
  }

  /** A leader was heard within the last election time-out, so no election is needed. */
  get isInLease(): boolean {
    return (
      this.config.checkQuorum &&
      this.leader !== 0 &&
      this.electionElapsed < this.config.electionTicks
    )
  }

  /** Follows a leader of this term. */
  follow(leader: NodeId): void {
    this.leader = leader
    this.leaderOfTerm = leader
  }

  send(message: PeerMessage): void {
    switch (message.type) {
      case 'append-response':
      case 'vote-response':
      case 'pre-vote-response':
        this.messagesAfterAppend.push(message)
        break
      default:
        invariant(message.to !== this.id, 'only votes and acknowledgements go to oneself')
        this.messages.push(message)
    }
  }

  ignore(message: Pick<Message, 'from' | 'type'>, reason: IgnoredReason): void {
    if (this.ignored.length >= ignoredMax) return
    this.ignored.push({ from: message.from, type: message.type, reason })
  }

  /** Starts a term, or a role within one: whatever only the last role needed is forgotten. */
  reset(term: number): void {
    invariant(term >= this.term, 'terms never go back')
    if (term !== this.term) {
      this.term = term
      this.vote = 0
      this.leaderOfTerm = 0
    }
    this.leader = 0
    this.electionElapsed = 0
    this.heartbeatElapsed = 0
    this.drawElectionTimeout()
    this.transferee = 0
    this.tracker.resetVotes()
    const lastIndex = this.log.lastIndex()
    for (const member of this.tracker.members) {
      member.reset(lastIndex + 1)
      if (member.id === this.id) member.match = lastIndex
    }
    this.pendingChangeIndex = 0
    this.uncommittedBytes = 0
    this.reads.clear()
  }

  drawElectionTimeout(): void {
    const { electionTicks } = this.config
    this.electionTimeoutTicks = electionTicks + Math.floor(this.config.random() * electionTicks)
  }

  /** Counts payloads towards the bound. A single proposal is never too large: else it could never be made. */
  reserveUncommitted(bytes: number): boolean {
    const { uncommittedBytesMax } = this.config
    if (
      this.uncommittedBytes > 0 &&
      bytes > 0 &&
      this.uncommittedBytes + bytes > uncommittedBytesMax
    ) {
      return false
    }
    this.uncommittedBytes += bytes
    return true
  }

  releaseUncommitted(bytes: number): void {
    this.uncommittedBytes = Math.max(0, this.uncommittedBytes - bytes)
  }
}
