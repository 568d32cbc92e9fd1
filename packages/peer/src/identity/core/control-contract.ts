import { type Lifetime } from '@joinery/crdt-objects'
import { type ReplicaId } from '@joinery/crdt-objects/engine'

/** That an incarnation ended, and after which of its updates. Never changes, so anyone may pass it on. */
export interface SealRecord {
  readonly incarnation: ReplicaId
  /** Its last update that is in: 0 when none is. */
  readonly last: number
}

/** The seals of one epoch: a replica enters it when it has applied each of them exactly to its end. */
export interface EpochRecord {
  readonly epoch: number
  readonly seals: readonly SealRecord[]
  /**
   * The lives that were leased in the epoch before it and go on. Invariant: all of them, so that each life which outlasts
   * the epoch of its lease is in one record: a vector takes for sealed what no record has named.
   */
  readonly born: readonly ReplicaId[]
}

/** What a member holds of an incarnation in sealing: applied, or staged without a gap and with all it depends on. */
export interface HeldReport {
  readonly incarnation: ReplicaId
  /** Of which sealing: a report of one that was cancelled must not count in the next. */
  readonly round: number
  readonly held: number
}

interface OfMember {
  readonly space: string
  readonly member: ReplicaId
  /** Grows with what this member asks: what is late never undoes what came after it. */
  readonly number: number
  /** The epoch that its replica is in. */
  readonly epoch: number
}

/** Members speak of all sealings at once, never of one: what depends on what is then reported together. */
export interface Report {
  readonly held: readonly HeldReport[]
  /** The epoch that its replica has settled. */
  readonly settled: number
}

interface Reporting extends OfMember, Report {}

interface Ending {
  readonly space: string
  /** Only if nothing has changed since this revision. Absent, it is somebody's word. */
  readonly revision?: number | undefined
}

export type MemberCommand =
  /**
   * A joiner is at the current epoch, has settled what all members have, and has fenced all that is in sealing: it is a
   * member from here on.
   */
  | ({ readonly kind: 'activate' } & Reporting)
  | ({ readonly kind: 'report' } & Reporting)
  /** The holder is back before its seal closed, with its state, under `session`. */
  | ({ readonly kind: 'reinstate'; readonly session: string } & Reporting)
  /** The holder leaves: it has handed over what it held, and wrote up to `claimed`. */
  | ({ readonly kind: 'retire'; readonly claimed: number } & OfMember)
  /** The incoming keeper holds what the keepers before it held when they learnt of the change `version`. */
  | ({ readonly kind: 'caught-up'; readonly version: number } & OfMember)
  /** The holder is the only one that is a member, or may be again, and gives the space up with all that is in it. */
  | ({ readonly kind: 'dissolve' } & OfMember)

export type ControlCommand =
  | MemberCommand
  | {
      readonly kind: 'found'
      readonly space: string
      readonly keepers: number
      readonly durability: number
      /** Absent, the space is forgotten some time after the last member has gone; and one that is there is taken as it is. */
      readonly lifetime?: Lifetime | undefined
    }
  /** `request` is the same when it is asked again. */
  | {
      readonly kind: 'lease'
      readonly space: string
      readonly session: string
      readonly request: number
      /** It is there to stay, and is chosen as a keeper before others. */
      readonly isStable?: boolean | undefined
      /** Somebody is in the space there, and it is not only kept. */
      readonly isUsed?: boolean | undefined
    }
  /** Whether somebody is in the space at the holder. `number` grows with what it says: what is late undoes nothing. */
  | {
      readonly kind: 'use'
      readonly space: string
      readonly member: ReplicaId
      readonly isUsed: boolean
      readonly number: number
    }
  /** A peer's session ended: all leases under it are sealed. */
  | { readonly kind: 'end-session'; readonly session: string }
  /** A member that renews blocks a seal for too long. */
  | { readonly kind: 'start-seal'; readonly space: string; readonly member: ReplicaId }
  /** The holder says itself that it is gone for good, with what nobody else has. */
  | { readonly kind: 'leave'; readonly space: string; readonly member: ReplicaId }
  /** Closes an epoch with all seals that are ready. The leader's beat. */
  | { readonly kind: 'close-epoch'; readonly space: string }
  /** Makes a member a keeper, in the place of `outgoing` or beside the others. */
  | {
      readonly kind: 'appoint-keeper'
      readonly space: string
      readonly incoming: ReplicaId
      readonly outgoing?: ReplicaId | undefined
    }
  | { readonly kind: 'abandon-keeper'; readonly space: string }
  /** The operator's word that keepers are gone for good: these are the keepers now. */
  | {
      readonly kind: 'replace-keepers'
      readonly space: string
      readonly keepers: readonly ReplicaId[]
    }
  /** Every member is gone: a new generation of the space, with nothing in it. */
  | ({ readonly kind: 'declare-lost' } & Ending)
  /** `generation` is one that the space has had, so that what is late ends no other of its name. */
  | ({ readonly kind: 'end-space'; readonly generation?: number | undefined } & Ending)
  /** The time that the space was given is over: refused before that, by agreed time. The leader's beat. */
  | { readonly kind: 'expire'; readonly space: string }
  /** The objects in strong mode of the ended space are gone, too: its name is free. */
  | { readonly kind: 'swept'; readonly space: string; readonly generation: number }

