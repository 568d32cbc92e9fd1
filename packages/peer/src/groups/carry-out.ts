import type { Command, Outcome } from '@joinery/consensus/host'
import type { GroupMember, NodeId, Refusal } from '@joinery/consensus/group'
import { controlPlace } from '../identity/control-object.ts'
import type { GroupLook, GroupReply, GroupRequest, ListedObject } from './group-request.ts'

/** A member of a group at this peer, with what its state machine can tell besides. */
export interface HostedMember {
  readonly node: GroupMember
  /** What the inspector shows of the state. */
  counts(): { readonly sessions: number; readonly parked: number }
  /** The objects of a space, as many as one reply takes. */
  list(space: string): readonly ListedObject[]
  /** Whether objects of this descriptor can be hosted here, in that space. */
  canHost(space: string, descriptor: string): boolean
  /** Whether it is the cluster's own object, which is for peers and not for clients. */
  isReserved(object: number): boolean
  /** Loads what an object of this descriptor is made with; undefined when it is there. */
  prepareFor(descriptor: string): Promise<void> | undefined
  /** Has the plan replace a voter. */
  condemn(node: NodeId): void
}

const nothing = (): void => undefined

/** Carries out what the leader of a group is asked; who does not lead says so. Gives what ends the wait. */
export function carryOut(
  hosted: HostedMember,
  request: GroupRequest,
  done: (reply: GroupReply) => void,
): () => void {
  const { node } = hosted
  switch (request.kind) {
    case 'submit':
      if (!isFromOutside(request.command)) {
        done({ kind: 'invalid', reason: `${request.command.kind} is for the group itself` })
        return nothing
      }
      if (isBeyond(hosted, request)) done(beyond)
      else submit(hosted, request.command, done)
      return nothing
    case 'read':
      if (isBeyond(hosted, request)) {
        done(beyond)
        return nothing
      }
      node.read(request.query, (result) => done(replyOf(result)))
      return nothing
    case 'renew':
      node.renew(request.session, (result) => {
        done(typeof result === 'boolean' ? { kind: 'renewed', isOpen: result } : result)
      })
      return nothing
    case 'watch':
      return node.watch(request.object, request.after, (result) => {
        done(typeof result === 'number' ? { kind: 'changed', position: result } : result)
      })
    case 'look':
    case 'list':
    case 'replace': {
      const { role, leader } = node.status()
      if (role !== 'leader') {
        done({ kind: 'not-leader', leader })
        return nothing
      }
      if (request.kind === 'look') done({ kind: 'look', look: lookAt(request.group, hosted) })
      else if (request.kind === 'list') {
        done({ kind: 'list', objects: hosted.list(request.space) })
      } else {
        hosted.condemn(request.node)
        done({ kind: 'accepted' })
      }
      return nothing
    }
  }
}

const beyond = { kind: 'invalid', reason: 'the object is the cluster’s own' } as const

/** Whether a client asks for what is not for clients. */
function isBeyond(
  hosted: HostedMember,
  request: Extract<GroupRequest, { kind: 'submit' | 'read' }>,
): boolean {
  if (request.isForClient !== true) return false
  if (request.kind === 'read') return hosted.isReserved(request.query.object)
  return request.command.kind === 'call' && hosted.isReserved(request.command.object)
}

function submit(hosted: HostedMember, command: Command, done: (reply: GroupReply) => void): void {
  const goOn = (): void => hosted.node.submit(command, (result) => done(replyOf(result)))
  if (command.kind !== 'open-object') {
    goOn()
    return
  }
  // Others might carry it out: it must not come into the order.
  if (!hosted.canHost(command.space, command.descriptor)) {
    done({ kind: 'outcome', outcome: typeUnknown(hosted, command.descriptor) })
    return
  }
  const preparing = hosted.prepareFor(command.descriptor)
  if (preparing === undefined) goOn()
  else
    preparing.then(goOn, (error: unknown) => {
      done({ kind: 'invalid', reason: error instanceof Error ? error.message : String(error) })
    })
}

function typeUnknown({ node }: HostedMember, descriptor: string): Outcome {
  const type = /^\["(?:object:)?([^"]*)"/.exec(descriptor)?.[1] ?? ''
  const message =
    `the class ${type} is not defined at the leader of the group: every peer that votes imports its module, ` +
    'and names it among the `objects` of createPeer'
  const failure = { code: 'OBJECT_TYPE_UNKNOWN', message, details: { type }, retryable: false }
  return { kind: 'failed', position: node.status().position, failure }
}

/** A group as this member of it sees it. */
export function lookAt(group: number, hosted: HostedMember): GroupLook {
  const { leader, term, confState, applied, position } = hosted.node.status()
  const { voters, learners } = confState
  return { group, leader, term, voters, learners, applied, position, ...hosted.counts() }
}

/** What a group orders by itself nobody else may ask for. */
function isFromOutside(command: Command): boolean {
  switch (command.kind) {
    case 'quarantine':
      return false
    case 'end-sessions':
      return command.reason === 'closed'
    case 'delete-object':
    case 'end-space':
      return command.space !== controlPlace.space
    case 'open-session':
    case 'open-object':
    case 'call':
    case 'withdraw':
      return true
  }
}

type Result = Extract<GroupReply, { kind: 'outcome' }>['outcome'] | Refusal

function replyOf(result: Result): GroupReply {
  switch (result.kind) {
    case 'done':
    case 'failed':
    case 'withdrawn':
      return { kind: 'outcome', outcome: result }
    case 'not-leader':
    case 'busy':
    case 'lost':
      return result
  }
}
