import { rm } from 'node:fs/promises'
// Whoever hosts objects knows the built-in classes.
import '@joinery/consensus'
import { foundGroup, type GroupClock, GroupNode, type NodeId } from '@joinery/consensus/group'
import { classType, GroupState, LinearizableType } from '@joinery/consensus/host'
import {
  createAdaptiveWriter,
  FileLog,
  type LogStorage,
  MemoryLog,
  type WriteSynced,
} from '@joinery/consensus/storage'
import { controlType } from '../identity/control-object.ts'
import { type ClusterFile, memberFolder } from './cluster-record.ts'
import type { MemberMaker } from './member.ts'

/** With many groups, a full segment for each would only fill the disk. */
const manyGroups = 8
const smallSegmentBytes = 2 ** 20

const clock: GroupClock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
}

/** A state machine that hosts all that this process knows. */
export function newMachine(): GroupState {
  return new GroupState([classType, new LinearizableType(), controlType])
}

/** Where members keep their logs: below the directory, or in memory. */
export interface MemberMaking {
  readonly make: MemberMaker
  /** Drops the log of a member that was removed. */
  readonly discard: (group: number, node: NodeId) => Promise<void>
}

/** Makes members with a real clock, and logs in `directory`, or in memory without one. */
export function memberMaking(
  file: ClusterFile,
  directory: string | undefined,
  defer: (task: () => void) => void,
): MemberMaking {
  const writeSynced = createAdaptiveWriter()
  const folderOf = (group: number, node: NodeId): string | undefined =>
    directory && memberFolder(directory, file.record.cluster, { group, node })
  return {
    make: async (parts) => {
      const { group, id, beginning, transport } = parts
      const machine = newMachine()
      // A member that begins alone does so when an object needs it, or when it gets company.
      if (beginning !== 'found') await machine.prepare()
      const storage = await openLog(folderOf(group, id), file.record.groups, writeSynced)
      if (beginning === 'found') await found(storage, machine, id)
      const node = new GroupNode(id, {
        ...{ storage, machine, transport, clock, defer },
        random: () => Math.random(),
        report: (report) => parts.report(report),
      })
      return { node, machine }
    },
    discard: async (group, node) => {
      const folder = folderOf(group, node)
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function openLog(
  folder: string | undefined,
  groups: number,
  writeSynced: WriteSynced,
): Promise<LogStorage> {
  // What memory holds is there at once; the turn of the event loop is for what comes by the network.
  if (folder === undefined) return new MemoryLog()
  const segmentBytes = groups > manyGroups ? smallSegmentBytes : undefined
  return await FileLog.open(folder, { segmentBytes, writeSynced })
}

async function found(storage: LogStorage, machine: GroupState, id: NodeId): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    foundGroup(storage, machine, id, (error) => {
      if (error === undefined) resolve()
      else reject(error)
    })
  })
}
