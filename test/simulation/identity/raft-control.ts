/*
 * The control group as it is built: three members of a Raft group on virtual time, with the control state as an object
 * in it. They crash, are cut off and lose messages in the midst of commands; a command is asked again, under the same
 * number of its session, of whoever leads then.
 *
 * Beside it stands the state alone, which takes each command once, in the order and at the agreed time of the log. Every
 * answer must be the one that it gives: so what the group does more than order (codecs, sessions and their ends,
 * snapshots, answers that are kept) adds nothing and loses nothing. The simulation goes by that state.
 */
import { strict as assert } from 'node:assert'
import { inspect } from 'node:util'
import type { CallCommand, Command } from '#consensus/host/command.ts'
import { GroupState } from '#consensus/host/group-state.ts'
import type { Applied, Outcome } from '#consensus/host/outcome.ts'
import { decodeViewAnswer, encodeViewAnswer } from '#peer/identity/control-answer-codec.ts'
import { controlDescriptor, controlPlace, controlType } from '#peer/identity/control-object.ts'
import { decodeControlReply, encodeControlReply } from '#peer/identity/control-reply-codec.ts'
import { encodeControlCommand, encodeViewRequest } from '#peer/identity/control-wire-codec.ts'
import type {
  ControlCommand,
  ControlLimits,
  ControlReply,
  ViewAnswer,
  ViewRequest,
} from '#peer/identity/core/control-contract.ts'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { GroupCluster, type Ticket } from '#test/simulation/group-cluster.ts'
import { Random } from '#test/simulation/random.ts'
import type { Ordered } from './simulated-control.ts'

const VOTERS = 3
/** Longer than any run: here sessions end by a command only. */
const LEASE_MS = 3_600_000
/** What is asked by nobody in particular, as by the leader's policies. */
const HOUSEKEEPING = 'f'.repeat(32)
const ANSWER_MS_MAX = 60_000
const FAULT_CHANCE = 0.04
/** How often a request arrives twice, perhaps at two leaders. */
const REPEATED_CHANCE = 0.05

/** What happened to the group of one seed. */
export interface RaftCounts {
  commands: number
  askedAgain: number
  askedTwice: number
  sessionsEnded: number
  memberCrashes: number
  leadersCutOff: number
  outages: number
  leaders: number
  snapshotsRestored: number
}

/** Notes when each command was carried out: the same at every member. */
class TimedState extends GroupState {
  readonly #agreedMsByPosition: Map<number, number>
  readonly #counts: RaftCounts

  constructor(agreedMsByPosition: Map<number, number>, counts: RaftCounts) {
    super([controlType])
    this.#agreedMsByPosition = agreedMsByPosition
    this.#counts = counts
  }

  override apply(data: Uint8Array): Applied {
    const before = this.position
    const applied = super.apply(data)
    for (let position = before + 1; position <= this.position; position++) {
      const known = this.#agreedMsByPosition.get(position) ?? this.nowMs
      assert.equal(this.nowMs, known, 'members agree on the time')
      this.#agreedMsByPosition.set(position, known)
    }
    return applied
  }

  override restore(snapshot: Uint8Array): void {
    super.restore(snapshot)
    this.#counts.snapshotsRestored++
  }
}

interface Codec<Answer> {
  readonly encode: (answer: Answer) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Answer
}

const replies: Codec<ControlReply> = { encode: encodeControlReply, decode: decodeControlReply }
const views: Codec<ViewAnswer> = { encode: encodeViewAnswer, decode: decodeViewAnswer }

export class RaftControl implements Ordered {
  readonly state: ControlState
  readonly counts: RaftCounts = {
    ...{ commands: 0, askedAgain: 0, askedTwice: 0, sessionsEnded: 0, memberCrashes: 0 },
    ...{ leadersCutOff: 0, outages: 0, leaders: 0, snapshotsRestored: 0 },
  }
  readonly #cluster: GroupCluster<TimedState>
  readonly #random: Random
  readonly #agreedMsByPosition = new Map<number, number>()
  /** The last number that was given in each session of the group. */
  readonly #sequenceBySession = new Map<string, number>()
  readonly #ended = new Set<string>()
  readonly #object: number
  readonly #startedMs: number
  #position = 0

