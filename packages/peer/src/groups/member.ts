import { parseDescriptor } from '@joinery/crdt-objects/engine'
import type { GroupState, HostedHere } from '@joinery/consensus/host'
import type { GroupMember, GroupReport, GroupTransport, NodeId } from '@joinery/consensus/group'
import { controlPlace, isControlDescriptor } from '../identity/control-object.ts'
import { type Report, type Reporter } from '../report.ts'
import type { HostedMember } from './carry-out.ts'
import type { ListedObject } from './group-request.ts'
import { type LinkedNode, VoterPlan, type VoterSettings } from './core/voter-plan.ts'

/** How a member begins: as the only voter, as one that knows nothing, or with what it had. */
export type Beginning = 'found' | 'join' | 'restore'

/** About ten seconds. */
const forgottenLooks = 40

/** How many objects one reply lists. */
const listedMax = 10_000

/** Which member of which group, and how it begins. */
export interface MemberName {
  readonly group: number
  readonly id: NodeId
  readonly beginning: Beginning
}

/** What a member is made with. */
export interface MemberParts extends MemberName {
  readonly transport: GroupTransport
  report(report: GroupReport): void
}

/** Makes the machinery of a member: its log, its state machine and its driver. */
export type MemberMaker = (
  parts: MemberParts,
) => Promise<{ readonly node: GroupMember; readonly machine: GroupState }>

/** What a member needs of its surroundings. */
export interface MemberPorts {
  readonly make: MemberMaker
  readonly report: Reporter
  send(to: NodeId, bytes: Uint8Array, isBulk: boolean): void
  /** The group has another leader, or none, as far as this member knows. */
  onLeaderChanged(): void
  /** This member is in the group no more. */
  onRemoved(): void
}

/** One group's member at this peer, and the plan by which it chooses voters while it leads. */
export class Member implements HostedMember {
  readonly group: number
  readonly #id: NodeId
  readonly #plan: VoterPlan
  readonly #ports: MemberPorts
  #node!: GroupMember
  #machine!: GroupState
  #leader: NodeId = 0
  #term = 0
  #looksAlone = 0
  #isChanging = false
  #isPrepared: boolean
  #preparing: Promise<void> | undefined

  private constructor(
    { group, id, beginning }: MemberName,
    settings: VoterSettings,
    ports: MemberPorts,
  ) {
    this.group = group
    this.#id = id
    this.#plan = new VoterPlan(settings)
    this.#ports = ports
    this.#isPrepared = beginning !== 'found'
  }

  static async make(
    name: MemberName,
    settings: VoterSettings,
    ports: MemberPorts,
  ): Promise<Member> {
    const member = new Member(name, settings, ports)
    const { node, machine } = await ports.make({
      ...name,
      transport: { send: (to, bytes, isBulk) => ports.send(to, bytes, isBulk) },
      report: (report) => member.#onReport(report),
    })
    member.#node = node
    member.#machine = machine
    return member
  }

  get node(): GroupMember {
    return this.#node
  }

  get isLeader(): boolean {
    return this.#leader === this.#id
  }

  get term(): number {
    return this.#term
  }

