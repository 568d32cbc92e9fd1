import { Reader, type ReplicaId, Writer } from '@joinery/crdt-objects/engine'

/** A peer, and where it listens. */
export interface Member {
  readonly id: string
  readonly addresses: readonly string[]
}

/**
 * What neighbours send each other in frames. `space` is a number that the sender gave to the space when it said that
 * it is open: a name is sent once, and not with every message.
 */
export type Frame =
  /** An introduction starts: forget which spaces I said are open. */
  | { readonly kind: 'begin'; readonly addresses: readonly string[] }
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  | { readonly kind: 'space-open'; readonly space: number; readonly name: string }
  /** The introduction is complete: whatever was known of this channel before is void. */
  | { readonly kind: 'end' }
  | { readonly kind: 'space-close'; readonly space: number }
  /** A message of replication. */
  | { readonly kind: 'message'; readonly space: number; readonly bytes: Uint8Array }
  /** A batch, disseminated directly. */
  | { readonly kind: 'batch'; readonly space: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'announce'
      readonly space: number
      readonly origin: ReplicaId
      readonly last: number
    }
  /** Nothing, said so that silence means something. */
  | { readonly kind: 'alive' }
  /** Answer with this token, in turn. */
  | { readonly kind: 'echo'; readonly token: number }
  | { readonly kind: 'echoed'; readonly token: number }
  /** I stop, and do not come back under this id. */
  | { readonly kind: 'leave' }
  /** What the consensus groups of both sides have to say to each other. */
  | { readonly kind: 'groups'; readonly bytes: Uint8Array }

const kinds = [
  'begin',
  'members',
  'space-open',
  'end',
  'space-close',
  'message',
  'batch',
  'announce',
  'alive',
  'leave',
  'echo',
  'echoed',
  'groups',
] as const
const version = 1
const addressesMax = 32
const addressLengthMax = 512
const idLengthMax = 128
const membersMax = 256

/** The longest name of a space. */
export const spaceNameLengthMax = 256

/** How many members go into one frame. */
export const membersPerFrame = 64

/** Encodes `frame`; `decodeFrame` is the inverse. */
export function encodeFrame(frame: Frame): Uint8Array {
  const writer = scratch
  writer.reset()
  writer.byte(kinds.indexOf(frame.kind))
  switch (frame.kind) {
    case 'begin':
      writer.varint(version)
      writeTexts(writer, frame.addresses)
      break
    case 'members':
      writer.varint(frame.members.length)
      for (const { id, addresses } of frame.members) {
        writer.text(id)
        writeTexts(writer, addresses)
      }
      break
    case 'space-open':
      writer.varint(frame.space)
      writer.text(frame.name)
      break
    case 'space-close':
      writer.varint(frame.space)
      break
    case 'message':
    case 'batch':
      writer.varint(frame.space)
      writer.raw(frame.bytes)
      break
    case 'announce':
      writer.varint(frame.space)
      writer.u64(frame.origin)
      writer.varint(frame.last)
      break
    case 'echo':
    case 'echoed':
      writer.varint(frame.token)
      break
    case 'groups':
      writer.raw(frame.bytes)
      break
    case 'end':
    case 'alive':
    case 'leave':
  }
  return writer.finishShort()
}

/** Between calls it holds nothing: one buffer for all that leaves. */
const scratch = new Writer(4096)

/**
 * Decodes what a neighbour sent.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new Reader(bytes)
  const frame = decodeBody(reader, kinds[reader.byte()])
  reader.end()
  return frame
}

function decodeBody(reader: Reader, kind: Frame['kind'] | undefined): Frame {
  switch (kind) {
    case 'begin': {
      const found = reader.varint()
      if (found !== version) reader.fail(`protocol version ${found}, expected ${version}`)
      return { kind, addresses: readTexts(reader) }
    }
    case 'members':
      return { kind, members: readMembers(reader) }
    case 'space-open':
      return { kind, space: reader.varint(), name: readText(reader, spaceNameLengthMax) }
    case 'space-close':
      return { kind, space: reader.varint() }
    case 'message':
    case 'batch':
      return { kind, space: reader.varint(), bytes: reader.raw(reader.remaining) }
    case 'announce':
      return { kind, space: reader.varint(), origin: reader.u64(), last: reader.varint() }
    case 'echo':
    case 'echoed':
      return { kind, token: reader.varint() }
    case 'groups':
      return { kind, bytes: reader.raw(reader.remaining) }
    case 'end':
    case 'alive':
    case 'leave':
      return { kind }
    case undefined:
      return reader.fail('unknown frame')
  }
}

function readMembers(reader: Reader): Member[] {
  const count = reader.varint()
  if (count > membersMax) reader.fail(`${count} members in one frame`)
  const members: Member[] = []
  for (let i = 0; i < count; i++) {
    members.push({ id: readText(reader, idLengthMax), addresses: readTexts(reader) })
  }
  return members
}

function writeTexts(writer: Writer, texts: readonly string[]): void {
  const written = texts.slice(0, addressesMax)
  writer.varint(written.length)
  for (const text of written) writer.text(text)
}

function readTexts(reader: Reader): string[] {
  const count = reader.varint()
  if (count > addressesMax) reader.fail(`${count} addresses`)
  const texts: string[] = []
  for (let i = 0; i < count; i++) texts.push(readText(reader, addressLengthMax))
  return texts
}

function readText(reader: Reader, lengthMax: number): string {
  const text = reader.text()
  if (text.length > lengthMax) reader.fail(`a text of ${text.length} characters`)
  return text
}
