import { type Identity, invalidValue } from '@joinery/crdt-objects'
import { type ClusterKey } from './cluster-key.ts'
import { checkExposure, checkGatewayOptions, type GatewayOptions } from './gateway/options.ts'
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
  /** Multiaddrs to listen on. Default `/ip4/127.0.0.1/tcp/0`: this machine only, any free port. */
  readonly listen?: readonly string[] | undefined
  /**
   * Multiaddrs of peers of the cluster, any of which introduces this one to all. They are tried until reached. A peer
   * that is given none founds a new cluster.
   */
  readonly bootstrap?: readonly string[] | undefined
  /** Default `gossip`; `direct` is cheaper in a small cluster. */
  readonly dissemination?: DisseminationName | undefined
  /** Opens a gateway for clients. */
  readonly gateway?: GatewayOptions | undefined
  /** Called for a replica id at each opening of a space. Default: random. */
  readonly identity?: (() => Identity) | undefined
  /** Told of what a healthy cluster does not show, for a log. */
  readonly onReport?: Reporter | undefined
  /** Its abort stops the peer, without draining. */
  readonly signal?: AbortSignal | undefined
}

const known = new Set<string>([
  'clusterKey',
  'listen',
  'bootstrap',
  'dissemination',
  'gateway',
  'identity',
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
  const { gateway } = options
  if (gateway !== undefined) {
    // Here too, so that a mistake is told before the cluster is joined.
    checkGatewayOptions(gateway)
    checkExposure(gateway.host, gateway.token)
  }
  const { dissemination = 'gossip' } = options
  if (dissemination !== 'gossip' && dissemination !== 'direct') {
    throw invalidValue("dissemination is 'gossip' or 'direct'", dissemination)
  }
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
