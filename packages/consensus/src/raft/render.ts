/*
 * Messages, entries and effects as text, in the words of etcd's scripts, so that both can be compared by a diff. Those
 * words are for reading: nothing parses them.
 */
import { decodeConfigChange, type MemberChange } from './config-change.ts'
import {
  appendThread,
  applyThread,
  type Message,
  type MessageType,
  type ProposedEntry,
} from './message.ts'
import type { Ready } from './ready.ts'
import type { ProgressStatus } from './status.ts'
import type { ConfState, Entry, HardState, NodeId, Role, Snapshot, SoftState } from './types.ts'

const typeNames: { readonly [Type in MessageType]: string } = {
  propose: 'MsgProp',
  append: 'MsgApp',
  'append-response': 'MsgAppResp',
  vote: 'MsgVote',
  'vote-response': 'MsgVoteResp',
  'pre-vote': 'MsgPreVote',
  'pre-vote-response': 'MsgPreVoteResp',
  heartbeat: 'MsgHeartbeat',
  'heartbeat-response': 'MsgHeartbeatResp',
  snapshot: 'MsgSnap',
  'transfer-leader': 'MsgTransferLeader',
  'timeout-now': 'MsgTimeoutNow',
  'read-index': 'MsgReadIndex',
  'read-index-response': 'MsgReadIndexResp',
  'storage-append': 'MsgStorageAppend',
  'storage-append-response': 'MsgStorageAppendResp',
  'storage-apply': 'MsgStorageApply',
  'storage-apply-response': 'MsgStorageApplyResp',
}
const roleNames: { readonly [Name in Role]: string } = {
  follower: 'StateFollower',
  candidate: 'StateCandidate',
  'pre-candidate': 'StatePreCandidate',
  leader: 'StateLeader',
}
const stateNames = {
  probe: 'StateProbe',
  replicate: 'StateReplicate',
  snapshot: 'StateSnapshot',
} as const
const entryTypeNames = {
  normal: 'EntryNormal',
  config: 'EntryConfChange',
  'config-v2': 'EntryConfChangeV2',
} as const
const changeLetters = { 'add-voter': 'v', 'add-learner': 'l', remove: 'r', update: 'u' } as const

export function renderMessageType(type: MessageType): string {
  return typeNames[type]
}

export function renderRole(role: Role): string {
  return roleNames[role]
}

/** One line, or more for several entries, a snapshot, or responses. */
export function renderMessage(
  message: Message,
  options: { readonly indent?: string; readonly withoutResponses?: boolean } = {},
): string {
  const { indent = '', withoutResponses = false } = options
  const { from, to, type, term } = message
  const fields = fieldsOf(message)
  const words = [
    `${indent}${renderTarget(from)}->${renderTarget(to)}`,
    typeNames[type],
    `Term:${term}`,
    `Log:${fields.logTerm ?? 0}/${fields.index ?? 0}`,
  ]
  if (fields.hint !== undefined) words.push(`Rejected (Hint: ${fields.hint})`)
  if (fields.commit) words.push(`Commit:${fields.commit}`)
  if (fields.vote) words.push(`Vote:${fields.vote}`)
  const entries = (fields.entries ?? []).map(renderEntry)
  if (entries.length === 1) words.push(`Entries:[${entries.join('')}]`)
  else if (entries.length > 1) words.push(`Entries:[${block(indent, entries)}]`)
  let text = words.join(' ')
  if (fields.snapshot) text += `\n${indent}  Snapshot: ${renderSnapshot(fields.snapshot)}`
  const responses = (fields.responses ?? []).map((response) => {
    return renderMessage(response, { indent: `${indent}  ` })
  })
  if (responses.length > 0 && !withoutResponses)
    text += ` Responses:[\n${responses.join('\n')}\n${indent}]`
  return text
}

export function renderEntry(entry: ProposedEntry & Partial<Entry>): string {
  const { type, data, term = 0, index = 0 } = entry
  const head = `${term}/${index} ${entryTypeNames[type]}`
  if (type === 'normal') return `${head} ${JSON.stringify(new TextDecoder().decode(data))}`
  const change = decodeConfigChange(type, data)
  if (change === undefined) return `${head} <not a change>`
  return change.changes.length === 0 ? head : `${head} ${renderChanges(change.changes)}`
}

export function renderChanges(changes: readonly MemberChange[]): string {
  return changes.map(({ kind, id }) => `${changeLetters[kind]}${id}`).join(' ')
}

/** What the driver is to do, a line for each thing. */
export function renderReady(ready: Ready): string {
  const lines: string[] = []
  const { softState, hardState, readStates, entries, snapshot, committedEntries, messages } = ready
  if (softState !== undefined) lines.push(renderSoftState(softState))
  if (hardState !== undefined && !isEmpty(hardState)) {
    lines.push(`HardState ${renderHardState(hardState)}`)
  }
  if (readStates.length > 0) {
    const reads = readStates.map(({ index, context }) => `{${index} [${context.join(' ')}]}`)
    lines.push(`ReadStates [${reads.join(' ')}]`)
  }
  if (entries.length > 0) lines.push('Entries:', ...entries.map(renderEntry))
  if (snapshot !== undefined) lines.push(`Snapshot ${renderSnapshot(snapshot)}`)
  if (committedEntries.length > 0) {
    lines.push('CommittedEntries:', ...committedEntries.map(renderEntry))
  }
  if (messages.length > 0) {
    lines.push('Messages:', ...messages.map((message) => renderMessage(message)))
  }
  if (lines.length === 0) return '<empty Ready>'
  return [`Ready MustSync=${ready.mustSync}:`, ...lines].join('\n')
}

