/*
 * The groups of the cluster, at one peer: those of their members that are here, and the way to the others. How many
 * groups there are is fixed by the founder, and told to all who join.
 *
 * A founder is the only voter of each group at first. A peer that may become a voter says so, and under which id; the
 * leaders make members of it when they like. Its member of a group comes into being with the first message from the
 * group's leader. An id is used for one membership: who was removed is a candidate under another one.
 */
import type { NodeId } from '@joinery/consensus/group'
import { type Reporter } from '../report.ts'
import { type ClusterFile, randomNode } from './cluster-record.ts'
import { GroupDirectory } from './core/group-directory.ts'
import type { Presence } from './core/presence.ts'
import type { LinkedNode, VoterSettings } from './core/voter-plan.ts'
import { GroupLinks, type LinkPorts, type MemberBytes } from './group-links.ts'
import { GroupRequests } from './group-requests.ts'
import { type Beginning, Member, type MemberMaker } from './member.ts'

/** What a host needs of its surroundings. */
export interface GroupHostPorts {
  readonly links: LinkPorts
  readonly make: MemberMaker
  /** What becomes of the log of a member that was removed. */
  readonly discard: (group: number, node: NodeId) => Promise<void>
  readonly file: ClusterFile
  readonly report: Reporter
  now(): number
  /** The cluster's id in hex, known once a member has been met. */
  readonly clusterId: () => string
}

export interface GroupHostOptions extends VoterSettings {
  /** It may be made a voter. */
  readonly isCandidate: boolean
  readonly isDurable: boolean
}

const tickMs = 50
/** The plan of the voters is looked at every so many ticks. */
const planTicks = 5
const handOverMaxMs = 2000
/** A member that was removed tells the others that it knows, before it is gone. */
const removedAfterMs = 1000

/** All groups at one peer. */
export class GroupHost {
  readonly links: GroupLinks
  readonly requests: GroupRequests
  readonly directory = new GroupDirectory()
  readonly #ports: GroupHostPorts
  readonly #options: GroupHostOptions
  readonly #members = new Map<number, Member>()
  /** Groups whose member is coming or going. */
  readonly #making = new Set<number>()
  #isJoined = false
  #isLeaving = false
  #isStopped = false
  #isAnnouncing = false
  #ticks = 0
  #timer: NodeJS.Timeout | undefined

  constructor(ports: GroupHostPorts, options: GroupHostOptions) {
    this.#ports = ports
    this.#options = options
    this.links = new GroupLinks(ports.links, {
      presence: () => this.#presence(),
      onPresence: (peer, presence) => this.#onPresence(peer, presence),
      onDown: (peer) => this.#onDown(peer),
      onMessage: (peer, group, message) => this.#onMessage(peer, group, message),
      onPartSent: (peer, group, ok) => {
        this.#members.get(group)?.node.partSent(this.directory.nodeOf(peer, group), ok)
      },
      serve: (_peer, body, reply) => this.requests.serve(body, reply),
    })
    this.requests = new GroupRequests({
      ...{ directory: this.directory, links: this.links, report: ports.report },
      memberOf: (group) => this.#members.get(group),
      groupCount: () => this.groupCount,
    })
  }

  /** 0 while no member was met that knows. */
  get groupCount(): number {
    return this.#ports.file.record.groups
  }

  /** Begins as the only voter of every group. */
  async found(): Promise<void> {
    const { node, groups } = this.#ports.file.record
    const members = Array.from({ length: groups }, (_, group) => ({ group, node }))
    for (const { group } of members) await this.#make(group, node, 'found')
    // After the logs: a record of members without any would be of a group that nobody can ever decide in.
    await this.#ports.file.change({ members })
    this.#isJoined = true
  }

  /** Goes on with the members that were here before a restart. */
  async restore(): Promise<void> {
    this.#isJoined = true
    const { members } = this.#ports.file.record
    for (const { group, node } of members) await this.#make(group, node, 'restore')
  }

  /** The member of a group that is here. */
  memberOf(group: number): Member | undefined {
    return this.#members.get(group)
  }

  /**
   * Lets others take over before this peer stops: whoever leads here hands over, and a voter whose log ends with this
   * process is let go, if the others can decide without it. Resolves when that is done, or cannot be.
   */
  async handOver(): Promise<void> {
    if (!this.#isMissed()) return
    this.#isLeaving = true
    this.links.announce()
    const endMs = this.#ports.now() + handOverMaxMs
    while (this.#isMissed() && this.#ports.now() < endMs) {
      this.#planAll()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Ends all members: what is under way is lost. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    const members = [...this.#members.values()]
    this.#members.clear()
    await Promise.all(members.map(async ({ node }) => await node.stop()))
  }

  #presence(): Presence {
    const { isCandidate, isDurable } = this.#options
    const { node, groups } = this.#ports.file.record
    const members = [...this.#members.values()]
    return {
      node: this.#isJoined ? node : 0,
      isCandidate: isCandidate && this.#isJoined && !this.#isLeaving,
      ...{ isDurable, isLeaving: this.#isLeaving, groups },
      members: members.map((member) => ({
        ...{ group: member.group, node: member.node.id },
        leads: member.isLeader ? member.term : 0,
      })),
    }
  }

  /** Once for all that changes in one turn: with many groups much does. */
  #announceSoon(): void {
    if (this.#isAnnouncing) return
    this.#isAnnouncing = true
    this.#ports.links.defer(() => {
      this.#isAnnouncing = false
      if (!this.#isStopped) this.links.announce()
    })
  }

  #onPresence(peer: string, presence: Presence): void {
    this.directory.learn(peer, presence)
    if (this.groupCount === 0 && presence.groups > 0) this.#join(presence.groups)
    this.requests.leaderChanged()
  }

  /** Now it is known which cluster this is: it is remembered before anybody learns of an id of ours. */
  #join(groups: number): void {
    const { file, report, clusterId } = this.#ports
    file.change({ groups, cluster: clusterId() }).then(
      () => {
        this.#isJoined = true
        this.#announceSoon()
      },
      (error: unknown) => {
        report({ kind: 'group-storage-failed', group: undefined, error })
      },
    )
  }

