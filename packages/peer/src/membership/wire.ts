import { Reader, type ReplicaId, Writer } from '@joinery/crdt-objects/engine'
import { type Condition, type InquiryOutcome, type Suspicion } from './core/contract.ts'
import { type ForwardContent, type ForwardEnd } from './core/forward-contract.ts'

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
  /** I stop, and do not come back under this id. Of what I wrote, nobody is known to hold `unsent` updates. */
  | { readonly kind: 'leave'; readonly unsent: number }
  /** Say `alive`, at once. */
  | { readonly kind: 'ping' }
  /** Tell me what you hear of `peer`. */
  | { readonly kind: 'inquire'; readonly token: number; readonly peer: string }
  | { readonly kind: 'inquired'; readonly token: number; readonly outcome: InquiryOutcome }
  | { readonly kind: 'suspect'; readonly suspicions: readonly Suspicion[] }
  /** Hand `content` to `peer`, to which we have no connection (`forward`), or: this is from `peer` (`forwarded`). */
  | {
      readonly kind: 'forward' | 'forwarded'
      readonly peer: string
      readonly path: number
      readonly content: ForwardContent
    }
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
  'ping',
  'inquire',
  'inquired',
  'suspect',
  'forward',
  'forwarded',
] as const
const outcomes: readonly InquiryOutcome[] = ['heard', 'silent', 'gone', 'unknown']
const conditions: readonly Condition[] = ['alive', 'slow', 'unreachable', 'frozen', 'dead']
const contents = ['open', 'bytes', 'taken', 'end'] as const
const ends: readonly ForwardEnd[] = ['closed', 'unknown', 'full', 'refused']
const version = 2
const suspicionsMax = 64
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
    case 'leave':
      writer.varint(frame.unsent)
      break
    case 'inquire':
      writer.varint(frame.token)
      writer.text(frame.peer)
      break
    case 'inquired':
      writer.varint(frame.token)
      writer.byte(outcomes.indexOf(frame.outcome))
      break
    case 'suspect':
      writeSuspicions(writer, frame.suspicions.slice(0, suspicionsMax))
      break
    case 'forward':
    case 'forwarded':
      writer.text(frame.peer)
      writer.varint(frame.path)
      writeContent(writer, frame.content)
      break
    case 'end':
    case 'alive':
    case 'ping':
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
    case 'leave':
      return { kind, unsent: reader.varint() }
    case 'inquire':
      return { kind, token: reader.varint(), peer: readText(reader, idLengthMax) }
    case 'inquired':
      return { kind, token: reader.varint(), outcome: readOneOf(reader, outcomes) }
    case 'suspect':
      return { kind, suspicions: readSuspicions(reader) }
    case 'forward':
    case 'forwarded': {
      const peer = readText(reader, idLengthMax)
      return { kind, peer, path: reader.varint(), content: readContent(reader) }
    }
    case 'end':
    case 'alive':
    case 'ping':
      return { kind }
    case undefined:
      return reader.fail('unknown frame')
  }
}

function writeSuspicions(writer: Writer, suspicions: readonly Suspicion[]): void {
  writer.varint(suspicions.length)
  for (const { peer, condition } of suspicions) {
    writer.text(peer)
    writer.byte(conditions.indexOf(condition))
  }
}

function readSuspicions(reader: Reader): Suspicion[] {
  const count = reader.varint()
  if (count > suspicionsMax) reader.fail(`${count} suspicions in one frame`)
  const suspicions: Suspicion[] = []
  for (let i = 0; i < count; i++) {
    const peer = readText(reader, idLengthMax)
    suspicions.push({ peer, condition: readOneOf(reader, conditions) })
  }
  return suspicions
}

function writeContent(writer: Writer, content: ForwardContent): void {
  writer.byte(contents.indexOf(content.kind))
  if (content.kind === 'bytes') writer.raw(content.bytes)
  else if (content.kind === 'taken') writer.varint(content.bytes)
  else if (content.kind === 'end') writer.byte(ends.indexOf(content.reason))
}

function readContent(reader: Reader): ForwardContent {
  const kind = readOneOf(reader, contents)
  switch (kind) {
    case 'open':
      return { kind }
    case 'bytes':
      return { kind, bytes: reader.raw(reader.remaining) }
    case 'taken':
      return { kind, bytes: reader.varint() }
    case 'end':
      return { kind, reason: readOneOf(reader, ends) }
  }
}

function readOneOf<T>(reader: Reader, values: readonly T[]): T {
  const index = reader.byte()
  return index < values.length ? values[index]! : reader.fail(`no value has the number ${index}`)
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