  constructor(seed: number, limits: Partial<ControlLimits>) {
    const random = new Random(seed ^ 0x4af7)
    this.#random = random
    this.state = new ControlState(limits)
    const isFoul = random.chance(0.7)
    this.#cluster = new GroupCluster({
      seed,
      machine: () => new TimedState(this.#agreedMsByPosition, this.counts),
      options: {
        // Small, so that all of it happens.
        snapshotLogBytes: random.pick([2_000, 20_000]),
        tailEntries: random.pick([0, 5, 50]),
        snapshotPartBytes: random.pick([300, 4_000]),
        checkpointCommands: random.pick([16, 64]),
      },
      weather: {
        lost: isFoul ? random.pick([0.01, 0.05]) : 0,
        ...{ repeated: isFoul ? 0.03 : 0, late: isFoul ? 0.01 : 0 },
        ...{ delayMsMin: 0, delayMsMax: random.pick([1, 3]), lateMsMax: 500 },
      },
      syncMsMax: random.pick([0, 2]),
      breakMsMax: random.chance(0.3) ? undefined : 20,
      drift: (id) => 0.005 * Math.sin(id * 2.4 + seed),
    })
    this.#cluster.foundVoters(VOTERS)
    const { space, name } = controlPlace
    const descriptor = controlDescriptor(this.state.limits)
    const opened = this.#outcome({ kind: 'open-object', space, name, descriptor })
    assert.ok(opened.kind === 'done', JSON.stringify(opened))
    this.#object = opened.value as number
    this.#startedMs = this.#cluster.clock.nowMs
  }

  /** Time runs on with every command, so the group's is ahead of the simulation's: what it agreed on counts. */
  agreedMs(): number {
    return this.#agreedMsByPosition.get(this.#position) ?? 0
  }

  apply(command: ControlCommand, nowMs: number): ControlReply {
    this.counts.commands++
    const { clock } = this.#cluster
    clock.run(Math.max(0, nowMs - (clock.nowMs - this.#startedMs)))
    if (this.#random.chance(FAULT_CHANCE)) this.#fault()
    const isOpen = (session: string): boolean =>
      this.#sequenceBySession.has(session) && !this.#ended.has(session)
    if (command.kind === 'end-session' && isOpen(command.session)) {
      return this.#endSession(command)
    }
    return this.#call(this.#sessionOf(command), command)
  }

  /** As the leader does when a lease has run out: the control state hears of it by the group alone. */
  #endSession(command: Extract<ControlCommand, { kind: 'end-session' }>): ControlReply {
    const { session } = command
    this.#ended.add(session)
    this.counts.sessionsEnded++
    const outcome = this.#outcome({
      kind: 'end-sessions',
      sessions: [session],
      reason: 'expired',
    })
    assert.equal(outcome.kind, 'done')
    const answer = this.state.apply(command, this.agreedMs())
    this.#compareOne()
    return answer
  }

  /** Under which session it is asked: under that of its member, as far as there is one. */
  #sessionOf(command: ControlCommand): string {
    if (command.kind === 'lease' || command.kind === 'reinstate') return command.session
    if (!('member' in command)) return HOUSEKEEPING
    const session = this.state.spaceByName.get(command.space)?.slotOf(command.member)?.session
    return session === undefined || this.#ended.has(session) ? HOUSEKEEPING : session
  }

  #call(session: string, command: ControlCommand): ControlReply {
    if (!this.#sequenceBySession.has(session)) {
      this.#sequenceBySession.set(session, 0)
      const opened = this.#outcome({ kind: 'open-session', session, leaseMs: LEASE_MS })
      assert.equal(opened.kind, 'done')
    }
    const acknowledged = this.#sequenceBySession.get(session)!
    const sequence = acknowledged + 1
    this.#sequenceBySession.set(session, sequence)
    const outcome = this.#callOutcome({
      ...{ kind: 'call', session, sequence, acknowledged },
      ...{ object: this.#object, path: [], method: 'command' },
      args: [encodeControlCommand(command)],
    })
    if (this.#ended.has(session)) {
      // What its owner would be told, who has to open another.
      assert.ok(outcome.kind === 'failed' && outcome.failure.code === 'SESSION_EXPIRED')
      return { kind: 'refused', reason: 'session-ended' }
    }
    return this.#same(replies, outcome, this.state.apply(command, this.agreedMs()))
  }

  /** Of a request that arrives twice both are answered alike, for it was carried out once. */
  #callOutcome(command: CallCommand): Outcome {
    if (!this.#random.chance(REPEATED_CHANCE)) return this.#outcome(command)
    this.counts.askedTwice++
    const repeated = this.#cluster.submit(command)
    const outcome = this.#outcome(command)
    const again = this.#answer(repeated)
    if (outcome.kind === 'done') assert.deepEqual(again, outcome, 'what is repeated is done once')
    return outcome
  }

  view(request: ViewRequest): ViewAnswer {
    const query = {
      ...{ object: this.#object, path: [], method: 'view' },
      args: [encodeViewRequest(request)],
    }
    return this.#same(views, this.#answer(this.#cluster.read(query)), this.state.view(request))
  }

  /** All processes of the group are gone at once, and come back with what is on their disks. */
  restart(): void {
    this.counts.outages++
    const cluster = this.#cluster
    cluster.network.heal()
    for (const { id, isUp } of cluster.members.values()) if (isUp) cluster.crash(id)
    for (const { id } of cluster.members.values()) cluster.restart(id)
    this.compareAll()
  }

  /** Once all members have all: they have what the state alone has. */
  compareAll(): void {
    const cluster = this.#cluster
    cluster.network.heal()
    for (const { id, isUp } of cluster.members.values()) if (!isUp) cluster.restart(id)
    const isThere = (): boolean =>
      cluster.live.every(({ machine }) => machine.position >= this.#position)
    assert.ok(cluster.until(isThere, ANSWER_MS_MAX), 'members of the group catch up')
    for (const { machine } of cluster.live) this.#compare(machine)
    const reports = [...cluster.members.values()].flatMap((member) => member.reports)
    assert.ok(!reports.some(({ kind }) => kind === 'object-diverged'), 'members are the same')
    const terms = reports.flatMap((report) =>
      report.kind === 'leader-changed' && report.leader !== 0 ? [report.term] : [],
    )
    this.counts.leaders = new Set(terms).size
  }

  /** Whoever has carried out the last command. */
  #compareOne(): void {
    const found = this.#cluster.live.find(({ machine }) => machine.position >= this.#position)
    if (found !== undefined) this.#compare(found.machine)
  }

  /** What everybody would be told of, whose life anything is known of: slots, sealings, records and graves. */
  #compare(machine: TimedState): void {
    for (const space of this.state.spaceByName.values()) {
      const lives = [...space.slots.keys()].map((index) => space.idAt(index))
      for (const member of [...lives, ...space.graveById.keys()]) {
        const request = { kind: 'view', space: space.name, member, epoch: 0 } as const
        const args = [encodeViewRequest(request)]
        const query = { object: this.#object, path: [], method: 'view', args }
        this.#same(views, machine.read(query), this.state.view(request))
      }
    }
  }

  #same<Answer>(codec: Codec<Answer>, outcome: Outcome, expected: Answer): Answer {
    assert.ok(outcome.kind === 'done', JSON.stringify(outcome))
    const bytes = outcome.value as Uint8Array
    const answer = codec.decode(bytes)
    if (Buffer.compare(bytes, codec.encode(expected)) !== 0) {
      // As text: reporters that write JSON have no big numbers.
      assert.fail(`the group answers ${text(answer)}, and the state alone ${text(expected)}`)
    }
    return answer
  }

  #outcome(command: Command): Outcome {
    const outcome = this.#answer(this.#cluster.submit(command))
    this.#position = outcome.position
    return outcome
  }

  #answer(ticket: Ticket): Outcome {
    const isAnswered = (): boolean => ticket.outcome !== undefined
    const why = `no answer after ${ticket.refusals.slice(-5).join(', ')}`
    assert.ok(this.#cluster.until(isAnswered, ANSWER_MS_MAX), why)
    this.counts.askedAgain += ticket.attempts - 1
    return ticket.outcome!
  }

  /** Something goes wrong with the leader or another member, in the midst of what comes next; it is mended after a while. */
  #fault(): void {
    const cluster = this.#cluster
    const { clock, leader, live } = cluster
    // A majority is to be left: the group is there for the model, but for outages.
    if (leader === undefined || live.length < VOTERS) return
    const member = this.#random.chance(0.7) ? leader : this.#random.pick(live)
    const mendMs = this.#random.pick([100, 1_000, 5_000])
    const { life } = member
    const isCrash = this.#random.chance(0.6)
    clock.after(this.#random.integer(0, 8), () => {
      if (cluster.live.length < VOTERS || member.life !== life) return
      if (!isCrash) {
        this.counts.leadersCutOff++
        const others = live.filter(({ id }) => id !== member.id).map(({ id }) => id)
        cluster.network.partition([member.id], others)
        clock.after(mendMs, () => cluster.network.heal())
        return
      }
      this.counts.memberCrashes++
      cluster.crash(member.id)
      clock.after(mendMs, () => {
        if (!member.isUp) cluster.restart(member.id)
      })
    })
  }
}

function text(answer: unknown): string {
  return inspect(answer, { depth: 8, breakLength: Infinity })
}