export function renderProgress(progress: ProgressStatus): string {
  const { id, state, match, next, pendingSnapshot, inflightMessages } = progress
  const words = [`${id}: ${stateNames[state]} match=${match} next=${next}`]
  if (progress.isLearner) words.push('learner')
  if (progress.isPaused) words.push('paused')
  if (pendingSnapshot > 0) words.push(`pendingSnap=${pendingSnapshot}`)
  if (!progress.isActive) words.push('inactive')
  if (inflightMessages > 0) {
    words.push(`inflight=${inflightMessages}${progress.isInflightFull ? '[full]' : ''}`)
  }
  return words.join(' ')
}

/** As `voters=(1 2 3)&&(1) learners=(4) learners_next=(5) autoleave`. */
export function renderConfiguration(configuration: ConfState): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration
  const outgoing = votersOutgoing.length > 0 ? `&&(${votersOutgoing.join(' ')})` : ''
  const words = [`voters=(${voters.join(' ')})${outgoing}`]
  if (learners.length > 0) words.push(`learners=(${learners.join(' ')})`)
  if (learnersNext.length > 0) words.push(`learners_next=(${learnersNext.join(' ')})`)
  if (autoLeave) words.push('autoleave')
  return words.join(' ')
}

function renderSoftState({ leader, role }: SoftState): string {
  return `Lead:${leader} State:${roleNames[role]}`
}

function renderHardState({ term, vote, commit }: HardState): string {
  return vote === 0 ? `Term:${term} Commit:${commit}` : `Term:${term} Vote:${vote} Commit:${commit}`
}

function renderSnapshot({ index, term, confState }: Snapshot): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = confState
  const list = (ids: readonly NodeId[]): string => `[${ids.join(' ')}]`
  return (
    `Index:${index} Term:${term} ConfState:Voters:${list(voters)} ` +
    `VotersOutgoing:${list(votersOutgoing)} Learners:${list(learners)} ` +
    `LearnersNext:${list(learnersNext)} AutoLeave:${autoLeave}`
  )
}

function renderTarget(id: NodeId): string {
  if (id === appendThread) return 'AppendThread'
  if (id === applyThread) return 'ApplyThread'
  return id === 0 ? 'None' : id.toString(16)
}

function isEmpty({ term, vote, commit }: HardState): boolean {
  return term === 0 && vote === 0 && commit === 0
}

function block(indent: string, lines: readonly string[]): string {
  return `${lines.map((line) => `\n${indent}  ${line}`).join('')}\n${indent}`
}

interface Fields {
  readonly logTerm?: number
  readonly index?: number
  readonly hint?: number
  readonly commit?: number
  readonly vote?: NodeId
  readonly entries?: readonly (ProposedEntry & Partial<Entry>)[]
  readonly snapshot?: Snapshot | undefined
  readonly responses?: readonly Message[]
}

/** What is shown of a message, under the names that all kinds share. */
function fieldsOf(message: Message): Fields {
  switch (message.type) {
    case 'propose':
      return { entries: message.entries }
    case 'append': {
      const { previousTerm: logTerm, previousIndex: index, commit, entries } = message
      return { logTerm, index, commit, entries }
    }
    case 'append-response':
      if (!message.isRejected) return { index: message.index }
      return { logTerm: message.hintTerm, index: message.index, hint: message.hintIndex }
    case 'vote':
    case 'pre-vote':
      return { logTerm: message.lastTerm, index: message.lastIndex }
    case 'vote-response':
    case 'pre-vote-response':
      return message.isRejected ? { hint: 0 } : {}
    case 'heartbeat':
      return { commit: message.commit }
    case 'snapshot':
      return { snapshot: message.snapshot }
    case 'read-index':
      return { entries: [{ type: 'normal', data: message.context }] }
    case 'read-index-response':
      return { index: message.index, entries: [{ type: 'normal', data: message.context }] }
    case 'storage-append': {
      const { hardState, entries, snapshot, responses } = message
      return {
        commit: hardState?.commit ?? 0,
        vote: hardState?.vote ?? 0,
        entries,
        snapshot,
        responses,
      }
    }
    case 'storage-append-response': {
      const { logTerm, index, snapshot } = message
      return { logTerm, index, snapshot }
    }
    case 'storage-apply':
    case 'storage-apply-response':
      return message.type === 'storage-apply'
        ? { entries: message.entries, responses: message.responses }
        : { entries: message.entries }
    case 'heartbeat-response':
    case 'transfer-leader':
    case 'timeout-now':
      return {}
  }
}
