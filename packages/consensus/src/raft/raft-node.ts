/*
 * One member of a Raft group, as a function of what happens to it: messages and ticks come in, and leave as one `Ready` of
 * effects that the driver carries out in the order it states. There is no clock, disk, network or randomness inside.
 *
 * Semantics are those of etcd's Raft on purpose, message for message, so that its scripts can judge this: configuration
 * changes take effect when they are applied, not when they are appended; a leader counts its own log only once that is
 * durable, and sends to others meanwhile; proposals and reads reach the leader through any member.
 *
 * Where things are: `step` and `tick` dispatch; `election`, `leader`, `follower`, `proposals`, `membership` and
 * `replication` are what is done, on one `RaftState`; `ready-builder` turns what changed into effects.
 */
import { type ConfigChange, encodeConfigChange } from './config-change.ts'
import { startElection } from './election.ts'
import { invariant } from './invariant.ts'
import { handleSnapshotStatus, handleUnreachable } from './leader.ts'
import { applyChange, restoreConfiguration } from './membership.ts'
import type { Message, ProposedEntry } from './message.ts'
import { completeConfig, type RaftConfig } from './raft-config.ts'
import { RaftState } from './raft-state.ts'
import { contextBytesMax } from './reads.ts'
import type { IgnoredMessage, ProposalRefusal, Ready } from './ready.ts'
import { ReadyBuilder } from './ready-builder.ts'
import { becomeFollower } from './roles.ts'
import { progressStatus, type RaftStatus } from './status.ts'
import { propose, readIndex, step, tick, transferLeader } from './step.ts'
import type { ConfState, NodeId, Role } from './types.ts'

const noIgnored: readonly IgnoredMessage[] = []

/** One member of a Raft group. Not reentrant; every method returns at once. */
export class RaftNode {
  readonly #state: RaftState
  readonly #builder: ReadyBuilder
  /** To be stepped by `advance`: what storage would say, did it answer by messages. */
  readonly #steps: Message[] = []
  #isReadyOut = false
  /** As of the last check. */
  readonly #seen: { term: number; vote: NodeId; commit: number; applied: number }

  constructor(config: RaftConfig) {
    const state = new RaftState(completeConfig(config))
    this.#state = state
    const { hardState, confState } = config.log.initialState()
    restoreConfiguration(state, confState)
    state.term = hardState.term
    state.vote = hardState.vote
    // Its commit index need not have been durable before entries were applied.
    state.log.commitTo(Math.max(hardState.commit, state.config.applied))
    if (state.config.applied > 0) state.log.appliedTo(state.config.applied, 0)
    becomeFollower(state, state.term, 0)
    this.#builder = new ReadyBuilder(state)
    this.#seen = { ...state.hardState(), applied: state.log.applied }
  }

  get id(): NodeId {
    return this.#state.id
  }

  get role(): Role {
    return this.#state.role
  }

  /** Whom this member follows, or itself; 0 if nobody. */
  get leader(): NodeId {
    return this.#state.leader
  }

  get term(): number {
    return this.#state.term
  }

  get committed(): number {
    return this.#state.log.committed
  }

  get applied(): number {
    return this.#state.log.applied
  }

  get lastIndex(): number {
    return this.#state.log.lastIndex()
  }

  get confState(): ConfState {
    return this.#state.tracker.configuration
  }

  /** To whom leadership is being handed, or 0. */
  get transferee(): NodeId {
    return this.#state.transferee
  }