  /**
   * To be called with each look at the plan, saying whether the group is known to have a leader. True once that leader
   * has said nothing for so long that this member, which is no voter and so asks nobody, must have been removed.
   */
  isForgotten(hasLeader: boolean): boolean {
    this.#looksAlone = hasLeader && this.#leader === 0 ? this.#looksAlone + 1 : 0
    if (this.#looksAlone < forgottenLooks) return false
    return !this.#node.status().confState.voters.includes(this.#id)
  }

  counts(): { readonly sessions: number; readonly parked: number } {
    return { sessions: this.#machine.sessionCount, parked: this.#machine.parkedCount }
  }

  list(space: string): readonly ListedObject[] {
    return this.#machine.objectsOf(space).slice(0, listedMax)
  }

  /** An object as it is at this member, to be looked at. */
  hosted(space: string, name: string): HostedHere | undefined {
    return this.#machine.hosted(space, name)
  }

  canHost(space: string, descriptor: string): boolean {
    const isPlaced = isControlDescriptor(descriptor) === (space === controlPlace.space)
    return isPlaced && this.#machine.canHost(descriptor)
  }

  isReserved(object: number): boolean {
    return this.hosted(controlPlace.space, controlPlace.name)?.number === object
  }

  prepareFor(descriptor: string): Promise<void> | undefined {
    return this.#isPrepared || !needsEngine(descriptor) ? undefined : this.#prepare()
  }

  condemn(node: NodeId): void {
    this.#plan.condemn(node)
  }

  /** Of a leader: takes the next step towards the voters that there should be. */
  plan(linked: ReadonlyMap<NodeId, LinkedNode>, nowMs: number): void {
    if (this.#isChanging) return
    const { id, role, confState, lastIndex, progress } = this.#node.status()
    if (role !== 'leader') return
    const step = this.#plan.next({ ...{ self: id, nowMs, linked, confState, lastIndex, progress } })
    if (step === undefined) return
    // Alone, it loads what an object needs when one does. In company, others say what is opened.
    if (!this.#isPrepared) {
      this.#prepare().catch(() => undefined)
      return
    }
    if (step.kind === 'transfer') {
      this.#node.transferLeadership(step.to)
      return
    }
    this.#isChanging = true
    // Whatever came of it is seen at the next look.
    this.#node.change(step.change, () => {
      this.#isChanging = false
    })
  }

  /** Whether the group would miss this member: it leads, or votes and will not be back. */
  isMissed(isDurable: boolean): boolean {
    const { id, role, confState } = this.#node.status()
    const others = confState.voters.some((voter) => voter !== id)
    if (role === 'leader' && (others || (!isDurable && confState.learners.length > 0))) return true
    return !isDurable && others && confState.voters.includes(id)
  }

  #isMember(node: NodeId): boolean {
    // Not there while it is being made.
    const confState = this.#node?.status().confState
    if (confState === undefined) return false
    const { voters, votersOutgoing, learners } = confState
    return [voters, votersOutgoing, learners].some((nodes) => nodes.includes(node))
  }

  #prepare(): Promise<void> {
    this.#preparing ??= this.#machine.prepare().then(
      () => {
        this.#isPrepared = true
      },
      (error: unknown) => {
        this.#preparing = undefined
        this.#ports.report({ kind: 'group-storage-failed', group: this.group, error })
        throw error
      },
    )
    return this.#preparing
  }

  #onReport(report: GroupReport): void {
    switch (report.kind) {
      case 'leader-changed':
        this.#leader = report.leader
        this.#term = report.term
        this.#ports.onLeaderChanged()
        break
      case 'removed':
        this.#ports.onRemoved()
        break
      case 'membership-changed':
        break
      case 'storage-failed':
        this.#leader = 0
        this.#ports.report(reportOf(this.group, report))
        this.#ports.onLeaderChanged()
        break
      case 'message-ignored':
        // What one that was removed says late is no fault.
        if (this.#isMember(report.from)) this.#ports.report(reportOf(this.group, report))
        break
      case 'object-diverged':
        this.#ports.report(reportOf(this.group, report))
    }
  }
}

function reportOf(
  group: number,
  report: Extract<GroupReport, { kind: 'message-ignored' | 'storage-failed' | 'object-diverged' }>,
): Report {
  switch (report.kind) {
    case 'message-ignored':
      return { kind: 'group-message-ignored', group, reason: report.reason }
    case 'storage-failed':
      return { kind: 'group-storage-failed', group, error: report.error }
    case 'object-diverged':
      return { kind: 'object-diverged', group, object: report.object, members: report.members }
  }
}

/** Whether objects of this descriptor are kept in a library that is loaded when it is needed. */
function needsEngine(descriptor: string): boolean {
  try {
    return parseDescriptor(descriptor).engines.some(({ loaded }) => !loaded)
  } catch {
    // Of a class, or of nothing: the group says what it makes of it.
    return false
  }
}
