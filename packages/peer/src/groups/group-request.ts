import type { Command, Outcome, Query, SessionId } from '@joinery/consensus/host'
import type { NodeId, Refusal } from '@joinery/consensus/group'

interface ForWhom {
  /** A gateway asks for a client, who names objects by their numbers: what is the cluster's own is not for it. */
  readonly isForClient?: true | undefined
}

/** What the leader of a group is asked, at this peer or at another. */
export type GroupRequest =
  | ({ readonly kind: 'submit'; readonly group: number; readonly command: Command } & ForWhom)
  | ({ readonly kind: 'read'; readonly group: number; readonly query: Query } & ForWhom)
  | { readonly kind: 'renew'; readonly group: number; readonly session: SessionId }
  | {
      readonly kind: 'watch'
      readonly group: number
      readonly object: number
      readonly after: number
    }
  | { readonly kind: 'look'; readonly group: number }
  /** Lists the objects of a space, as many as one reply takes. */
  | { readonly kind: 'list'; readonly group: number; readonly space: string }
  /** Replaces a voter, whether it is there or not. */
  | { readonly kind: 'replace'; readonly group: number; readonly node: NodeId }

/** A group as its leader sees it. */
export interface GroupLook {
  readonly group: number
  readonly leader: NodeId
  readonly term: number
  readonly voters: readonly NodeId[]
  readonly learners: readonly NodeId[]
  /** Entries of the log that are applied. */
  readonly applied: number
  /** Commands applied since the group's birth. */
  readonly position: number
  readonly sessions: number
  readonly parked: number
}

/** An object in strong mode, as an inspector lists it. */
export interface ListedObject {
  readonly name: string
  readonly descriptor: string
}

export type GroupReply =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'renewed'; readonly isOpen: boolean }
  | { readonly kind: 'changed'; readonly position: number }
  | { readonly kind: 'look'; readonly look: GroupLook }
  | { readonly kind: 'list'; readonly objects: readonly ListedObject[] }
  | { readonly kind: 'accepted' }
  /** The request makes no sense. Nothing was done. */
  | { readonly kind: 'invalid'; readonly reason: string }
  | Refusal
