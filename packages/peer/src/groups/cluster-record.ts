import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { invalidValue } from '@joinery/crdt-objects'
import type { NodeId } from '@joinery/consensus/group'
import { clusterIdBytes } from '../membership/cluster-identity.ts'
import { groupsMax } from './link-codec.ts'

/** What a peer with a directory knows again after a restart. */
export interface ClusterRecord {
  /** The cluster's id, in hex. */
  readonly cluster: string
  /** How this peer is to be named in groups that it becomes a member of. */
  readonly node: NodeId
  /** How many groups the cluster has. */
  readonly groups: number
  /** The members that are on this disk. */
  readonly members: readonly MemberRecord[]
  /** Where other members of the cluster listened: what to try when all restart. */
  readonly addresses: readonly string[]
}

export interface MemberRecord {
  readonly group: number
  readonly node: NodeId
}

const fileName = 'cluster.json'
const version = 1

/** A name for the members of one peer: nobody else's, of any life. */
export function randomNode(): NodeId {
  return Number(randomBytes(8).readBigUInt64BE() >> 11n) || 1
}

/**
 * The folder of the log of one member. Of another cluster id it is another: what was stays for who wants to look. Of
 * another id of the member too: its log is for that id alone.
 */
export function memberFolder(directory: string, cluster: string, member: MemberRecord): string {
  return join(directory, cluster, `group-${member.group}-${member.node}`)
}

/**
 * Reads the record of a directory; undefined for one without.
 *
 * @throws JoineryError VALUE_INVALID for a file that is no such record
 */
export async function readClusterRecord(directory: string): Promise<ClusterRecord | undefined> {
  const path = join(directory, fileName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidValue(`the directory of the peer cannot be read: ${reason}`)
  }
  const record = parse(text)
  if (record === undefined) throw invalidValue(`${path} is no record of a cluster`)
  return record
}

/** The record of a running peer: changed in memory at once, and on disk in order. Without a directory, in memory only. */
export class ClusterFile {
  readonly #directory: string | undefined
  #record: ClusterRecord
  #written: Promise<void> = Promise.resolve()

  constructor(directory: string | undefined, record: ClusterRecord) {
    this.#directory = directory
    this.#record = record
  }

  get record(): ClusterRecord {
    return this.#record
  }

  /** Resolves when the change is durable. */
  async change(change: Partial<ClusterRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change }
    const directory = this.#directory
    if (directory === undefined) return
    const record = this.#record
    this.#written = this.#written
      .catch(() => undefined)
      .then(async () => await writeClusterRecord(directory, record))
    await this.#written
  }
}

/** Replaces the record: after a crash there is the old one or the new one. */
export async function writeClusterRecord(directory: string, record: ClusterRecord): Promise<void> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, fileName)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ version, ...record }, undefined, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function parse(text: string): ClusterRecord | undefined {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(found)) return undefined
  const { cluster, node, groups, members, addresses } = found
  return { cluster, node, groups, members, addresses }
}

function isRecord(found: unknown): found is ClusterRecord {
  if (typeof found !== 'object' || found === null) return false
  const fields = found as Partial<Record<keyof ClusterRecord | 'version', unknown>>
  const { cluster, node, groups, members, addresses } = fields
  return (
    fields.version === version &&
    typeof cluster === 'string' &&
    new RegExp(`^[0-9a-f]{${2 * clusterIdBytes}}$`).test(cluster) &&
    isNumber(node, 1, Number.MAX_SAFE_INTEGER) &&
    isNumber(groups, 1, groupsMax) &&
    Array.isArray(members) &&
    members.every((member) => isMember(member, groups)) &&
    Array.isArray(addresses) &&
    addresses.every((address) => typeof address === 'string')
  )
}

function isMember(found: unknown, groups: number): boolean {
  if (typeof found !== 'object' || found === null) return false
  const { group, node } = found as Partial<Record<keyof MemberRecord, unknown>>
  return isNumber(group, 0, groups - 1) && isNumber(node, 1, Number.MAX_SAFE_INTEGER)
}

function isNumber(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
}