/** A read, which changes nothing: what a member is told at every contact. */
export interface ViewRequest {
  readonly kind: 'view'
  readonly space: string
  readonly member: ReplicaId
  readonly epoch: number
}

export type Standing =
  | { readonly status: 'leased' | 'active' | 'retiring' | 'sealing' }
  /** `last` is absent when the grave is gone: what became of the open intents is not known. */
  | { readonly status: 'sealed'; readonly last?: number | undefined }

export interface SealingView {
  readonly incarnation: ReplicaId
  readonly round: number
  /** The highest report of a current member, or what a retiring holder claimed. */
  readonly target: number
  /** What the asker has reported in this round. */
  readonly reported?: number | undefined
}

/** The keepers of a space. During a change of one for another only those that stay count. */
export interface KeeperView {
  readonly version: number
  readonly keepers: readonly ReplicaId[]
  /** How many keepers hold what is acknowledged. */
  readonly durability: number
  /** Fewer keepers are members than there are to be: until there are, less may be survived. */
  readonly isUnderReplicated: boolean
  readonly incoming?: ReplicaId | undefined
  readonly outgoing?: ReplicaId | undefined
}

/** What one member is told of its space. */
export interface SpaceView {
  readonly space: string
  readonly member: ReplicaId
  readonly generation: number
  /** The generation that it was founded with: another space of the same name has another. */
  readonly founded: number
  readonly lifetime: Lifetime | undefined
  /** Counts what changed here: of two views, the one with more is newer. */
  readonly revision: number
  readonly epoch: number
  /** No member is below it: records up to it are forgotten. */
  readonly floor: number
  /** No member has settled less, nor will any that activates later have. */
  readonly settledFloor: number
  /** Of the epochs after the asker's, as many from the first on as one answer takes: who enters those asks again. */
  readonly records: readonly EpochRecord[]
  readonly sealings: readonly SealingView[]
  readonly members: readonly ReplicaId[]
  /** Every incarnation that was ever a member and is not sealed: one in sealing may yet come back. */
  readonly unsealed: readonly ReplicaId[]
  readonly keepers: KeeperView
  readonly standing: Standing
  /** The epoch that the group knows the asker to be in, the one that it has settled, and the session that it holds its slot by. */
  readonly standingEpoch: number
  readonly standingSettled: number
  readonly standingSession: string
  /** The greatest number of the asker's commands: none with a smaller one will be carried out. */
  readonly standingNumber: number
  /** Whether the group knows of somebody who is in the space at the asker. */
  readonly standingIsUsed: boolean
  /**
   * While the space has had no member, how a replica begins with nothing: the lives that were leased before this epoch
   * and go on.
   */
  readonly genesis?: readonly ReplicaId[] | undefined
}

/** What comes of a command. The group keeps it while its caller may ask again, so it is small: a view is asked for apart. */
export type ControlReply =
  /** A member's command was carried out, or one that came later had overtaken it: the view tells how things stand. */
  | { readonly kind: 'taken' }
  /** `epoch` is the one that the space is in: a joiner has no replica that could be behind. */
  | {
      readonly kind: 'leased'
      readonly request: number
      readonly member: ReplicaId
      readonly epoch: number
    }
  | { readonly kind: 'done' }
  /** The keepers that were dropped, and of whom acknowledged updates may be lost with them. */
  | {
      readonly kind: 'replaced'
      readonly dropped: readonly ReplicaId[]
      readonly mayLose: readonly ReplicaId[]
    }
  /** Nothing changed. */
  | { readonly kind: 'refused'; readonly reason: ControlRefusal }

/** What comes of a question. */
export type ViewAnswer =
  | { readonly kind: 'view'; readonly view: SpaceView }
  | { readonly kind: 'refused'; readonly reason: ControlRefusal }

/** What whoever asks is told: the reply, and the view that goes with it. */
export type ControlAnswer =
  | { readonly kind: 'view'; readonly view: SpaceView }
  | {
      readonly kind: 'leased'
      readonly request: number
      readonly member: ReplicaId
      readonly view: SpaceView
    }
  | Extract<ControlReply, { readonly kind: 'done' | 'replaced' }>
  | {
      readonly kind: 'refused'
      readonly reason: ControlRefusal
      readonly view?: SpaceView | undefined
    }

export type ControlRefusal =
  | 'unknown-space'
  | 'exists-otherwise'
  | 'too-many-spaces'
  | 'no-free-slot'
  | 'session-ended'
  | 'not-its-time'
  | 'not-a-member'
  | 'last-member'
  | 'change-under-way'
  | 'invalid'

export interface ControlLimits {
  readonly spacesMax: number
  /** Peers that may have one space open at a time, those in sealing included. */
  readonly slotsMax: number
  /** Epochs kept for members that are behind; then only seals of those close. */
  readonly recordsMax: number
  /** Per space. At the bound the oldest grave goes. */
  readonly gravesMax: number
  /** So long, in agreed time, a sealed holder may ask what became of its updates. */
  readonly graveMs: number
  /** Sessions known to have ended, so that what they sent late is refused. At the bound the oldest goes. */
  readonly endedSessionsMax: number
}

export const defaultControlLimits: ControlLimits = {
  spacesMax: 4096,
  slotsMax: 4096,
  recordsMax: 256,
  gravesMax: 65_536,
  graveMs: 24 * 60 * 60 * 1000,
  endedSessionsMax: 65_536,
}
