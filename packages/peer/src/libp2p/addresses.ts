import '../polyfill.ts'
import { invalidValue } from '@joinery/crdt-objects'
import { multiaddr } from '@multiformats/multiaddr'
import { addressUnavailable } from '../errors.ts'

/** @throws JoineryError VALUE_INVALID for an address that names protocols which do not exist. */
export function checkMultiaddrs(option: string, addresses: readonly string[]): void {
  for (const address of addresses) {
    try {
      multiaddr(address)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw invalidValue(`${option} takes multiaddrs (${reason})`, address)
    }
  }
}

/** The typed failure in what libp2p says of addresses that it cannot listen on: it keeps no more than a text. */
export function listenFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const found = /^\s*(\/\S+): .*\b(E[A-Z]+)\b/m.exec(error.message)
  return found === null ? error : (addressUnavailable(found[1]!, found[2], error) ?? error)
}

/** The host of a multiaddr of TCP: an address, or a name. */
export function hostOf(address: string): string | undefined {
  return /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\//.exec(address)?.[1]
}
