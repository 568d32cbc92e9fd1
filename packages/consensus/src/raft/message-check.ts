/* Whether a peer's message is one that a correct peer could send. What is let through breaks no invariant. */
import { decodeConfigChange } from './config-change.ts'
import { isConfiguration } from './configuration.ts'
import type { Append, PeerMessage, Proposal } from './message.ts'
import type { RaftState } from './raft-state.ts'
import { contextBytesMax } from './reads.ts'
import type { IgnoredReason } from './ready.ts'
import type { NodeId } from './types.ts'

/** Undefined: nothing is wrong with it. */
export function findFault(state: RaftState, message: PeerMessage): IgnoredReason | undefined {
  if (message.to !== state.id) return 'not-for-us'
  if (!isId(message.from) || !isPlace(message.term)) return 'malformed'
  switch (message.type) {
    case 'append-response':
    case 'heartbeat-response':
    case 'vote-response':
    case 'pre-vote-response':
    case 'read-index-response':
      if (state.tracker.find(message.from) === undefined) return 'peer-not-found'
      break
    case 'append':
    case 'heartbeat':
    case 'snapshot':
    case 'vote':
    case 'pre-vote':
    case 'timeout-now':
      if (message.from === state.id) return 'malformed'
      break
    default:
  }
  return findFaultOfFields(message) ?? findFaultBetween(state, message)
}

function findFaultOfFields(message: PeerMessage): IgnoredReason | undefined {
  switch (message.type) {
    case 'propose':
      return isProposal(message) ? undefined : 'malformed'
    case 'read-index':
      return isContext(message.context) && message.context.length > 0 ? undefined : 'malformed'
    case 'append':
      return isAppend(message) ? undefined : 'malformed'
    case 'append-response':
      return message.term > 0 && isPlace(message.index) && isHint(message) ? undefined : 'malformed'
    case 'vote':
    case 'pre-vote':
      return message.term > 0 && isPosition(message.lastIndex, message.lastTerm)
        ? undefined
        : 'malformed'
    case 'heartbeat':
      return message.term > 0 && isPlace(message.commit) && isContext(message.context)
        ? undefined
        : 'malformed'
    case 'heartbeat-response':
      return message.term > 0 && isContext(message.context) ? undefined : 'malformed'
    case 'read-index-response':
      return message.term > 0 && isPlace(message.index) ? undefined : 'malformed'
    case 'snapshot': {
      const { index, term, confState } = message.snapshot
      if (!isPosition(index, term) || index === 0 || term > message.term) return 'malformed'
      return isConfiguration(confState) ? undefined : 'configuration-invalid'
    }
    case 'vote-response':
    case 'pre-vote-response':
    case 'transfer-leader':
    case 'timeout-now':
      return message.term > 0 ? undefined : 'malformed'
  }
}

/** What it says against what we know. */
function findFaultBetween(state: RaftState, message: PeerMessage): IgnoredReason | undefined {
  const { log } = state
  switch (message.type) {
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      if (message.term < state.term) return undefined
      if (message.term === state.term && state.leaderOfTerm !== 0) {
        if (message.from !== state.leaderOfTerm) return 'two-leaders'
      }
      // Only what we acknowledged is told to us as committed: our log lost something, or is another group's.
      if (message.type === 'heartbeat' && message.commit > log.lastIndex()) return 'beyond-log'
      return undefined
    case 'append-response':
      if (message.term !== state.term || state.role !== 'leader') return undefined
      return message.index > log.lastIndex() ? 'beyond-log' : undefined
    case 'read-index':
      return state.reads.isFull ? 'proposal-dropped' : undefined
    default:
      return undefined
  }
}

function isProposal({ entries }: Proposal): boolean {
  if (entries.length === 0) return false
  return entries.every(({ type, data }) => {
    return type === 'normal' || decodeConfigChange(type, data) !== undefined
  })
}

function isAppend(message: Append): boolean {
  const { term, previousIndex, previousTerm, commit, entries } = message
  if (!isPlace(commit) || !isPosition(previousIndex, previousTerm)) return false
  let lastTerm = previousTerm
  for (let place = 0; place < entries.length; place++) {
    const entry = entries[place]!
    if (entry.index !== previousIndex + 1 + place || !(entry.term >= lastTerm)) return false
    lastTerm = entry.term
  }
  return term > 0 && lastTerm <= term && isPlace(lastTerm)
}

function isHint(message: { readonly hintIndex: number; readonly hintTerm: number }): boolean {
  return isPlace(message.hintIndex) && isPlace(message.hintTerm)
}

function isContext(context: Uint8Array): boolean {
  return context.length <= contextBytesMax
}

function isPosition(index: number, term: number): boolean {
  return isPlace(index) && isPlace(term)
}

function isId(id: NodeId): boolean {
  return id > 0 && Number.isSafeInteger(id)
}

/** An index or a term. The bound leaves room to count on: at one a second, for longer than anything lasts. */
function isPlace(value: number): boolean {
  return value >= 0 && value <= 2 ** 52 && Number.isInteger(value)
}
