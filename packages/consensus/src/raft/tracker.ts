import { emptyConfiguration, memberIds } from './configuration.ts'
import { Inflights } from './inflights.ts'
import { Progress } from './progress.ts'
import { jointVote, majorityIndex, majorityVote, type VoteResult } from './quorum.ts'
import type { ConfState, NodeId } from './types.ts'

const nobody: ReadonlySet<NodeId> = new Set()

/** Who is in the group, how far each member is, and how they voted. */
export class Tracker {
  readonly #inflightMessagesMax: number
  readonly #inflightBytesMax: number
  readonly #votes = new Map<NodeId, boolean>()
  /** Reused by each count of a majority. */
  readonly #indexes: number[] = []
  configuration: ConfState = emptyConfiguration
  /** Everybody, by id: whoever visits them does so in this order. */
  members: readonly Progress[] = []
  #incoming: readonly Progress[] = []
  #outgoing: readonly Progress[] = []

  constructor(limits: { readonly inflightMessagesMax: number; readonly inflightBytesMax: number }) {
    this.#inflightMessagesMax = limits.inflightMessagesMax
    this.#inflightBytesMax = limits.inflightBytesMax
  }

  /** Takes a new configuration on. Whoever stays keeps its progress; a new member is first asked for `lastIndex`. */
  configure(
    configuration: ConfState,
    lastIndex: number,
    forgotten: ReadonlySet<NodeId> = nobody,
  ): void {
    this.configuration = configuration
    this.members = memberIds(configuration).map((id) => {
      const isLearner = configuration.learners.includes(id)
      const known = forgotten.has(id) ? undefined : this.find(id)
      if (known !== undefined) {
        known.isLearner = isLearner
        return known
      }
      const inflights = new Inflights(this.#inflightMessagesMax, this.#inflightBytesMax)
      const progress = new Progress({ id, next: Math.max(lastIndex, 1), isLearner, inflights })
      // Else the next check for a majority could find it missing before it had a chance to answer.
      progress.isRecentlyActive = true
      return progress
    })
    this.#incoming = configuration.voters.map((id) => this.find(id)!)
    this.#outgoing = configuration.votersOutgoing.map((id) => this.find(id)!)
  }

  /** Forgets everybody: a snapshot says anew who is there. */
  clear(): void {
    this.configuration = emptyConfiguration
    this.members = []
    this.#incoming = []
    this.#outgoing = []
    this.#votes.clear()
  }

  find(id: NodeId): Progress | undefined {
    for (const member of this.members) if (member.id === id) return member
    return undefined
  }

  /** One voter decides alone. */
  get isSingleton(): boolean {
    return this.#incoming.length === 1 && this.#outgoing.length === 0
  }

  /** The highest index that a quorum holds. */
  committedIndex(): number {
    const incoming = this.#majorityMatch(this.#incoming)
    return this.#outgoing.length === 0
      ? incoming
      : Math.min(incoming, this.#majorityMatch(this.#outgoing))
  }

  isQuorumActive(): boolean {
    return this.#decide((member) => member.isRecentlyActive) === 'won'
  }

  resetVotes(): void {
    this.#votes.clear()
  }

  /** A member's first vote counts. */
  recordVote(id: NodeId, isGranted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, isGranted)
  }

  voteResult(): VoteResult {
    return this.#decide((member) => this.#votes.get(member.id))
  }

  /** Whether a quorum is among `ids`. */
  isQuorum(ids: ReadonlySet<NodeId>): boolean {
    return this.#decide((member) => (ids.has(member.id) ? true : undefined)) === 'won'
  }

  #decide(vote: (member: Progress) => boolean | undefined): VoteResult {
    return jointVote(majorityVote(this.#incoming.map(vote)), majorityVote(this.#outgoing.map(vote)))
  }

  #majorityMatch(voters: readonly Progress[]): number {
    const indexes = this.#indexes
    indexes.length = voters.length
    for (let place = 0; place < voters.length; place++) indexes[place] = voters[place]!.match
    return majorityIndex(indexes)
  }
}