  /** Time passes: one tick. */
  tick(): void {
    tick(this.#state)
    this.#check()
  }

  /** Takes a message of a peer, or of storage. It never throws for what a peer sent: see `takeIgnored`. */
  step(message: Message): void {
    step(this.#state, message)
    this.#check()
  }

  /** One entry for each of `data`. A follower hands them on to its leader. */
  propose(data: readonly Uint8Array[]): 'ok' | ProposalRefusal {
    const type = 'normal'
    return this.#propose(data.map((bytes) => ({ type, data: bytes })))
  }

  /**
   * Proposes a change of who is in the group. What may not be done now passes as an entry that does nothing. Entries of
   * type `config` are for groups with members who know no other; they hold one change.
   */
  proposeChange(
    change: ConfigChange,
    type: 'config' | 'config-v2' = 'config-v2',
  ): 'ok' | ProposalRefusal {
    return this.#propose([{ type, data: encodeConfigChange(change) }])
  }

  /** To be called for each committed change as it is applied; gives who is in the group now. */
  applyChange(change: ConfigChange): ConfState {
    const configuration = applyChange(this.#state, change)
    this.#check()
    return configuration
  }

  /**
   * Asks for the index that a read must see applied; it comes in a `Ready` with `context` (1 to 256 bytes, unlike any
   * other under way), unless it is lost. False: no leader is known.
   */
  readIndex(context: Uint8Array): boolean {
    invariant(context.length > 0 && context.length <= contextBytesMax, 'a read has a short context')
    const isAsked = readIndex(this.#state, { from: this.#state.id, context })
    this.#check()
    return isAsked
  }

  /** Hands leadership to another voter, if it catches up within an election time-out. */
  transferLeader(to: NodeId): void {
    transferLeader(this.#state, { from: to })
    this.#check()
  }

  /**
   * A follower who knows better than to wait for its leader stops refusing votes for its sake. Not with lease-based reads:
   * they trust that it would refuse.
   */
  forgetLeader(): void {
    const state = this.#state
    if (state.role === 'follower' && state.config.reads !== 'lease') state.leader = 0
    this.#check()
  }

  /** Starts an election, if this member may lead. */
  campaign(): void {
    startElection(this.#state, 'timeout')
    this.#check()
  }

  /** What was sent to a member lately is likely lost. */
  reportUnreachable(id: NodeId): void {
    const member = this.#state.role === 'leader' ? this.#state.tracker.find(id) : undefined
    if (member !== undefined) handleUnreachable(member)
    this.#check()
  }

  /** A snapshot was handed over to a member, or not. Must be called for each, else nothing more is sent to it. */
  reportSnapshot(id: NodeId, isDelivered: boolean): void {
    const member = this.#state.role === 'leader' ? this.#state.tracker.find(id) : undefined
    if (member !== undefined) handleSnapshotStatus(member, isDelivered)
    this.#check()
  }

  hasReady(): boolean {
    return this.#builder.hasReady
  }

  /** Takes what is to be done. In the synchronous form `advance` must follow before the next. */
  ready(): Ready {
    invariant(!this.#isReadyOut, 'a Ready is followed by advance')
    this.#isReadyOut = !this.#state.config.asyncStorageWrites
    return this.#builder.take(this.#steps)
  }

  /** All that the last `Ready` asked for is done. */
  advance(): void {
    invariant(this.#isReadyOut, 'advance follows a Ready')
    this.#isReadyOut = false
    const { tracker, id } = this.#state
    for (const message of this.#steps) {
      // Whoever removed itself while it applied has nobody left to whom its own acknowledgement counts.
      if (message.from === id && tracker.find(id) === undefined) continue
      step(this.#state, message)
    }
    this.#steps.length = 0
    this.#check()
  }

  /** What was ignored since the last call, and why. */
  takeIgnored(): readonly IgnoredMessage[] {
    const { ignored } = this.#state
    if (ignored.length === 0) return noIgnored
    this.#state.ignored = []
    return ignored
  }

  status(): RaftStatus {
    const { id, role, leader, log, tracker, transferee } = this.#state
    return {
      id,
      role,
      leader,
      hardState: this.#state.hardState(),
      confState: tracker.configuration,
      firstIndex: log.firstIndex(),
      lastIndex: log.lastIndex(),
      applied: log.applied,
      transferee,
      progress: role === 'leader' ? tracker.members.map(progressStatus) : [],
    }
  }

  /** In place of the drawn time-out, until the next is drawn: for those who cannot wait, and for scripts. */
  setElectionTimeoutTicks(ticks: number): void {
    this.#state.electionTimeoutTicks = ticks
  }

  #propose(entries: readonly ProposedEntry[]): 'ok' | ProposalRefusal {
    if (entries.length === 0) return 'ok'
    const refusal = propose(this.#state, this.#state.id, entries)
    this.#check()
    return refusal ?? 'ok'
  }

  /** Cheap invariants, after every input. */
  #check(): void {
    const { term, vote, log, role, leader, leaderOfTerm, id } = this.#state
    const seen = this.#seen
    const { committed, applying, applied } = log
    invariant(term >= seen.term, 'terms never go back')
    invariant(term > seen.term || seen.vote === 0 || vote === seen.vote, 'a term has one vote')
    invariant(committed >= seen.commit, 'what is committed stays so')
    invariant(applied >= seen.applied, 'what is applied stays so')
    invariant(applied <= applying && applying <= committed, 'applied <= applying <= committed')
    invariant(committed <= log.lastIndex(), 'what is committed is in the log')
    invariant(
      (role === 'leader') === (leader === id),
      'a leader follows itself, and nobody else does',
    )
    invariant(leader === 0 || leader === leaderOfTerm, 'a term has one leader')
    seen.term = term
    seen.vote = vote
    seen.commit = committed
    seen.applied = applied
  }
}
