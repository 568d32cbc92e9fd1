import { invalidValue, type StrongSchema } from '@joinery/crdt-objects'
import { type ClusterKey } from './cluster-key.ts'
import { checkExposure, checkGatewayOptions, type GatewayOptions } from './gateway/options.ts'
import { groupsMax } from './groups/link-codec.ts'
import { type Reporter } from './report.ts'

/** How batches reach the other peers. Either way, anti-entropy brings what does not arrive. */
export type DisseminationName = 'gossip' | 'direct'

/** Options of {@link createPeer}. */
export interface PeerOptions {
  /**
   * The secret that all peers of the cluster hold, of 16 bytes at least. Without it the environment variable
   * JOINERY_CLUSTER_KEY is read. It never travels: peers prove to each other that they hold it.
   */
  readonly clusterKey?: ClusterKey | undefined
  /**
   * Multiaddrs to listen on. Default `/ip4/127.0.0.1/tcp/0`: this machine only, any free port. `[]`: none, where nobody can
   * connect to this peer; it works over the connections that it opens, and reaches others of its kind through a member
   * that is connected to both.
   */
  readonly listen?: readonly string[] | undefined
  /**
   * The port for lanes, on the same hosts: the sockets beside the connections of libp2p on which the frames of neighbours
   * travel faster. They need no name and no key of yours. Default 0, any free port; false: none. Where it cannot be
   * reached from, libp2p carries everything.
   */
  readonly lanePort?: number | false | undefined
  /**
   * Multiaddrs of peers of the cluster, any of which introduces this one to all. They are tried until reached. A peer
   * that is given none founds a new cluster.
   */
  readonly bootstrap?: readonly string[] | undefined
  /** Default `gossip`; `direct` is cheaper in a small cluster. */
  readonly dissemination?: DisseminationName | undefined
  /** Opens a gateway for clients. */
  readonly gateway?: GatewayOptions | undefined
  /**
   * This peer may vote in the groups that order objects in strong mode, and keep their state: for those that stay.
   * Default: true for the peer that founds the cluster, which has to, and false for those that join.
   */
  readonly voter?: boolean | undefined
  /**
   * This peer stays, so spaces are kept here before they are kept by peers that come and go: also those that nobody opened
   * here, while too few of its kind have them. Default: as `voter`.
   */
  readonly keeper?: boolean | undefined
  /** How many groups the cluster shall have, for its founder; who joins takes what is there. Default 1, at most 4096. */
  readonly groups?: number | undefined
  /** How many voters each group shall have at most: an odd number, of those that may vote. Default 5. */
  readonly votersMax?: number | undefined
  /** How long the connection to a voter may be gone before another peer takes its place. Default 60,000. */
  readonly voterReplaceMs?: number | undefined
  /**
   * A directory of this peer's own, in which the groups that it votes in keep their logs: what was acknowledged in
   * strong mode then survives when all peers stop. Without it, it lives in the memory of the voters.
   */
  readonly directory?: string | undefined
  /**
   * The builders of classes of strong objects, as `defineObject` gives them, that this peer is to host when it votes. A
   * class is known to the process once it is defined: naming it here is what makes a program import it.
   */
  readonly objects?: readonly ((...args: never) => StrongSchema)[] | undefined
  /**
   * How much of this process's heap, with its buffers, may live, as full garbage collections show; in between it takes up
   * to about twice that. Above it local operations that would add something are refused with HEAP_FULL, in all spaces, and
   * those of a gateway's clients; what takes something away is taken, and what other peers write. 96 MiB or more. Default:
   * no bound.
   */
  readonly heapBytesMax?: number | undefined
  /**
   * How many bytes this peer may write in a second, as the batches of its eventual objects take, in all spaces and those of
   * its gateway's clients included. Beyond, operations that would add something are refused with WRITE_RATE_EXCEEDED; what
   * takes something away is taken, and what other peers write. 1,000 or more. Default: no bound.
   */
  readonly writeBytesPerSecondMax?: number | undefined
  /**
   * An object of a space that nobody uses for so long, or up to twice that, is kept as bytes, a fraction of what it takes,
   * until somebody uses it. Those of more than about 4,000 entries are not, nor sums of floating point numbers.
   * Who joins is sent such an object more slowly. In ms, 100 or more, or Infinity for never. Default: 30,000 with
   * `heapBytesMax`, else never.
   */
  readonly idlePackMs?: number | undefined
  /** Told of what a healthy cluster does not show, for a log. */
  readonly onReport?: Reporter | undefined
  /** Its abort stops the peer, without draining. */
  readonly signal?: AbortSignal | undefined
}

