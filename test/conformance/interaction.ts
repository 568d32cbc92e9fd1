import type { ConfigChange } from '#consensus/raft/config-change.ts'
import type { Message, MessageType } from '#consensus/raft/message.ts'
import {
  renderEntry,
  renderMessage,
  renderMessageType,
  renderProgress,
  renderReady,
  renderRole,
} from '#consensus/raft/render.ts'
import type { ProposalRefusal } from '#consensus/raft/ready.ts'
import { isVoter } from '#consensus/raft/configuration.ts'
import { parseChanges } from './change-text.ts'
import { readMembers } from './member-options.ts'
import { type ScriptStep, positionals, valueOf } from './script.ts'
import { ScriptLog } from './script-log.ts'
import { ScriptMember } from './script-member.ts'
import { Transcript } from './transcript.ts'

/** No script of a correct group comes near. */
const roundsMax = 1_000

/** A group whose every move a script commands. Members are named by the order in which they were added, from 1 on. */
export class Interaction {
  readonly #members: ScriptMember[] = []
  readonly #transcript = new Transcript()
  /** Sent and not delivered, in order. */
  #messages: Message[] = []

  /** Carries a step out, and gives what it prints. */
  run(step: ScriptStep): string {
    this.#transcript.clear()
    const command = commands[step.command]
    const error = command === undefined ? 'unknown command' : command.call(this, step)
    return this.#transcript.finish(error ?? undefined)
  }

  addMembers(step: ScriptStep): string | undefined {
    const members = readMembers(step)
    if (typeof members === 'string') return members
    const { count, snapshot, config, logTerms } = members
    for (let n = 0; n < count; n++) {
      const log = new ScriptLog(snapshot, logTerms)
      this.#members.push(new ScriptMember({ ...config, id: this.#members.length + 1, log }))
    }
    return undefined
  }

  /** Loses everything but what storage holds. */
  restart(step: ScriptStep): void {
    const { node, log, config } = this.#first(step)
    const applied = log.snapshot().index
    this.#members[node.id - 1] = new ScriptMember({ ...config, log, applied })
  }

