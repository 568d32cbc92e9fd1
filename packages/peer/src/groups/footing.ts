/*
 * What a peer stands on when it starts: a cluster that it founds, one that it was in before, or none yet.
 *
 * Only who is given no address founds a cluster, and only if its directory knows of none: a peer that was in a cluster
 * goes on in it, and a group that has lost its majority is never formed anew under the cluster's id.
 */
import { invalidValue } from '@joinery/crdt-objects'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { ClusterIdentity } from '../membership/cluster-identity.ts'
import { type ClusterRecord, randomNode, readClusterRecord } from './cluster-record.ts'

/** What is asked of a peer's part in the groups. */
export interface GroupsOptions {
  readonly bootstrap: readonly string[]
  readonly voter: boolean | undefined
  readonly groups: number | undefined
  readonly directory: string | undefined
}

/** What a peer begins with. */
export interface Footing {
  readonly cluster: ClusterIdentity
  readonly isCandidate: boolean
  readonly beginning: 'found' | 'restore' | 'join'
  /** Of a peer that joins, without a cluster and its groups yet. */
  readonly record: ClusterRecord
}

/** @throws JoineryError VALUE_INVALID */
export async function findFooting(options: GroupsOptions): Promise<Footing> {
  const { bootstrap, voter, groups = 1, directory } = options
  const record = directory === undefined ? undefined : await readClusterRecord(directory)
  const isFirst = bootstrap.length === 0
  if (record !== undefined) {
    return {
      cluster: new ClusterIdentity(fromString(record.cluster, 'hex')),
      isCandidate: voter ?? (isFirst || record.members.length > 0),
      ...{ beginning: 'restore', record },
    }
  }
  if (isFirst && voter === false) {
    const reason = 'a peer without bootstrap addresses founds a cluster, and is its first voter'
    throw invalidValue(reason, voter)
  }
  const cluster = isFirst ? ClusterIdentity.found() : new ClusterIdentity()
  return {
    cluster,
    isCandidate: voter ?? isFirst,
    beginning: isFirst ? 'found' : 'join',
    record: {
      cluster: cluster.id === undefined ? '' : toString(cluster.id, 'hex'),
      node: randomNode(),
      groups: isFirst ? groups : 0,
      ...{ members: [], addresses: [] },
    },
  }
}
