import { isJoineryError } from '@joinery/crdt-objects'
import { type Reporter } from '../report.ts'
import { carryOut, type HostedMember } from './carry-out.ts'
import type { GroupDirectory } from './core/group-directory.ts'
import type { GroupLinks } from './group-links.ts'
import type { GroupReply, GroupRequest } from './group-request.ts'
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from './request-codec.ts'
import type { LeaderPort } from './routed-log.ts'

/** What requests need of the groups at this peer. */
export interface RequestPorts {
  readonly directory: GroupDirectory
  readonly links: GroupLinks
  readonly report: Reporter
  memberOf(group: number): RequestedMember | undefined
  groupCount(): number
}

export interface RequestedMember extends HostedMember {
  readonly isLeader: boolean
}

/** Requests to the leaders of groups: ours, to here or to another peer, and those of others. */
export class GroupRequests implements LeaderPort {
  readonly #ports: RequestPorts
  readonly #listeners = new Set<() => void>()

  constructor(ports: RequestPorts) {
    this.#ports = ports
  }

  get groupCount(): number {
    return this.#ports.groupCount()
  }

  ask(request: GroupRequest, done: (reply: GroupReply) => void): (() => void) | undefined {
    const { group } = request
    const own = this.#ports.memberOf(group)
    if (own?.isLeader === true) return carryOut(own, request, done)
    const { directory, links } = this.#ports
    const known = directory.leaderOf(group)?.peer
    const peer = known ?? (own && directory.peerOf(own.node.status().leader))
    if (peer === undefined) return undefined
    return links.request(peer, encodeRequest(request), (result) => {
      done(result instanceof Uint8Array ? this.#take(result, group, peer) : unsent(result))
    })
  }

  onLeaderChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A group has another leader, as far as this peer knows: whoever waits for one tries again. */
  leaderChanged(): void {
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }

  /** Carries out what another peer asks. Gives what ends the wait. */
  serve(body: Uint8Array, reply: (body: Uint8Array) => void): () => void {
    const answer = (found: GroupReply): void => reply(encodeReply(found))
    let request: GroupRequest
    try {
      request = decodeRequest(body)
    } catch (error) {
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      answer({ kind: 'invalid', reason: error.details.reason })
      return () => undefined
    }
    const member = this.#ports.memberOf(request.group)
    if (member !== undefined) return carryOut(member, request, answer)
    answer({ kind: 'not-leader', leader: 0 })
    return () => undefined
  }

  /** Whoever does not lead may know who does. */
  #take(body: Uint8Array, group: number, peer: string): GroupReply {
    let reply: GroupReply
    try {
      reply = decodeReply(body)
    } catch (error) {
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      this.#ports.report({ kind: 'group-message-ignored', group, reason: error.details.reason })
      return { kind: 'lost' }
    }
    const { directory } = this.#ports
    if (reply.kind === 'not-leader') directory.redirect(group, peer, directory.peerOf(reply.leader))
    return reply
  }
}

function unsent(result: 'lost' | 'busy' | 'down'): GroupReply {
  if (result === 'lost') return { kind: 'lost' }
  if (result === 'down') return { kind: 'not-leader', leader: 0 }
  return { kind: 'busy', reason: 'The leader does not read as fast as it is asked' }
}
