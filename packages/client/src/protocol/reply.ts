import {
  type ErrorCode,
  type ErrorDetails,
  isJoineryError,
  JoineryError,
} from '@joinery/crdt-objects'
import { decodeValue, encodeValue, Reader, type Writer } from '@joinery/crdt-objects/engine'
import { protocolVersion } from './limits.ts'

/** What a gateway tells a client that it takes. */
export interface Welcome {
  readonly kind: 'welcome'
  readonly version: number
  /** 16 random bytes, new at each start of a gateway. */
  readonly life: Uint8Array
  /** The gateway still knows this connection, and so which of its writes it has applied. */
  readonly resumed: boolean
  readonly peer: string
  /** How many writes may be unanswered. */
  readonly windowMax: number
}

/** A failure as it travels. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly details: unknown
  readonly retryable: boolean
}

/** Everything a gateway may send. */
export type Reply =
  | Welcome
  /** All writes up to `sequence` that have no failure of their own have been applied. */
  | { readonly kind: 'done'; readonly sequence: number }
  | { readonly kind: 'write-failed'; readonly sequence: number; readonly failure: Failure }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  /** The next bytes of an answer too long for one message; the last part completes it. */
  | {
      readonly kind: 'part'
      readonly id: number
      readonly last: boolean
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'item'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'end'; readonly id: number }
  /** Of a space that was opened: what is visible at the gateway, as far as it was not told. A version vector. */
  | { readonly kind: 'seen'; readonly space: string; readonly vector: Uint8Array }
  /** A space that was opened has ended, and its objects with it. To be answered by closing it. */
  | { readonly kind: 'space-ended'; readonly space: string; readonly failure: Failure }
  /** The gateway closes: it takes no further request, and what it has not answered it has not applied. */
  | { readonly kind: 'refused'; readonly failure: Failure }

const tag = {
  welcome: 1,
  done: 2,
  writeFailed: 3,
  result: 4,
  failed: 5,
  part: 6,
  item: 7,
  end: 8,
  refused: 9,
  seen: 10,
  spaceEnded: 11,
} as const

/** Appends one reply. */
export function encodeReply(writer: Writer, reply: Reply): void {
  switch (reply.kind) {
    case 'done':
      writer.byte(tag.done)
      return writer.varint(reply.sequence)
    case 'result':
      writer.byte(tag.result)
      writer.varint(reply.id)
      return encodeValue(writer, reply.value)
    case 'item':
      writer.byte(tag.item)
      writer.varint(reply.id)
      return encodeValue(writer, reply.value)
    case 'part':
      writer.byte(tag.part)
      writer.varint(reply.id)
      writer.byte(reply.last ? 1 : 0)
      return writer.bytes(reply.bytes)
    case 'seen':
      writer.byte(tag.seen)
      writer.text(reply.space)
      return writer.bytes(reply.vector)
    case 'space-ended':
      writer.byte(tag.spaceEnded)
      writer.text(reply.space)
      return encodeFailure(writer, reply.failure)
    case 'end':
      writer.byte(tag.end)
      return writer.varint(reply.id)
    case 'write-failed':
      writer.byte(tag.writeFailed)
      writer.varint(reply.sequence)
      return encodeFailure(writer, reply.failure)
    case 'failed':
      writer.byte(tag.failed)
      writer.varint(reply.id)
      return encodeFailure(writer, reply.failure)
    case 'refused':
      writer.byte(tag.refused)
      return encodeFailure(writer, reply.failure)
    case 'welcome':
      writer.byte(tag.welcome)
      writer.varint(reply.version)
      writer.raw(reply.life)
      writer.byte(reply.resumed ? 1 : 0)
      writer.text(reply.peer)
      return writer.varint(reply.windowMax)
  }
}

/** Appends the answer of a request whose value is encoded already. */
export function encodeResult(writer: Writer, id: number, value: Uint8Array): void {
  writer.byte(tag.result)
  writer.varint(id)
  writer.raw(value)
}

/** Appends one item of a stream whose value is encoded already. */
export function encodeItem(writer: Writer, id: number, value: Uint8Array): void {
  writer.byte(tag.item)
  writer.varint(id)
  writer.raw(value)
}

/** Calls `take` with each reply of a frame, in order. @throws JoineryError ENCODING_INVALID */
export function decodeReplies(frame: Uint8Array, take: (reply: Reply) => void): void {
  const reader = new Reader(frame)
  do take(decodeReply(reader))
  while (!reader.done)
}

function decodeReply(reader: Reader): Reply {
  const kind = reader.byte()
  switch (kind) {
    case tag.done:
      return { kind: 'done', sequence: reader.varint() }
    case tag.result:
      return { kind: 'result', id: reader.varint(), value: decodeValue(reader) }
    case tag.item:
      return { kind: 'item', id: reader.varint(), value: decodeValue(reader) }
    case tag.part:
      return { kind: 'part', id: reader.varint(), last: reader.byte() === 1, bytes: reader.bytes() }
    case tag.end:
      return { kind: 'end', id: reader.varint() }
    case tag.seen:
      return { kind: 'seen', space: reader.text(), vector: reader.bytes() }
    case tag.spaceEnded:
      return { kind: 'space-ended', space: reader.text(), failure: decodeFailure(reader) }
    case tag.writeFailed:
      return {
        kind: 'write-failed',
        sequence: reader.varint(),
        failure: decodeFailure(reader),
      }
    case tag.failed:
      return { kind: 'failed', id: reader.varint(), failure: decodeFailure(reader) }
    case tag.refused:
      return { kind: 'refused', failure: decodeFailure(reader) }
    case tag.welcome:
      return decodeWelcome(reader)
    default:
      return reader.fail(`unknown reply ${kind}`)
  }
}

function decodeWelcome(reader: Reader): Welcome {
  const version = reader.varint()
  if (version !== protocolVersion)
    reader.fail(`the gateway speaks version ${version}, this client ${protocolVersion}`)
  return {
    kind: 'welcome',
    version,
    life: reader.raw(16).slice(),
    resumed: reader.byte() === 1,
    peer: reader.text(),
    windowMax: reader.varint(),
  }
}

function encodeFailure(writer: Writer, failure: Failure): void {
  writer.text(failure.code)
  writer.text(failure.message)
  writer.byte(failure.retryable ? 1 : 0)
  encodeValue(writer, failure.details)
}

function decodeFailure(reader: Reader): Failure {
  const code = reader.text()
  const message = reader.text()
  const retryable = reader.byte() === 1
  return { code, message, retryable, details: decodeValue(reader) }
}

/** What of `error` travels: everything of a coded failure, and nothing of any other. */
export function failureOf(error: unknown): Failure {
  if (isJoineryError(error)) {
    const { code, message, details, retryable } = error
    return { code, message, retryable, details }
  }
  return {
    code: 'CALL_FAILED',
    message: 'The gateway failed at this call; its log says why.',
    details: { outcome: 'unknown' },
    retryable: false,
  }
}

/** The failure at this side of the wire, with the code and details it had at the other. */
export function errorOf(failure: Failure): JoineryError {
  return new JoineryError(
    failure.code as ErrorCode,
    failure.message,
    failure.details as ErrorDetails[ErrorCode],
    { retryable: failure.retryable },
  )
}
