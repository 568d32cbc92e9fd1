import type { ConfigChange } from '../raft/config-change.ts'
import { decodeConfigChange } from '../raft/config-change.ts'
import { memberIds, voterIds } from '../raft/configuration.ts'
import type { Message, PeerMessage, SnapshotMessage, StorageAppend } from '../raft/message.ts'
import { RaftNode } from '../raft/raft-node.ts'
import type { IgnoredMessage, ProposalRefusal } from '../raft/ready.ts'
import type { RaftStatus } from '../raft/status.ts'
import type { ConfState, Entry, NodeId, ReadState, Snapshot } from '../raft/types.ts'
import { FailoverTimer } from './failover-timer.ts'
import { restartView, snapshotIndex } from './restart-view.ts'
import { LogWriter } from './log-writer.ts'
import type { MemberMessage } from './member-message.ts'
import type { GroupOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import type { GroupPorts } from './ports.ts'
import type { SnapshotPart } from './snapshot-part.ts'
import { SnapshotReceiver } from './snapshot-receiver.ts'
import { SnapshotSender } from './snapshot-sender.ts'

/** What the driver of the core tells the member whose core it is. */
export interface RaftEvents {
  /** A committed entry that is no change of the configuration; called in the order of the log. */
  apply(entry: Entry): void
  /** A committed change was applied, or (`confState` undefined) had become void. */
  configured(entry: Entry, confState: ConfState | undefined): void
  /** A leader's snapshot takes the place of everything before it. */
  restored(snapshot: Snapshot): void
  /** The state as it is, with the configuration at it. */
  snapshot(): Snapshot
  readConfirmed(read: ReadState): void
  /** Another member is about to be asked to lead: it may campaign at any time from now on. */
  handingOver(): void
  /** Term, role or leader are new. */
  changed(): void
  ignored(from: NodeId, reason: string): void
  failed(error: Error): void
  /** Something can be gone on with: a turn is due. */
  wake(): void
}

/**
 * Carries out what the core wants: writes, sends, applies. Storage is told by messages and answers later
 * (thesis §10.2.1): the entries of a leader leave while its own disk writes, and what a member promises leaves when it
 * is durable.
 */
export class RaftDriver {
  readonly id: NodeId
  readonly #raft: RaftNode
  readonly #options: GroupOptions
  readonly #events: RaftEvents
  readonly #writer: LogWriter
  readonly #outbox: Outbox
  readonly #sender: SnapshotSender
  readonly #receiver: SnapshotReceiver
  readonly #failover: FailoverTimer
  #ticks = 0
  /** What is written at once is gone on with by whoever is at it: no turn is due for it. */
  #isAtWork = false
  /** The configuration is not the last one yet, or was not a moment ago. */
  #isChanging = false
  /** Term, role and leader as they were last told. */
  #told = { term: 0, role: 'follower', leader: 0 }

  constructor(id: NodeId, ports: GroupPorts, options: GroupOptions, events: RaftEvents) {
    this.id = id
    this.#options = options
    this.#events = events
    this.#raft = new RaftNode({
      id,
      log: restartView(ports.storage),
      applied: snapshotIndex(ports.storage),
      electionTicks: options.electionTicks,
      heartbeatTicks: options.heartbeatTicks,
      random: () => ports.random(),
      asyncStorageWrites: true,
      preVote: true,
      checkQuorum: true,
      stepDownOnRemoval: true,
      disableProposalForwarding: true,
      messageBytesMax: options.appendBytesMax,
      applyingBytesMax: options.applyBytesMax,
      uncommittedBytesMax: options.uncommittedBytesMax,
      inflightMessagesMax: options.appendsInFlightMax,
      inflightBytesMax: 16 * options.appendBytesMax,
    })
    this.#writer = new LogWriter(
      ports.storage,
      (responses) => this.#written(responses),
      (error) => events.failed(error),
    )
    this.#outbox = new Outbox(ports.transport)
    this.#sender = new SnapshotSender(options.snapshotPartBytes)
    this.#receiver = new SnapshotReceiver(options.snapshotBytesMax)
    this.#failover = new FailoverTimer(options, () => ports.random())
  }

  get term(): number {
    return this.#raft.term
  }

  get leader(): NodeId {
    return this.#raft.leader
  }

  get isLeader(): boolean {
    return this.#raft.role === 'leader'
  }

  get lastIndex(): number {
    return this.#raft.lastIndex
  }

  status(): RaftStatus {
    return this.#raft.status()
  }

  tick(): void {
    this.#ticks++
    this.#outbox.tick()
    this.#isChanging = false
    this.#raft.tick()
    this.#noteChange()
    if (this.#failover.tick(this.#raft.leader)) this.campaign()
    this.#writer.flush()
  }

  campaign(): void {
    this.#raft.campaign()
    this.#noteChange()
  }

  /** Takes a message of the core, or a part of a snapshot. */
  take(from: NodeId, message: PeerMessage | SnapshotPart): void {
    if ('kind' in message) return this.#takePart(from, message)
    if (this.#isLeaseInDoubt(message)) return
    if (message.type === 'transfer-leader') this.#events.handingOver()
    this.#step(message)
  }

  /** Proposes an entry: gives its place, or why there is none. */
  propose(data: Uint8Array): number | ProposalRefusal {
    const result = this.#raft.propose([data])
    return result === 'ok' ? this.#raft.lastIndex : result
  }

  proposeChange(change: ConfigChange): number | ProposalRefusal {
    const result = this.#raft.proposeChange(change)
    return result === 'ok' ? this.#raft.lastIndex : result
  }

  readIndex(context: Uint8Array): void {
    this.#raft.readIndex(context)
  }

  transferLeader(to: NodeId): void {
    this.#events.handingOver()
    this.#raft.transferLeader(to)
    this.#noteChange()
  }

  unreachable(member: NodeId): void {
    this.#raft.reportUnreachable(member)
    if (this.#sender.stop(member)) this.#raft.reportSnapshot(member, false)
    // Under lease reads a leader may be believed in for as long as it believes in itself.
    if (member !== this.#raft.leader || this.#options.leaseReads) return
    this.#raft.forgetLeader()
    this.#noteChange()
    const successors = voterIds(this.#raft.confState).filter((id) => id !== member)
    const turn = successors.indexOf(this.id)
    if (turn >= 0 && this.#failover.start(turn)) this.campaign()
  }

  partSent(to: NodeId, ok: boolean): void {
    const end = this.#sender.partSent(to, ok)
    if (end.kind === 'next') this.#outbox.sendBulk(to, end.part)
    else if (end.kind === 'over') this.#raft.reportSnapshot(to, end.isSent)
  }

  send(to: NodeId, message: MemberMessage): void {
    this.#outbox.add(to, message)
  }

  /** Carries out what there is to do. Answers whether some is left: others are to have a turn before it. */
  work(): boolean {
    this.#isAtWork = true
    const isSomeLeft = this.#work()
    this.#isAtWork = false
    return isSomeLeft
  }

  #work(): boolean {
    let bytes = 0
    while (this.#raft.hasReady()) {
      if (bytes >= this.#options.applyBytesMax) return true
      const ready = this.#raft.ready()
      for (const read of ready.readStates) this.#events.readConfirmed(read)
      for (const message of ready.messages) {
        if (message.type === 'storage-apply') {
          this.#begin()
          bytes += bytesOf(message.entries)
        }
        this.#dispatch(message)
      }
      this.#noteChange()
    }
    return false
  }

  /** Sends, and then writes: followers work on it while our own disk does. */
  flush(): void {
    this.#isAtWork = true
    this.#outbox.flush()
    this.#writer.start()
    // What a log without a disk lets go at once.
    this.#outbox.send()
    this.#isAtWork = false
    if (this.#outbox.isHolding || this.#raft.hasReady()) this.#events.wake()
  }

  /** What is to be sent and written is on its way while the state machine works. */
  #begin(): void {
    this.#outbox.send()
    this.#writer.start()
    // A follower without a disk has acknowledged by now, and does not let the leader wait for what it applies.
    this.#outbox.send()
  }

  stop(): void {
    this.#writer.stop()
    this.#sender.stopAll()
  }

  #step(message: Message): void {
    this.#raft.step(message)
    this.#noteChange()
    for (const ignored of this.#raft.takeIgnored()) {
      this.#events.ignored(ignored.from, describe(ignored))
    }
  }

  #dispatch(message: Message): void {
    switch (message.type) {
      case 'storage-append':
        return this.#append(message)
      case 'storage-apply':
        for (const entry of message.entries) this.#apply(entry)
        return this.#deliver(message.responses)
      case 'snapshot':
        return this.#sendSnapshot(message)
      case 'storage-append-response':
      case 'storage-apply-response':
      case 'propose':
      case 'read-index':
      case 'read-index-response':
        // Of these, none leaves a core whose storage is asynchronous and that forwards nothing.
        throw new Error(`the core sent a message of type ${message.type}`)
      default:
        this.#outbox.add(message.to, message, this.#isCommitOnly(message))
    }
  }

  /**
   * Whether it tells a member that has everything what is committed, and nothing else. While the configuration changes
   * members wait for such news.
   */
  #isCommitOnly(message: PeerMessage): boolean {
    if (message.type !== 'append' || message.entries.length > 0) return false
    return message.previousIndex === this.#raft.lastIndex && !this.#isChanging
  }

  #sendSnapshot({ to, term, snapshot }: SnapshotMessage): void {
    // One from before a member came says nothing of it, and it would refuse it.
    const isOf = memberIds(snapshot.confState).includes(to)
    const part = this.#sender.start(to, term, isOf ? snapshot : this.#events.snapshot())
    if (part !== undefined) this.#outbox.sendBulk(to, part)
  }

  #append(message: StorageAppend): void {
    // What it holds is committed: it may be shown before our own disk has it.
    if (message.snapshot !== undefined) this.#events.restored(message.snapshot)
    if (this.#writer.add(message)) this.#deliver(message.responses)
  }

  #apply(entry: Entry): void {
    if (entry.type === 'normal') return this.#events.apply(entry)
    const change = decodeConfigChange(entry.type, entry.data)
    const confState = change === undefined ? undefined : this.#raft.applyChange(change)
    this.#isChanging = true
    this.#events.configured(entry, confState)
  }

  #deliver(responses: readonly Message[]): void {
    for (const message of responses) {
      if (message.to === this.id) this.#step(message)
      else this.#dispatch(message)
    }
  }

  #written(responses: readonly Message[]): void {
    this.#deliver(responses)
    if (!this.#isAtWork) this.#events.wake()
  }

  #takePart(from: NodeId, part: SnapshotPart): void {
    const taken = this.#receiver.take(from, part)
    if (taken.kind === 'more') return
    if (taken.kind === 'ignored') return this.#events.ignored(from, taken.reason)
    const { snapshot } = taken
    this.#step({ type: 'snapshot', from, to: this.id, term: part.term, snapshot })
  }

  /**
   * A member that has just started does not know whom it promised not to elect another: under lease reads it votes for
   * nobody until any such promise has run out.
   */
  #isLeaseInDoubt({ type }: PeerMessage): boolean {
    if (!this.#options.leaseReads || this.#ticks > this.#options.electionTicks) return false
    return type === 'vote' || type === 'pre-vote'
  }

  #noteChange(): void {
    const { term, role, leader } = this.#raft
    const told = this.#told
    if (term === told.term && role === told.role && leader === told.leader) return
    if (told.role === 'leader' && (role !== 'leader' || term !== told.term)) this.#sender.stopAll()
    this.#told = { term, role, leader }
    this.#events.changed()
  }
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0
  for (const { data } of entries) bytes += data.length
  return bytes
}

function describe({ type, reason }: IgnoredMessage): string {
  return `${type}: ${reason}`
}