const votersLimit = 15
/** Twice what an idle peer takes, with the WebAssembly that it has loaded: below it, nothing might ever be taken. */
const heapBytesLeast = 96 * 2 ** 20

const writeBytesLeast = 1000

const known = new Set<string>([
  'clusterKey',
  'listen',
  'lanePort',
  'bootstrap',
  'dissemination',
  'gateway',
  'voter',
  'keeper',
  'groups',
  'votersMax',
  'voterReplaceMs',
  'directory',
  'objects',
  'heapBytesMax',
  'writeBytesPerSecondMax',
  'idlePackMs',
  'onReport',
  'signal',
] satisfies (keyof PeerOptions)[])

/** @throws JoineryError VALUE_INVALID, for what the types do not tell from what a program reads elsewhere. */
export function checkOptions(options: PeerOptions): void {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw invalidValue('createPeer has no such option', name)
  }
  checkAddresses('listen', options.listen)
  checkAddresses('bootstrap', options.bootstrap)
  const { lanePort = false } = options
  if (lanePort !== false && !isIntegerWithin(lanePort, 0, 65_535))
    throw invalidValue('lanePort is a port, 0 for any free one, or false for none', lanePort)
  const { gateway } = options
  if (gateway !== undefined) {
    // Here too, so that a mistake is told before the cluster is joined.
    checkGatewayOptions(gateway)
    checkExposure(gateway.host, gateway.token)
  }
  checkVoting(options)
  const { heapBytesMax = Infinity, writeBytesPerSecondMax, dissemination = 'gossip' } = options
  if (!(heapBytesMax >= heapBytesLeast))
    throw invalidValue('heapBytesMax is a number of bytes, 96 MiB or more', heapBytesMax)
  if (writeBytesPerSecondMax !== undefined && !(writeBytesPerSecondMax >= writeBytesLeast))
    throw invalidValue(
      'writeBytesPerSecondMax is a number of bytes, 1,000 or more',
      writeBytesPerSecondMax,
    )
  const { idlePackMs = Infinity } = options
  if (!(idlePackMs >= 100))
    throw invalidValue('idlePackMs is a time in ms, 100 or more', idlePackMs)
  if (dissemination !== 'gossip' && dissemination !== 'direct') {
    throw invalidValue("dissemination is 'gossip' or 'direct'", dissemination)
  }
}

function checkVoting(options: PeerOptions): void {
  const { voter, keeper, groups = 1, votersMax = 1, voterReplaceMs = 0 } = options
  const { directory, objects = [] } = options
  if (voter !== undefined && typeof voter !== 'boolean')
    throw invalidValue('voter is true or false', voter)
  if (keeper !== undefined && typeof keeper !== 'boolean')
    throw invalidValue('keeper is true or false', keeper)
  if (!isIntegerWithin(groups, 1, groupsMax))
    throw invalidValue(`groups is an integer from 1 to ${groupsMax}`, groups)
  if (!isIntegerWithin(votersMax, 1, votersLimit) || votersMax % 2 === 0)
    throw invalidValue(`votersMax is an odd number from 1 to ${votersLimit}`, votersMax)
  if (!(voterReplaceMs >= 0))
    throw invalidValue('voterReplaceMs is a number of at least 0', voterReplaceMs)
  if (directory !== undefined && (typeof directory !== 'string' || directory === ''))
    throw invalidValue('directory is the path of a directory', directory)
  if (!Array.isArray(objects) || !objects.every((object) => typeof object === 'function'))
    throw invalidValue('objects are the builders that defineObject gives', objects)
}

function isIntegerWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

function checkAddresses(option: string, addresses: readonly string[] | undefined): void {
  if (addresses === undefined) return
  if (!Array.isArray(addresses))
    throw invalidValue(`${option} is an array of multiaddrs`, addresses)
  for (const address of addresses as readonly unknown[]) {
    if (typeof address === 'string' && /^(\/[^/\s]+)+$/.test(address)) continue
    throw invalidValue(
      `${option} takes multiaddrs such as /ip4/127.0.0.1/tcp/4001, not host:port`,
      address,
    )
  }
}
