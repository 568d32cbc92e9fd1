import { type ReplicaId } from '@joinery/crdt-objects/engine'
import {
  type ControlAnswer,
  type ControlCommand,
  type ViewRequest,
} from '../../identity/core/control-contract.ts'
import { type MemberStatus } from '../../identity/core/member-contract.ts'
import { type Message } from './message.ts'

/** How often the driver is to give a tick. Every limit in ticks is meant for about this length. */
export const tickMs = 100

/** What happens to a replica of a space. The driver hands each to `step`, one at a time. */
export type Input =
  /** Seal what was written here since the last batch, and let it out. It is booked with the next input, whatever that is. */
  | { readonly kind: 'local-batch' }
  /** Book what was let out, for want of any other input. */
  | { readonly kind: 'book' }
  /** Go on with the states that this neighbour is sent, or that come from it. */
  | { readonly kind: 'stream'; readonly neighbour: string }
  /**
   * A direct channel stands: messages either way arrive in order, once, until it breaks. Told again for a neighbour
   * that is up, it means that the channel is a new one.
   */
  | { readonly kind: 'neighbour-up'; readonly neighbour: string }
  /** The channel broke; what was on its way is lost. */
  | { readonly kind: 'neighbour-down'; readonly neighbour: string }
  | { readonly kind: 'message'; readonly neighbour: string; readonly message: Message }
  /** A batch that came by dissemination: late, twice, out of order, or not at all. */
  | { readonly kind: 'gossip'; readonly batch: Uint8Array; readonly from?: string | undefined }
  /** A batch too large for gossip exists. */
  | {
      readonly kind: 'announced'
      readonly origin: ReplicaId
      readonly last: number
      readonly from?: string | undefined
    }
  /** What a batch or state could not be taken without is loaded. */
  | { readonly kind: 'engine-loaded' }
  /** `random` is in [0, 1). */
  | { readonly kind: 'tick'; readonly random: number }
  /** Seal, and tell when `replicas` keepers hold everything written here so far. To be given again with each `shown`. */
  | { readonly kind: 'flush'; readonly id: number; readonly replicas: number }
  | { readonly kind: 'flush-cancel'; readonly id: number }
  /** The peer has this session at the control group now: time to speak with it. */
  | { readonly kind: 'contact'; readonly session: string }
  | { readonly kind: 'answer'; readonly answer: ControlAnswer }
  /**
   * The group is out of reach, and users shall not wait for it: they begin with nothing, under an id of no slot. What
   * they write is written again once there is a member.
   */
  | { readonly kind: 'begin-alone'; readonly replica: ReplicaId }
  /** Stop writing, hand over, leave; give it up after so many ticks. */
  | { readonly kind: 'retire'; readonly ticks: number }
  /** The group says that the space is no more. `random` is in [0, 1). */
  | { readonly kind: 'ended'; readonly random: number }

/** What the driver is to do, in this order. */
export type Effect =
  | { readonly kind: 'send'; readonly neighbour: string; readonly message: Message }
  /** Give a `stream` of this neighbour once it has taken most of what is on its way to it, and others had their turn. */
  | { readonly kind: 'stream-due'; readonly neighbour: string }
  | {
      readonly kind: 'disseminate'
      readonly origin: ReplicaId
      readonly last: number
      readonly batch: Uint8Array
    }
  | { readonly kind: 'announce'; readonly origin: ReplicaId; readonly last: number }
  /** A batch of this replica came, as such and not among others that were asked for. */
  | { readonly kind: 'received'; readonly origin: ReplicaId }
  /** `replicas` keepers held what the flush covers when this was said. */
  | { readonly kind: 'flushed'; readonly id: number; readonly replicas: number }
  /** What the flush covers is issued again: it is to be flushed again. */
  | { readonly kind: 'flush-void'; readonly id: number }
  /** Ask the control group; what it says comes as `answer`. */
  | { readonly kind: 'request'; readonly request: ControlCommand | ViewRequest }
  /** It is time for a `contact`. */
  | { readonly kind: 'contact-due' }
  | { readonly kind: 'status'; readonly status: MemberStatus }
  /** Users see something, or the present life in the place of what they saw. */
  | { readonly kind: 'shown' }
  /** So many batches of a life that is over: nobody knows any more whether they are in. */
  | { readonly kind: 'outcome-unknown'; readonly batches: number }
  /** So many batches that may be cut can no longer be issued again then. */
  | { readonly kind: 'unkept'; readonly batches: number }
  /** So many batches of a life that is over were issued again, but not in full: what they build on is gone. */
  | { readonly kind: 'issued-in-part'; readonly batches: number }
  | { readonly kind: 'retire-aborted' }
  /** Bytes that do not decode. Nothing changed. */
  | { readonly kind: 'quarantined'; readonly reason: string; readonly bytes: Uint8Array }
  /** An input that made no sense, and changed nothing. */
  | { readonly kind: 'ignored'; readonly reason: string }

/** What was sealed here and is for all. */
export type Outgoing = Extract<Effect, { kind: 'disseminate' | 'announce' }>

/** The bounds of one space's replication. */
export interface ReplicationLimits {
  /** Batches kept for neighbours that lack a few; whoever lacks more gets a state. */
  readonly logBytesMax: number
  readonly heldBatchesMax: number
  readonly heldBytesMax: number
  /** A larger batch is announced, and fetched. */
  readonly gossipBytesMax: number
  /** About how much one answer brings; who lacks more asks again. */
  readonly answerBytesMax: number
  /** About how large one message gets, so that no other traffic waits long behind it. */
  readonly messageBytesMax: number
  /** The largest batch taken from a neighbour in parts. */
  readonly batchBytesMax: number
  /** The largest state taken from a neighbour. */
  readonly stateBytesMax: number
  /** To how many neighbours a state may be on its way at a time. */
  readonly statesSentMax: number
  /** How often a neighbour chosen at random is told our digest. */
  readonly digestTicks: number
  /** After so long without a sign from the neighbour, an ask is made again. */
  readonly askTicks: number
  /** So long one neighbour has to answer before what is wanted is asked of another too. */
  readonly patienceTicks: number
  /** A want is given up after this, and left to the digests. */
  readonly wantTicks: number
  /** A batch held back is dropped after this; it can be fetched. */
  readonly heldTicks: number
  /** So long what is to be issued again waits for what it acted on. */
  readonly reissueTicks: number
  /** How many probes of one neighbour may wait here. */
  readonly probesMax: number
  /** How often the group is spoken with when nothing is known to have changed, and when something is under way. */
  readonly contactTicks: number
  readonly contactSoonTicks: number
  /** How many neighbours are told at once that something changed at the group. */
  readonly newsFanout: number
}

export const defaultLimits: ReplicationLimits = {
  logBytesMax: 16 * 2 ** 20,
  heldBatchesMax: 1024,
  heldBytesMax: 4 * 2 ** 20,
  gossipBytesMax: 256 * 2 ** 10,
  answerBytesMax: 2 ** 20,
  messageBytesMax: 64 * 2 ** 10,
  batchBytesMax: 16 * 2 ** 20,
  stateBytesMax: 2 ** 30,
  statesSentMax: 4,
  digestTicks: 20,
  askTicks: 30,
  patienceTicks: 5,
  wantTicks: 100,
  heldTicks: 600,
  reissueTicks: 600,
  probesMax: 64,
  contactTicks: 50,
  contactSoonTicks: 4,
  newsFanout: 3,
}
