import type { NodeId } from '@joinery/consensus/group'
import type { HeldMember, Presence } from './presence.ts'

/** Who leads a group, as far as it is known. */
export interface KnownLeader {
  readonly peer: string
  readonly term: number
}

interface Known {
  readonly presence: Presence
  readonly memberByGroup: ReadonlyMap<number, HeldMember>
}

/**
 * Which peer has which member, and who leads: what the linked peers said of themselves. Of two that say that they lead a
 * group the one of the later term does; the other does not know yet.
 */
export class GroupDirectory {
  readonly #knownByPeer = new Map<string, Known>()
  readonly #peerByNode = new Map<NodeId, string>()
  readonly #leaderByGroup = new Map<number, KnownLeader>()

  /** `peer` is linked, and says this of itself; again when it changes. */
  learn(peer: string, presence: Presence): void {
    this.forget(peer)
    const memberByGroup = new Map(presence.members.map((member) => [member.group, member]))
    this.#knownByPeer.set(peer, { presence, memberByGroup })
    for (const node of nodesOf(presence)) this.#peerByNode.set(node, peer)
    for (const { group, leads } of presence.members) {
      if (leads > 0 && leads > (this.#leaderByGroup.get(group)?.term ?? 0))
        this.#leaderByGroup.set(group, { peer, term: leads })
    }
  }

  /** The link to `peer` is gone. */
  forget(peer: string): void {
    const known = this.#knownByPeer.get(peer)
    if (known === undefined) return
    this.#knownByPeer.delete(peer)
    for (const node of nodesOf(known.presence))
      if (this.#peerByNode.get(node) === peer) this.#peerByNode.delete(node)
    for (const [group, leader] of this.#leaderByGroup)
      if (leader.peer === peer) this.#relearnLeader(group)
  }

  /** `peer` answered that it does not lead the group, and that `leader` may. */
  redirect(group: number, peer: string, leader: string | undefined): void {
    if (this.#leaderByGroup.get(group)?.peer !== peer) return
    // On nobody's word but this: whoever says that it leads, of any term, is believed more.
    if (leader === undefined || leader === peer) this.#leaderByGroup.delete(group)
    else this.#leaderByGroup.set(group, { peer: leader, term: 0 })
  }

  peerOf(node: NodeId): string | undefined {
    return this.#peerByNode.get(node)
  }

  /** How the peer is named in the group, or would be; 0 for one that has said nothing. */
  nodeOf(peer: string, group: number): NodeId {
    const known = this.#knownByPeer.get(peer)
    return known?.memberByGroup.get(group)?.node ?? known?.presence.node ?? 0
  }

  /** All members that the peer has. */
  membersOf(peer: string): readonly HeldMember[] {
    return this.#knownByPeer.get(peer)?.presence.members ?? []
  }

  /** Whether the peer has a member of the group. */
  holds(peer: string, group: number): boolean {
    return this.#knownByPeer.get(peer)?.memberByGroup.has(group) ?? false
  }

  leaderOf(group: number): KnownLeader | undefined {
    return this.#leaderByGroup.get(group)
  }

  /** The linked peers that have said something of themselves. */
  get peers(): Iterable<readonly [peer: string, presence: Presence]> {
    return [...this.#knownByPeer].map(([peer, { presence }]) => [peer, presence] as const)
  }

  get size(): number {
    return this.#knownByPeer.size
  }

  #relearnLeader(group: number): void {
    this.#leaderByGroup.delete(group)
    for (const [peer, { memberByGroup }] of this.#knownByPeer) {
      const term = memberByGroup.get(group)?.leads ?? 0
      if (term > (this.#leaderByGroup.get(group)?.term ?? 0))
        this.#leaderByGroup.set(group, { peer, term })
    }
  }
}

function nodesOf({ node, members }: Presence): NodeId[] {
  const nodes = members.map((member) => member.node)
  return node === 0 ? nodes : [node, ...nodes]
}
