import './polyfill.ts'
import { type GatewayOptions } from './gateway/options.ts'
import { checkOptions, type PeerOptions } from './options.ts'
import { type Peer } from './peer.ts'
import { PeerHost } from './peer-host.ts'

/**
 * Starts a peer in this process. Resolves when it listens and, given bootstrap addresses, is connected to the cluster;
 * when none of them answers within a few seconds, they are tried on behind its back, and it works alone until then.
 *
 * @throws JoineryError VALUE_INVALID, ADDRESS_UNAVAILABLE for an address on which it cannot listen, and PEER_REFUSED when
 *   all bootstrap addresses turn it away
 */
export async function createPeer(
  options: PeerOptions & { readonly gateway: GatewayOptions },
): Promise<Peer & { readonly gatewayUrl: string }>
export async function createPeer(options?: PeerOptions): Promise<Peer>
export async function createPeer(options: PeerOptions = {}): Promise<Peer> {
  checkOptions(options)
  return await PeerHost.start(options)
}
