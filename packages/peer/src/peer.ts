import type { GroupSummary } from '@joinery/client/protocol'
import { type SpaceOptions, type Spaces } from '@joinery/crdt-objects'
import { type LocalSpace } from './spaces/local-space.ts'

/** What a peer wrote and moved since it started, and who is there. */
export interface PeerStatistics {
  /** Local operations that changed something, and have left in a batch. */
  readonly updates: number
  /** Batches that carried them. */
  readonly batches: number
  /** Size of these batches, each counted once. */
  readonly bytes: number
  /** Other peers that are connected now. */
  readonly peers: number
  /** How many of them are reached by a lane, and not by libp2p alone. */
  readonly lanes: number
  /** Bytes handed to connections, over all neighbours: batches, messages of replication, membership. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Connections that this peer has tried to open, and those of them that did not come about. */
  readonly dials: number
  readonly dialsFailed: number
}

/** What became of what a peer wrote, when it left. */
export interface LeaveReport {
  /** Another peer holds all of it, or there was nothing. */
  readonly complete: boolean
  /** Updates that no other peer is known to hold. */
  readonly unsent: number
  /** How many other peers at least are known to hold all of it. */
  readonly heldBy: number
}

/** A member of a cluster that runs in this process, and keeps a replica of every space that is open in it. */
export interface Peer extends Spaces<'local'>, AsyncDisposable {
  /** The peer's id: its public key, new with each process. */
  readonly id: string
  /** Multiaddrs under which others reach this peer, its id included: what `bootstrap` takes. */
  readonly addresses: readonly string[]
  /** Where clients connect; undefined without a gateway. */
  readonly gatewayUrl: string | undefined
  /**
   * Opens a space. If other peers have it open, this waits for the state that they hold, for a few seconds at most.
   *
   * @throws JoineryError VALUE_INVALID, SPACE_ENDED, SPACE_LIFETIME_DIFFERS; CALL_TIMEOUT when what `after` stands for does
   *   not arrive within 10 s
   */
  space(name: string, options?: SpaceOptions): Promise<LocalSpace>
  /**
   * Hands over: resolves when one other peer at least holds every write made here, or at the deadline (default 5 s).
   * At once when there is nobody to take them. `unsent` is the number of updates that no other peer is known to hold.
   */
  drain(options?: { readonly deadlineMs?: number | undefined }): Promise<{
    readonly complete: boolean
    readonly unsent: number
  }>
  /**
   * Leaves the cluster: hands over as {@link drain} does, until the deadline (default 2 s; 0: at once, as a crash would),
   * gives back what its session holds in strong mode, tells its neighbours that it does not come back, and closes all
   * connections and timers. What nobody else holds by then is lost, and the report says how much that is.
   *
   * @throws JoineryError VALUE_INVALID
   */
  stop(options?: { readonly deadlineMs?: number | undefined }): Promise<LeaveReport>
  statistics(): PeerStatistics
  /**
   * The groups that order objects in strong mode, as their leaders see them; where none answers within a second, as this
   * peer does.
   */
  groups(): Promise<readonly GroupSummary[]>
}
