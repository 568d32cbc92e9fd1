/*
 * A group that has lost the majority of its voters for good is never formed anew under the id of its cluster: a voter
 * that turned up again later would be of the same cluster, and not know that others decided without it. From what one
 * voter has on its disk a new cluster is founded, and peers of the old one are refused by it.
 *
 * All of the voter's log is taken, also entries of which it does not know that they were committed: what was acknowledged
 * may be among them, and of what was not nobody has been told that it did not happen.
 */
import { randomBytes } from 'node:crypto'
import { invalidValue } from '@joinery/crdt-objects'
import { foundGroup } from '@joinery/consensus/group'
import type { GroupState } from '@joinery/consensus/host'
import { FileLog, type LogStorage } from '@joinery/consensus/storage'
import { clusterIdBytes } from '../membership/cluster-identity.ts'
import {
  type ClusterRecord,
  memberFolder,
  randomNode,
  readClusterRecord,
  writeClusterRecord,
} from './cluster-record.ts'
import { newMachine } from './member-maker.ts'

/** What was recovered. */
export interface Recovered {
  readonly from: string
  readonly cluster: string
  /** Of each group, how many commands its state comes from. */
  readonly positions: readonly number[]
}

const entriesBytesMax = 4 * 2 ** 20

/**
 * Founds a new cluster from what the directory of one voter holds. The old cluster's logs stay where they are.
 *
 * @throws JoineryError VALUE_INVALID, STORAGE_CORRUPT
 */
export async function recoverDirectory(directory: string): Promise<Recovered> {
  const old = await readClusterRecord(directory)
  if (old === undefined)
    throw invalidValue('no peer has kept anything in this directory', directory)
  checkComplete(old)
  const node = randomNode()
  const cluster = randomBytes(clusterIdBytes).toString('hex')
  const members = old.members.map(({ group }) => ({ group, node }))
  const positions: number[] = []
  for (const member of old.members) {
    const machine = await stateOf(memberFolder(directory, old.cluster, member))
    await found(memberFolder(directory, cluster, { group: member.group, node }), machine, node)
    positions[member.group] = machine.position
  }
  // Last, and at once: until now the directory is the old cluster's, and from now on the new one's.
  const record: ClusterRecord = { cluster, node, groups: old.groups, members, addresses: [] }
  await writeClusterRecord(directory, record)
  return { from: old.cluster, cluster, positions }
}

function checkComplete({ groups, members }: ClusterRecord): void {
  const missing = Array.from({ length: groups }, (_, group) => group).filter(
    (group) => !members.some((member) => member.group === group),
  )
  if (missing.length === 0) return
  throw invalidValue(
    `this peer voted in ${members.length} of ${groups} groups: the state of the others is not in its directory`,
    missing,
  )
}

/** The state at the end of a log. */
async function stateOf(folder: string): Promise<GroupState> {
  const log = await FileLog.open(folder)
  try {
    const machine = newMachine()
    await machine.prepare()
    const { index, data } = log.snapshot()
    if (index > 0) machine.restore(data)
    applyAll(log, index + 1, machine)
    return machine
  } finally {
    await log.close()
  }
}

function applyAll(log: LogStorage, first: number, machine: GroupState): void {
  for (let index = first; index <= log.lastIndex();) {
    const entries = log.entries(index, log.lastIndex() + 1, entriesBytesMax)
    if (typeof entries === 'string') throw new Error(`entry ${index} of the log is ${entries}`)
    for (const { type, data } of entries) {
      if (type === 'normal' && data.length > 0) machine.apply(data)
      index++
    }
  }
}

async function found(folder: string, machine: GroupState, node: number): Promise<void> {
  const log = await FileLog.open(folder)
  try {
    await new Promise<void>((resolve, reject) => {
      foundGroup(log, machine, node, (error) => {
        if (error === undefined) resolve()
        else reject(error)
      })
    })
  } finally {
    await log.close()
  }
}
