import type {
  GroupSummary,
  KeepersSummary,
  ObjectSummary,
  PeerSummary,
  SpaceSummary,
} from '@joinery/client/protocol'
import type { OrderedLog, Outcome, Visibility } from '@joinery/consensus/caller'
import type { CallCommand, Command, Query } from '@joinery/consensus/host'
import type { Kind, Space, SpaceOptions } from '@joinery/crdt-objects'
import type { VersionVector } from '@joinery/crdt-objects/engine'
import type { Known } from '../replication/group-contact.ts'
import type { Wanted } from '../spaces/wanted.ts'

/**
 * Gives the local handle of an object as it is to be served now: once this process opens the object with a validator,
 * clients are refused what the validator refuses.
 */
export type ServedObject = () => object

/** A space as a gateway serves it. */
export interface HostedSpace extends Space<'local'> {
  /** Opens an object for a caller whose schema came as a descriptor. @throws as {@link Space.open} */
  serve(name: string, kind: Kind): Promise<ServedObject>
  /** What is visible here. */
  readonly seen: VersionVector
  /** Another number whenever that is more. */
  readonly seenCount: number
  /** What the group has said of it; undefined while that is nothing. */
  readonly known: Known | undefined
  /** Aborted when the space has ended, with what its users are to be told. */
  readonly ended: AbortSignal
  /** Nobody is in it, though it stays open; or somebody is again. */
  idle(isIdle: boolean): void
  /** Resolves when all that is visible here. @throws JoineryError CALL_TIMEOUT */
  reach(vector: VersionVector, signal?: AbortSignal): Promise<void>
}

/** How a space is opened for a client. */
export interface HostedOptions extends SpaceOptions, Wanted {}

/** What a gateway serves: the spaces of the peer it belongs to, and a look at what is there. */
export interface GatewayHost {
  space(name: string, options?: HostedOptions): Promise<HostedSpace>
  readonly inspect: HostInspection
  /** The groups of the cluster, where objects are in strong mode; absent where there are none. */
  readonly strong?: StrongHost | undefined
}

/** What a group is asked for an outcome. */
export type OutcomeRequest =
  | {
      readonly kind: 'submit'
      readonly group: number
      readonly command: CallCommand | Extract<Command, { kind: 'withdraw' }>
    }
  | { readonly kind: 'read'; readonly group: number; readonly query: Query }

/** Who waits for an outcome: is told one of both, once, perhaps at once. */
export interface OutcomeSettle {
  answered(outcome: Outcome): void
  failed(error: unknown): void
}

/** Strong mode as a gateway needs it of its peer. */
export interface StrongHost {
  readonly log: OrderedLog
  /**
   * Asks as {@link StrongHost.log} does, without a promise and a signal for each call: those would cost a gateway more
   * than all else that it does for one. Gives what ends the wait: then nobody is told.
   */
  ask(request: OutcomeRequest, settle: OutcomeSettle): () => void
  /** What the gateway's peer sees to for its clients, whose eventual writes are in its replicas. */
  readonly visibility?: Visibility | undefined
  groups(): Promise<readonly GroupSummary[]>
  /** The objects of a space in strong mode. */
  objects(space: string): Promise<readonly ObjectSummary[]>
  /** Has a voter replaced, whether it is there or not. */
  replaceVoter(group: number, node: number): Promise<void>
  /** Who keeps a space; with `isWordGiven` those that are gone are dropped. */
  keepers(space: string, isWordGiven: boolean): Promise<KeepersSummary>
}

/** What can be seen of a peer without any schema. */
export interface HostInspection {
  spaces(): readonly SpaceSummary[]
  /** The objects of one of the peer's spaces. */
  objects(space: string): readonly ObjectSummary[]
  /** An object that is there; opens nothing. */
  find(space: string, name: string): ServedObject | undefined
  peers(): readonly PeerSummary[]
}
