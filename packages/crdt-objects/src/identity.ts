/** Names one life of one replica: 64 bits that nothing outside the {@link Identity} port looks into. */
export type ReplicaId = bigint & { readonly '~replicaId'?: never }

/**
 * Where replica ids come from. Today they are random for each process life; short leased ids replace them later, and
 * only this port will know.
 */
export interface Identity {
  /** The id of this replica. Invariant: no two lives of any replica ever share one. */
  readonly replica: ReplicaId
}

/**
 * The number by which engines that number their authors know a replica: 53 bits, all of its id folded in. A pure
 * function, so that everybody knows a replica by the same number; equal for two replicas about once in 10^16 pairs.
 */
export function clientNumber(replica: ReplicaId): number {
  return Number(BigInt.asUintN(53, replica ^ (replica >> 53n)))
}