  stabilize(step: ScriptStep): string | undefined {
    const named = this.#named(step)
    const members = named.length > 0 ? named : this.#members
    const level = valueOf(step, 'log-level', '')
    return this.#transcript.withLevel(level, () => {
      for (let round = 0; round < roundsMax; round++) if (!this.#settle(members)) return undefined
      return `not stable after ${roundsMax} rounds`
    })
  }

  processReady(step: ScriptStep): void {
    this.#forEach(step, 'handling Ready', (member) => this.#processReady(member))
  }

  processAppendThread(step: ScriptStep): void {
    this.#forEach(step, 'processing append thread', (member) => this.#processAppend(member))
  }

  processApplyThread(step: ScriptStep): void {
    this.#forEach(step, 'processing apply thread', (member) => this.#processApply(member))
  }

  deliver(step: ScriptStep): void {
    const type = typeByName.get(valueOf(step, 'type', ''))
    if (valueOf(step, 'reversed', '') === 'true') this.#messages.reverse()
    // Once more what is still on its way: a network may repeat.
    if (valueOf(step, 'twice', '') === 'true') {
      this.#messages.push(...this.#messages.filter((message) => !isLocal(message)))
    }
    let count = 0
    for (const { key, values } of step.args) {
      if (values.length === 0) count += this.#deliver(Number(key), type, false)
      if (key === 'drop') for (const id of values) count += this.#deliver(Number(id), type, true)
    }
    if (count === 0) this.#transcript.line('no messages')
  }

  propose(step: ScriptStep): string | undefined {
    const data = new TextEncoder().encode(positionals(step)[1] ?? '')
    return refusalText(this.#first(step).node.propose([data]))
  }

  proposeChange(step: ScriptStep): string | undefined {
    const isV1 = valueOf(step, 'v1', 'false') === 'true'
    const transition = valueOf(step, 'transition', 'auto') as ConfigChange['transition']
    const changes = parseChanges(step.input)
    if (typeof changes === 'string') return changes
    if (!['auto', 'implicit', 'explicit'].includes(transition)) {
      return `unknown transition ${transition}`
    }
    if (isV1 && (changes.length > 1 || transition !== 'auto')) {
      return 'v1 conf change can only have one operation and no transition'
    }
    const change: ConfigChange = { transition, changes, context: new Uint8Array(0) }
    return refusalText(this.#first(step).node.proposeChange(change, isV1 ? 'config' : 'config-v2'))
  }

  readIndex(step: ScriptStep): string | undefined {
    const context = new TextEncoder().encode(positionals(step)[1] ?? '')
    return this.#first(step).node.readIndex(context) ? undefined : 'raft: no leader to ask'
  }

  tick(step: ScriptStep): void {
    const member = this.#first(step)
    const isElection = step.command === 'tick-election'
    const count = isElection ? member.config.electionTicks : member.config.heartbeatTicks
    for (let n = 0; n < count; n++) member.node.tick()
  }

  transferLeadership(step: ScriptStep): void {
    const from = Number(valueOf(step, 'from', ''))
    this.#member(from).node.transferLeader(Number(valueOf(step, 'to', '')))
  }

  reportUnreachable(step: ScriptStep): void {
    const [member, other] = this.#named(step)
    member!.node.reportUnreachable(other!.node.id)
  }

  reportSnapshot(step: ScriptStep): void {
    const [member, other] = this.#named(step)
    member!.node.reportSnapshot(other!.node.id, valueOf(step, 'ok', 'true') === 'true')
  }

  sendSnapshot(step: ScriptStep): void {
    const [from, to] = this.#named(step)
    const message: Message = {
      type: 'snapshot',
      from: from!.node.id,
      to: to!.node.id,
      term: from!.node.term,
      snapshot: from!.log.snapshot(),
    }
    this.#messages.push(message)
    this.#transcript.line(renderMessage(message))
  }

  compact(step: ScriptStep): string | undefined {
    const error = this.#first(step).log.compact(Number(positionals(step)[1]))
    if (error === undefined) this.showLog(step)
    return error
  }

  showLog(step: ScriptStep): void {
    const { log } = this.#first(step)
    const first = log.firstIndex()
    const last = log.lastIndex()
    const entries = log.entries(first, last + 1, Infinity)
    if (typeof entries === 'string' || entries.length === 0) {
      this.#transcript.line(`log is empty: first index=${first}, last index=${last}`)
    } else {
      for (const entry of entries) this.#transcript.line(renderEntry(entry))
    }
  }

  showStatus(step: ScriptStep): void {
    for (const progress of this.#first(step).node.status().progress) {
      this.#transcript.line(renderProgress(progress))
    }
  }

  showStates(): void {
    for (const { node } of this.#members) {
      const voter = isVoter(node.confState, node.id) ? '(Voter)' : '(Non-Voter)'
      const { id, role, term, leader } = node
      this.#transcript.line(`${id}: ${renderRole(role)} ${voter} Term:${term} Lead:${leader}`)
    }
  }

  campaign(step: ScriptStep): void {
    this.#first(step).node.campaign()
  }

  forgetLeader(step: ScriptStep): void {
    this.#first(step).node.forgetLeader()
  }

  setElectionTimeout(step: ScriptStep): void {
    this.#first(step).node.setElectionTimeoutTicks(Number(valueOf(step, 'timeout', '')))
  }

  setLevel(step: ScriptStep): string | undefined {
    return this.#transcript.setLevel(positionals(step)[0] ?? '')
  }

  /** One round of everything that each member can do; false if there was nothing. */
  #settle(members: readonly ScriptMember[]): boolean {
    let isBusy = false
    const visit = (
      what: string,
      isDue: (member: ScriptMember) => boolean,
      act: (member: ScriptMember) => void,
    ): void => {
      for (const member of members) {
        if (!isDue(member)) continue
        isBusy = true
        this.#transcript.under(`> ${member.node.id} ${what}`, () => {
          act(member)
        })
      }
    }
    visit(
      'handling Ready',
      ({ node }) => node.hasReady(),
      (member) => this.#processReady(member),
    )
    visit(
      'receiving messages',
      ({ node }) => this.#messages.some(({ to }) => to === node.id),
      ({ node }) => this.#deliver(node.id, undefined, false),
    )
    visit(
      'processing append thread',
      ({ appendWork }) => appendWork.length > 0,
      (member) => {
        while (member.appendWork.length > 0) this.#processAppend(member)
      },
    )
    visit(
      'processing apply thread',
      ({ applyWork }) => applyWork.length > 0,
      (member) => {
        while (member.applyWork.length > 0) this.#processApply(member)
      },
    )
    return isBusy
  }

  #processReady(member: ScriptMember): void {
    const ready = member.node.ready()
    this.#transcript.line(renderReady(ready))
    this.#messages.push(...member.carryOut(ready))
    if (!member.config.asyncStorageWrites) member.node.advance()
  }

  #processAppend(member: ScriptMember): void {
    const message = member.appendWork.shift()
    if (message === undefined) {
      this.#transcript.line('no append work to perform')
      return
    }
    member.append(message)
    this.#respond(message, message.responses)
  }

  #processApply(member: ScriptMember): void {
    const message = member.applyWork.shift()
    if (message === undefined) {
      this.#transcript.line('no apply work to perform')
      return
    }
    member.apply(message)
    this.#respond(message, message.responses)
  }

  #respond(request: Message, responses: readonly Message[]): void {
    this.#transcript.line('Processing:')
    this.#transcript.line(renderMessage(request, { withoutResponses: true }))
    this.#transcript.line('Responses:')
    for (const response of responses) this.#transcript.line(renderMessage(response))
    this.#messages.push(...responses)
  }

  /** Delivers to a member what was sent to it, or drops it; its own storage's answers are never lost. */
  #deliver(id: number, type: MessageType | undefined, isDropped: boolean): number {
    const taken: Message[] = []
    const rest: Message[] = []
    for (const message of this.#messages) {
      const isTaken =
        message.to === id &&
        !(isDropped && isLocal(message)) &&
        (type === undefined || message.type === type)
      ;(isTaken ? taken : rest).push(message)
    }
    this.#messages = rest
    for (const message of taken) {
      this.#transcript.line(`${isDropped ? 'dropped: ' : ''}${renderMessage(message)}`)
      if (!isDropped) this.#step(this.#member(id), message)
    }
    return taken.length
  }

  #step({ node }: ScriptMember, message: Message): void {
    node.step(message)
    for (const { reason } of node.takeIgnored()) {
      const text = reason === 'proposal-dropped' ? proposalDropped : ignoredText(reason)
      this.#transcript.line(text)
    }
  }

  #forEach(step: ScriptStep, what: string, act: (member: ScriptMember) => void): void {
    const members = this.#named(step)
    if (members.length === 1) act(members[0]!)
    else {
      for (const member of members) {
        this.#transcript.under(`> ${member.node.id} ${what}`, () => {
          act(member)
        })
      }
    }
  }

  #named(step: ScriptStep): ScriptMember[] {
    return positionals(step).map((id) => this.#member(Number(id)))
  }

  #first(step: ScriptStep): ScriptMember {
    return this.#member(Number(positionals(step)[0]))
  }

  #member(id: number): ScriptMember {
    const member = this.#members[id - 1]
    if (member === undefined) throw new Error(`no member ${id}`)
    return member
  }
}

