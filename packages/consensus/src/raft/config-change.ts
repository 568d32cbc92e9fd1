import type { EntryType, NodeId } from './types.ts'

export interface MemberChange {
  /** `update` changes nothing here: the address of a member moved, say. */
  readonly kind: 'add-voter' | 'add-learner' | 'remove' | 'update'
  readonly id: NodeId
}

/**
 * A change of who is in the group. Without changes and with `auto` it leaves a joint configuration.
 *
 * `auto`: at once if there is one change, else a joint configuration that the leader leaves by itself. `implicit`: always a
 * joint one, left by itself. `explicit`: always a joint one, left when an empty change is proposed.
 */
export interface ConfigChange {
  readonly transition: 'auto' | 'implicit' | 'explicit'
  readonly changes: readonly MemberChange[]
  /** For the proposer: no meaning here. */
  readonly context: Uint8Array
}

const noBytes = new Uint8Array(0)

/** What leaves a joint configuration. */
export const leaveJointChange: ConfigChange = { transition: 'auto', changes: [], context: noBytes }

export function isLeaveJoint(change: ConfigChange): boolean {
  return change.transition === 'auto' && change.changes.length === 0
}

/** Whether a change needs a joint configuration, and if so whether that is left by itself. */
export function jointMode(change: ConfigChange): 'none' | 'auto-leave' | 'explicit-leave' {
  if (change.transition === 'auto' && change.changes.length <= 1) return 'none'
  return change.transition === 'explicit' ? 'explicit-leave' : 'auto-leave'
}

const transitions = ['auto', 'implicit', 'explicit'] as const
const kinds = ['add-voter', 'remove', 'update', 'add-learner'] as const
const changesMax = 10_000

/**
 * Encodes a change as an entry's data: transition, count, (kind, id) of each, context. That which leaves a joint
 * configuration is empty, so that no bound on bytes ever refuses it.
 */
export function encodeConfigChange(change: ConfigChange): Uint8Array {
  if (isLeaveJoint(change) && change.context.length === 0) return noBytes
  const bytes: number[] = [transitions.indexOf(change.transition)]
  writeVarint(bytes, change.changes.length)
  for (const { kind, id } of change.changes) {
    bytes.push(kinds.indexOf(kind))
    writeVarint(bytes, id)
  }
  const encoded = new Uint8Array(bytes.length + change.context.length)
  encoded.set(bytes)
  encoded.set(change.context, bytes.length)
  return encoded
}

/** Decodes the data of an entry of a type that changes the configuration; undefined if it is none. */
export function decodeConfigChange(type: EntryType, data: Uint8Array): ConfigChange | undefined {
  if (type === 'normal') return undefined
  if (data.length === 0) return type === 'config-v2' ? leaveJointChange : undefined
  const cursor: Cursor = { data, at: 0 }
  const transition = transitions[readByte(cursor)]
  const count = readVarint(cursor)
  if (transition === undefined || !(count <= changesMax)) return undefined
  const changes: MemberChange[] = []
  for (let n = 0; n < count; n++) {
    const kind = kinds[readByte(cursor)]
    const id = readVarint(cursor)
    if (kind === undefined || Number.isNaN(id)) return undefined
    changes.push({ kind, id })
  }
  if (type === 'config' && (changes.length !== 1 || transition !== 'auto')) return undefined
  return { transition, changes, context: data.subarray(cursor.at) }
}

interface Cursor {
  readonly data: Uint8Array
  at: number
}

function readByte(cursor: Cursor): number {
  return cursor.data[cursor.at++] ?? NaN
}

/** NaN when the bytes end, or the number is no safe integer. */
function readVarint(cursor: Cursor): number {
  let value = 0
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = readByte(cursor)
    if (Number.isNaN(byte)) return NaN
    value += (byte & 127) * scale
    if (byte < 128) return Number.isSafeInteger(value) ? value : NaN
  }
  return NaN
}

function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}
