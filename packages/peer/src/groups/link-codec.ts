import { Reader, Writer } from '@joinery/crdt-objects/engine'
import type { HeldMember, Presence } from './core/presence.ts'

/** What two peers say to each other for their groups. Those of one turn, of all groups, travel together. */
export type LinkItem =
  | { readonly kind: 'presence'; readonly presence: Presence }
  /** From a member of a group to the other side's, which `to` names. A part is one of a snapshot: it is answered. */
  | {
      readonly kind: 'message' | 'part'
      readonly group: number
      readonly to: number
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'part-taken'; readonly group: number }
  | { readonly kind: 'request'; readonly id: number; readonly body: Uint8Array }
  | { readonly kind: 'reply'; readonly id: number; readonly body: Uint8Array }
  /** The request is no longer waited for. */
  | { readonly kind: 'cancel'; readonly id: number }

const kinds = ['presence', 'message', 'part', 'part-taken', 'request', 'reply', 'cancel'] as const
const version = 1
const isCandidateBit = 1
const isDurableBit = 2
const isLeavingBit = 4

/** The most groups that a cluster has. */
export const groupsMax = 4096

/** Writes items for one payload; `decodeItems` is the inverse. */
export function encodeItems(items: readonly LinkItem[]): Uint8Array {
  scratch.reset()
  for (const item of items) writeItem(scratch, item)
  return scratch.finishShort()
}

/** Between calls it holds nothing: one buffer for all that leaves. */
const scratch = new Writer(4096)

function writeItem(writer: Writer, item: LinkItem): void {
  writer.byte(kinds.indexOf(item.kind))
  switch (item.kind) {
    case 'presence':
      writePresence(writer, item.presence)
      break
    case 'message':
    case 'part':
      writer.varint(item.group)
      writer.varint(item.to)
      writer.bytes(item.bytes)
      break
    case 'part-taken':
      writer.varint(item.group)
      break
    case 'request':
    case 'reply':
      writer.varint(item.id)
      writer.bytes(item.body)
      break
    case 'cancel':
      writer.varint(item.id)
  }
}

/**
 * Decodes what a neighbour sent. Bytes within are views of `bytes`.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeItems(bytes: Uint8Array): LinkItem[] {
  const reader = new Reader(bytes)
  const items: LinkItem[] = []
  while (!reader.done) items.push(readItem(reader, kinds[reader.byte()]))
  return items
}

function readItem(reader: Reader, kind: LinkItem['kind'] | undefined): LinkItem {
  switch (kind) {
    case 'presence':
      return { kind, presence: readPresence(reader) }
    case 'message':
    case 'part':
      return { kind, group: readGroup(reader), to: reader.varint(), bytes: reader.bytes() }
    case 'part-taken':
      return { kind, group: readGroup(reader) }
    case 'request':
    case 'reply':
      return { kind, id: reader.varint(), body: reader.bytes() }
    case 'cancel':
      return { kind, id: reader.varint() }
    case undefined:
      return reader.fail('unknown item')
  }
}

function writePresence(writer: Writer, presence: Presence): void {
  const { node, isCandidate, isDurable, isLeaving, groups, members } = presence
  writer.varint(version)
  writer.varint(node)
  writer.byte(
    (isCandidate ? isCandidateBit : 0) |
      (isDurable ? isDurableBit : 0) |
      (isLeaving ? isLeavingBit : 0),
  )
  writer.varint(groups)
  writer.varint(members.length)
  for (const member of members) {
    writer.varint(member.group)
    writer.varint(member.node)
    writer.varint(member.leads)
  }
}

function readPresence(reader: Reader): Presence {
  const found = reader.varint()
  if (found !== version) reader.fail(`version ${found} of the groups' protocol`)
  const node = reader.varint()
  const bits = reader.byte()
  if (bits > 7) reader.fail('unknown bits of a presence')
  const groups = reader.varint()
  if (groups > groupsMax) reader.fail(`${groups} groups`)
  const members: HeldMember[] = []
  for (let left = reader.count(3); left > 0; left--) {
    members.push({ group: readGroup(reader), node: reader.varint(), leads: reader.varint() })
  }
  return {
    node,
    isCandidate: (bits & isCandidateBit) !== 0,
    isDurable: (bits & isDurableBit) !== 0,
    isLeaving: (bits & isLeavingBit) !== 0,
    groups,
    members,
  }
}

function readGroup(reader: Reader): number {
  const group = reader.varint()
  if (group >= groupsMax) reader.fail(`group ${group}`)
  return group
}
