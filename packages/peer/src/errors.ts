import { JoineryError } from '@joinery/crdt-objects'

/**
 * Why two peers did not connect: `key`, they hold different cluster keys; `cluster`, they belong to different
 * clusters; `no-cluster`, neither belongs to one yet; `protocol`, the other side does not speak as a peer does.
 */
export type RefusalReason = 'key' | 'cluster' | 'no-cluster' | 'protocol'

declare module '@joinery/crdt-objects' {
  interface ErrorDetails {
    /** Peers that do not belong together. No stream was opened, and nothing was exchanged. */
    PEER_REFUSED: { readonly reason: RefusalReason }
  }
}

const advice: Record<RefusalReason, string> = {
  key: 'the peers hold different cluster keys. Give every peer of a cluster the same key.',
  cluster: 'it belongs to another cluster. Check the bootstrap addresses.',
  'no-cluster':
    'neither peer belongs to a cluster yet. One peer of a cluster starts without bootstrap addresses.',
  protocol: 'it did not prove in time that it belongs here, as a peer of this version does.',
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