  #onDown(peer: string): void {
    const held = this.directory.membersOf(peer)
    this.directory.forget(peer)
    for (const { group, node } of held) this.#members.get(group)?.node.unreachable(node)
  }

  #onMessage(peer: string, group: number, { to, bytes }: MemberBytes): void {
    const from = this.directory.nodeOf(peer, group)
    if (from === 0 || group >= this.groupCount || this.#isStopped) return
    const member = this.#members.get(group)
    if (member !== undefined) {
      if (member.node.id === to) member.node.receive(from, bytes)
      return
    }
    // The first message of a leader that makes a member of this peer. It is sent again.
    const isOurs = this.#isJoined && to === this.#ports.file.record.node
    if (isOurs && this.#options.isCandidate) void this.#make(group, to, 'join')
  }

  async #make(group: number, id: NodeId, beginning: Beginning): Promise<void> {
    if (this.#making.has(group)) return
    this.#making.add(group)
    try {
      if (beginning === 'join') await this.#keep(group, id)
      const member = await Member.make({ group, id, beginning }, this.#options, {
        ...{ make: this.#ports.make, report: this.#ports.report },
        send: (to, bytes, isBulk) => this.#send(group, { to, bytes }, isBulk),
        onLeaderChanged: () => {
          this.#announceSoon()
          this.requests.leaderChanged()
        },
        onRemoved: () => {
          const timer = setTimeout(() => void this.#remove(group, id), removedAfterMs)
          timer.unref()
        },
      })
      if (this.#isStopped) await member.node.stop()
      else this.#members.set(group, member)
      this.#announceSoon()
      this.#startTicking()
    } catch (error) {
      // Who cannot go on with what it had must not begin as if it had nothing.
      if (beginning !== 'join') throw error
      this.#ports.report({ kind: 'group-storage-failed', group, error })
    } finally {
      this.#making.delete(group)
    }
  }

  async #keep(group: number, node: NodeId): Promise<void> {
    const { members } = this.#ports.file.record
    if (members.some((member) => member.group === group)) return
    await this.#ports.file.change({ members: [...members, { group, node }] })
  }

  async #remove(group: number, id: NodeId): Promise<void> {
    const member = this.#members.get(group)
    if (member?.node.id !== id || this.#isStopped || this.#isLeaving) return
    if (this.#making.has(group)) return
    this.#making.add(group)
    const { file, report, discard } = this.#ports
    try {
      await member.node.stop()
      const members = file.record.members.filter((kept) => kept.group !== group)
      await file.change({ members, node: randomNode() })
      await discard(group, id)
    } catch (error) {
      report({ kind: 'group-storage-failed', group, error })
      return
    } finally {
      this.#making.delete(group)
    }
    this.#members.delete(group)
    this.#announceSoon()
  }

  #send(group: number, message: MemberBytes, isBulk: boolean): void {
    const peer = this.directory.peerOf(message.to)
    if (peer !== undefined) {
      if (isBulk) this.links.sendPart(peer, group, message)
      else this.links.sendMessage(peer, group, message)
    } else if (isBulk) {
      this.#ports.links.defer(() => this.#members.get(group)?.node.partSent(message.to, false))
    }
  }

  #startTicking(): void {
    if (this.#timer !== undefined || this.#isStopped) return
    this.#timer = setInterval(() => {
      for (const { node } of this.#members.values()) node.tick()
      if (++this.#ticks % planTicks === 0) this.#planAll()
    }, tickMs)
    this.#timer.unref()
  }

  #planAll(): void {
    const now = this.#ports.now()
    for (const member of this.#members.values()) {
      const { group, node } = member
      if (member.isLeader) member.plan(this.#linkedNodes(member), now)
      else if (member.isForgotten(this.directory.leaderOf(group) !== undefined))
        void this.#remove(group, node.id)
    }
  }

  /** The peers that are linked, as one group names them. */
  #linkedNodes({ group, node }: Member): ReadonlyMap<NodeId, LinkedNode> {
    const linked = new Map<NodeId, LinkedNode>()
    for (const [peer, { isCandidate, isDurable, isLeaving }] of this.directory.peers) {
      const named = this.directory.nodeOf(peer, group)
      const isFresh = !this.directory.holds(peer, group)
      if (named !== 0) linked.set(named, { isCandidate, isFresh, isDurable, isLeaving })
    }
    const { isCandidate, isDurable } = this.#options
    linked.set(node.id, { isCandidate, isFresh: false, isDurable, isLeaving: this.#isLeaving })
    return linked
  }

  /** Whether a group would miss this peer, and somebody could do something about it. */
  #isMissed(): boolean {
    if (this.directory.size === 0) return false
    const { isDurable } = this.#options
    return [...this.#members.values()].some((member) => member.isMissed(isDurable))
  }
}
