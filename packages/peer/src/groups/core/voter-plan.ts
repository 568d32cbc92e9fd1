/*
 * Who shall be a voter of a group: decided by the group's leader, from what it sees.
 *
 * A new member learns the log first and counts for nothing; when it has caught up it becomes a voter, and whoever it
 * replaces leaves, in one joint step: at no time do fewer count than before. The number of voters is odd, for an even
 * one costs a voter and bears no failure more. A voter whose connection is gone is not missed at once, for most come
 * back; after a while it is replaced if somebody can take its place, and stays if nobody can: to go on with a smaller
 * group by itself would leave the state with fewer and fewer. A voter that says that it leaves is let go.
 */
import type { ConfState, MemberProgress, MembershipChange, NodeId } from '@joinery/consensus/group'

/** What counts of a peer that is linked, or of the leader's own. */
export interface LinkedNode {
  readonly isCandidate: boolean
  /**
   * It has no member of the group. One that has, and is none, was removed while it was away: it comes back under another
   * name once it knows.
   */
  readonly isFresh: boolean
  readonly isDurable: boolean
  readonly isLeaving: boolean
}

/** What the leader sees. */
export interface VoterView {
  readonly nowMs: number
  readonly self: NodeId
  readonly confState: ConfState
  readonly lastIndex: number
  readonly progress: readonly MemberProgress[]
  /** The nodes of linked peers, and our own. */
  readonly linked: ReadonlyMap<NodeId, LinkedNode>
}

export interface VoterSettings {
  readonly votersMax: number
  /** A voter whose connection has been gone for so long is replaced. */
  readonly voterReplaceMs: number
  /** A candidate is taken once it has been linked for so long. */
  readonly settleMs: number
}

export type VoterStep =
  | { readonly kind: 'change'; readonly change: MembershipChange }
  | { readonly kind: 'transfer'; readonly to: NodeId }

/** The plan is made so often that a longer pause means that this process stood still. */
const standstillMs = 5000
/** A learner that lacks no more entries than this can vote. */
const lagMax = 1000

/** The plan of one group. It remembers since when nodes are there, and since when they are gone. */
export class VoterPlan {
  readonly #settings: VoterSettings
  readonly #linkedSinceMs = new Map<NodeId, number>()
  readonly #goneSinceMs = new Map<NodeId, number>()
  readonly #condemned = new Set<NodeId>()
  #lastMs: number | undefined

  constructor(settings: VoterSettings) {
    this.#settings = settings
  }

  /** Replaces a voter whether it is there or not: somebody says so. */
  condemn(node: NodeId): void {
    this.#condemned.add(node)
  }

  /** The next step towards the voters that there should be; undefined when none is to be taken now. */
  next(view: VoterView): VoterStep | undefined {
    this.#observe(view)
    const { confState } = view
    if (confState.votersOutgoing.length > 0) return undefined
    return this.#handOver(view) ?? this.#promote(view) ?? this.#prepare(view)
  }

