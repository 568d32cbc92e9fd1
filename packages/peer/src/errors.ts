import { JoineryError } from '@joinery/crdt-objects'

/**
 * Why two peers did not connect: `key`, they hold different cluster keys; `cluster`, they belong to different
 * clusters; `no-cluster`, neither belongs to one yet; `protocol`, the other side does not speak as a peer does.
 */
export type RefusalReason = 'key' | 'cluster' | 'no-cluster' | 'protocol'

/**
 * Why nothing can listen at an address: `taken`, something does already; `denied`, the system does not let this user;
 * `elsewhere`, it is no address of this machine.
 */
export type AddressProblem = 'taken' | 'denied' | 'elsewhere'

declare module '@joinery/crdt-objects' {
  interface ErrorDetails {
    /** Peers that do not belong together. No stream was opened, and nothing was exchanged. */
    PEER_REFUSED: { readonly reason: RefusalReason }
    /** An address or port on which a peer or gateway cannot listen. It did not start. */
    ADDRESS_UNAVAILABLE: { readonly address: string; readonly reason: AddressProblem }
  }
}

const advice: Record<RefusalReason, string> = {
  key: 'the peers hold different cluster keys. Give every peer of a cluster the same key.',
  cluster: 'it belongs to another cluster. Check the bootstrap addresses.',
  'no-cluster':
    'neither peer belongs to a cluster yet. One peer of a cluster starts without bootstrap addresses.',
  protocol: 'it did not prove in time that it belongs here, as a peer of this version does.',
}

/** Why a peer was refused, in words. */
export function refusalText(reason: RefusalReason): string {
  return advice[reason]
}

/** The failure to connect to a peer that does not belong with this one. */
export function peerRefused(reason: RefusalReason): JoineryError<'PEER_REFUSED'> {
  return new JoineryError(
    'PEER_REFUSED',
    `Peer refused: ${advice[reason]}`,
    { reason },
    {
      retryable: reason === 'no-cluster',
    },
  )
}

const problemByCode: Readonly<Record<string, AddressProblem>> = {
  EADDRINUSE: 'taken',
  EACCES: 'denied',
  EPERM: 'denied',
  EADDRNOTAVAIL: 'elsewhere',
  ENOTFOUND: 'elsewhere',
  EAI_AGAIN: 'elsewhere',
}

const remedy: Record<AddressProblem, string> = {
  taken: 'something listens there already. Take another port, or 0 for any free one.',
  denied: 'the system does not let this user listen there. Take a port from 1024 on.',
  elsewhere: 'it is no address of this machine.',
}

/** The failure to listen at `address`, from the code of the system; undefined for a code of another kind. */
export function addressUnavailable(
  address: string,
  code: string | undefined,
  cause: unknown,
): JoineryError<'ADDRESS_UNAVAILABLE'> | undefined {
  const reason = problemByCode[code ?? '']
  if (reason === undefined) return undefined
  return new JoineryError(
    'ADDRESS_UNAVAILABLE',
    `Cannot listen at ${address}: ${remedy[reason]}`,
    { address, reason },
    { retryable: reason === 'taken', cause },
  )
}

/** Finds the refusal in what libp2p made of it: it keeps the message of an error, and neither its type nor fields. */
export function findRefusal(error: unknown): JoineryError<'PEER_REFUSED'> | undefined {
  if (error instanceof AggregateError) {
    for (const inner of error.errors) {
      const found = findRefusal(inner)
      if (found !== undefined) return found
    }
  }
  if (!(error instanceof Error)) return undefined
  for (const reason of Object.keys(advice) as RefusalReason[]) {
    if (error.message.includes(advice[reason])) return peerRefused(reason)
  }
  return undefined
}