type Command = (this: Interaction, step: ScriptStep) => string | undefined | void

const { prototype } = Interaction
const commands: Readonly<Record<string, Command | undefined>> = {
  'add-nodes': prototype.addMembers,
  campaign: prototype.campaign,
  compact: prototype.compact,
  'deliver-msgs': prototype.deliver,
  'forget-leader': prototype.forgetLeader,
  'log-level': prototype.setLevel,
  'process-append-thread': prototype.processAppendThread,
  'process-apply-thread': prototype.processApplyThread,
  'process-ready': prototype.processReady,
  propose: prototype.propose,
  'propose-conf-change': prototype.proposeChange,
  'raft-log': prototype.showLog,
  'raft-state': prototype.showStates,
  'read-index': prototype.readIndex,
  'report-snapshot': prototype.reportSnapshot,
  'report-unreachable': prototype.reportUnreachable,
  restart: prototype.restart,
  'send-snapshot': prototype.sendSnapshot,
  'set-randomized-election-timeout': prototype.setElectionTimeout,
  stabilize: prototype.stabilize,
  status: prototype.showStatus,
  'tick-election': prototype.tick,
  'tick-heartbeat': prototype.tick,
  'transfer-leadership': prototype.transferLeadership,
}

const typeByName = new Map<string, MessageType>(
  (
    [
      ...(['propose', 'append', 'append-response', 'vote', 'vote-response', 'pre-vote'] as const),
      ...(['pre-vote-response', 'heartbeat', 'heartbeat-response', 'snapshot'] as const),
      ...(['transfer-leader', 'timeout-now', 'read-index', 'read-index-response'] as const),
      ...(['storage-append', 'storage-append-response'] as const),
      ...(['storage-apply', 'storage-apply-response'] as const),
    ] satisfies readonly MessageType[]
  ).map((type) => [renderMessageType(type), type]),
)

const proposalDropped = 'raft proposal dropped'

/** Between a member and its own storage, where nothing is lost. */
function isLocal({ from, to }: Message): boolean {
  return from < 0 || from === to
}

function refusalText(result: 'ok' | ProposalRefusal): string | undefined {
  return result === 'ok' ? undefined : proposalDropped
}

function ignoredText(reason: string): string {
  return `raft: cannot step as ${reason.replaceAll('-', ' ')}`
}