  #observe({ nowMs, confState, linked }: VoterView): void {
    const pauseMs = nowMs - (this.#lastMs ?? nowMs)
    this.#lastMs = nowMs
    if (pauseMs > standstillMs) {
      for (const since of [this.#linkedSinceMs, this.#goneSinceMs])
        for (const [node, ms] of since) since.set(node, ms + pauseMs)
    }
    const members = new Set([...confState.voters, ...confState.learners])
    for (const node of linked.keys()) {
      if (!this.#linkedSinceMs.has(node)) this.#linkedSinceMs.set(node, nowMs)
      this.#goneSinceMs.delete(node)
    }
    for (const node of this.#linkedSinceMs.keys())
      if (!linked.has(node)) this.#linkedSinceMs.delete(node)
    for (const node of members)
      if (!linked.has(node) && !this.#goneSinceMs.has(node)) this.#goneSinceMs.set(node, nowMs)
    for (const node of this.#goneSinceMs.keys())
      if (!members.has(node)) this.#goneSinceMs.delete(node)
    for (const node of this.#condemned)
      if (!members.has(node) && !linked.has(node)) this.#condemned.delete(node)
  }

  /** A leader that leaves lets another one lead first. */
  #handOver(view: VoterView): VoterStep | undefined {
    const { self, linked, confState, progress } = view
    if (linked.get(self)?.isLeaving !== true) return undefined
    const others = progress
      .filter(({ id, isActive }) => id !== self && isActive && confState.voters.includes(id))
      .filter(({ id }) => linked.get(id)?.isLeaving === false)
      .sort((a, b) => b.match - a.match)
    const [best] = others
    return best && { kind: 'transfer', to: best.id }
  }

  #promote(view: VoterView): VoterStep | undefined {
    const { confState } = view
    const unfit = confState.voters.filter((node) => this.#isUnfit(node, view))
    const fit = confState.voters.length - unfit.length
    const ready = this.#candidates(view).filter((node) => isReady(node, view))
    let promoted = Math.min(ready.length, this.#targetCount(view, fit) - fit)
    while (promoted > 0 && (fit + promoted) % 2 === 0) promoted--
    if (promoted > 0) return change({ voters: ready.slice(0, promoted), removed: unfit })
    const leaving = unfit.filter((node) => this.#isLetGo(node, view) || (fit >= 3 && fit % 2 === 1))
    // Those who stay must be able to decide by themselves.
    const staying = confState.voters.filter((node) => !leaving.includes(node))
    const present = staying.filter((node) => view.linked.has(node)).length
    if (leaving.length === 0 || present * 2 <= staying.length) return undefined
    return change({ removed: leaving })
  }

  /** Makes learners of those who are to be voters, and of a few more who can step in. */
  #prepare(view: VoterView): VoterStep | undefined {
    const { learners, voters } = view.confState
    const fit = voters.filter((node) => !this.#isUnfit(node, view)).length
    const target = this.#targetCount(view, fit)
    const spare = this.#settings.votersMax - target
    const wanted = this.#candidates(view).slice(0, Math.max(0, target - fit) + Math.max(0, spare))
    const added = wanted.filter((node) => !learners.includes(node))
    const removed = learners.filter(
      (node) => this.#isUnfit(node, view) || (view.linked.has(node) && !wanted.includes(node)),
    )
    if (added.length === 0 && removed.length === 0) return undefined
    return change({ learners: added, removed })
  }

  /** The largest odd number of voters that can be had. */
  #targetCount(view: VoterView, fit: number): number {
    const count = Math.min(this.#settings.votersMax, fit + this.#candidates(view).length)
    return count % 2 === 1 ? count : count - 1
  }

  /** Who may become a voter: those that learn already and are furthest first, then those that have been there longest. */
  #candidates(view: VoterView): NodeId[] {
    const { linked, confState, nowMs } = view
    const rank = (node: NodeId): number =>
      isReady(node, view) ? 0 : confState.learners.includes(node) ? 1 : 2
    const candidates: NodeId[] = []
    for (const [node, { isCandidate, isFresh }] of linked) {
      if (!isCandidate || confState.voters.includes(node) || this.#isUnfit(node, view)) continue
      const settled = nowMs - this.#linkedSinceMs.get(node)! >= this.#settings.settleMs
      if ((settled && isFresh) || confState.learners.includes(node)) candidates.push(node)
    }
    const since = (node: NodeId): number => this.#linkedSinceMs.get(node)!
    return candidates.sort((a, b) => rank(a) - rank(b) || since(a) - since(b) || a - b)
  }

  #isUnfit(node: NodeId, view: VoterView): boolean {
    const goneSinceMs = this.#goneSinceMs.get(node)
    const isGone =
      goneSinceMs !== undefined && view.nowMs - goneSinceMs >= this.#settings.voterReplaceMs
    return isGone || this.#isLetGo(node, view)
  }

  /** It leaves for good, or is to leave: one that keeps its log on disk is expected back. */
  #isLetGo(node: NodeId, { linked }: VoterView): boolean {
    const presence = linked.get(node)
    return this.#condemned.has(node) || (presence?.isLeaving === true && !presence.isDurable)
  }
}

function isReady(node: NodeId, { progress, confState, lastIndex }: VoterView): boolean {
  if (!confState.learners.includes(node)) return false
  const found = progress.find(({ id }) => id === node)
  return found?.isActive === true && found.match > 0 && lastIndex - found.match <= lagMax
}

function change(wanted: MembershipChange): VoterStep {
  return { kind: 'change', change: wanted }
}
