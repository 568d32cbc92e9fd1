import {
  type CallCommand,
  decodeCommand,
  decodeQuery,
  type Query,
  type SessionId,
} from '@joinery/consensus/caller'
import { isJoineryError } from '@joinery/crdt-objects'
import type { Reader, Writer } from '@joinery/crdt-objects/engine'
import { descriptorLengthMax } from './limits.ts'
import { decodeName, decodeNumber, decodeText } from './parts.ts'

/*
 * Strong mode over the wire: each request is one attempt of the client's at the groups behind the gateway, carries a
 * request id, and may be sent again, to this gateway or to another. Calls are exactly-once by the session and sequence
 * that are in them, which gateways know nothing of. Outcomes travel as bytes in a `result`.
 */

const ids = { groupsMax: 2 ** 32, numbersMax: 2 ** 53 } as const

/** What a client asks of the groups. */
export type StrongRequest =
  | {
      readonly kind: 'strong-open'
      readonly id: number
      readonly space: string
      readonly name: string
      readonly descriptor: string
    }
  | {
      readonly kind: 'strong-delete'
      readonly id: number
      readonly space: string
      readonly name: string
    }
  | {
      readonly kind: 'session-open'
      readonly id: number
      readonly group: number
      readonly session: SessionId
      readonly leaseMs: number
    }
  | SessionRequest<'session-renew'>
  | SessionRequest<'session-close'>
  | {
      readonly kind: 'submit'
      readonly id: number
      readonly group: number
      readonly space: string
      readonly call: CallCommand
    }
  | {
      readonly kind: 'withdraw'
      readonly id: number
      readonly group: number
      readonly space: string
      readonly session: SessionId
      readonly sequence: number
    }
  | {
      readonly kind: 'query'
      readonly id: number
      readonly group: number
      readonly space: string
      readonly query: Query
    }
  | {
      readonly kind: 'watch'
      readonly id: number
      readonly group: number
      readonly object: number
      readonly after: number
    }
  | {
      readonly kind: 'replace-voter'
      readonly id: number
      readonly group: number
      readonly node: number
    }
  /** Asks who keeps a space; with `isWordGiven`, by an operator's word, that those who are gone are dropped. */
  | {
      readonly kind: 'keepers'
      readonly id: number
      readonly space: string
      readonly isWordGiven: boolean
    }

interface SessionRequest<K extends string> {
  readonly kind: K
  readonly id: number
  readonly group: number
  readonly session: SessionId
}

/** As a client encodes them: commands and queries are encoded when the call is made. */
export type OutgoingStrong<R = StrongRequest> = R extends { call: CallCommand }
  ? Omit<R, 'call'> & { readonly call: Uint8Array }
  : R extends { query: Query }
    ? Omit<R, 'query'> & { readonly query: Uint8Array }
    : R

const tag = {
  open: 20,
  delete: 21,
  sessionOpen: 22,
  sessionRenew: 23,
  sessionClose: 24,
  submit: 25,
  withdraw: 26,
  query: 27,
  watch: 28,
  replaceVoter: 29,
  keepers: 30,
} as const

/** The first tag of strong requests: all from it on are theirs. */
export const strongTagMin = tag.open

/** Appends one request. */
export function encodeStrongRequest(writer: Writer, request: OutgoingStrong): void {
  switch (request.kind) {
    case 'submit':
      encodeHead(writer, tag.submit, request)
      writer.text(request.space)
      return writer.bytes(request.call)
    case 'query':
      encodeHead(writer, tag.query, request)
      writer.text(request.space)
      return writer.bytes(request.query)
    case 'withdraw':
      encodeHead(writer, tag.withdraw, request)
      writer.text(request.space)
      writer.text(request.session)
      return writer.varint(request.sequence)
    case 'watch':
      encodeHead(writer, tag.watch, request)
      writer.varint(request.object)
      return writer.varint(request.after)
    case 'session-open':
      encodeHead(writer, tag.sessionOpen, request)
      writer.text(request.session)
      return writer.varint(request.leaseMs)
    case 'session-renew':
      encodeHead(writer, tag.sessionRenew, request)
      return writer.text(request.session)
    case 'session-close':
      encodeHead(writer, tag.sessionClose, request)
      return writer.text(request.session)
    case 'strong-open':
      writer.byte(tag.open)
      writer.varint(request.id)
      writer.text(request.space)
      writer.text(request.name)
      return writer.text(request.descriptor)
    case 'strong-delete':
      writer.byte(tag.delete)
      writer.varint(request.id)
      writer.text(request.space)
      return writer.text(request.name)
    case 'keepers':
      writer.byte(tag.keepers)
      writer.varint(request.id)
      writer.text(request.space)
      return writer.byte(request.isWordGiven ? 1 : 0)
    case 'replace-voter':
      encodeHead(writer, tag.replaceVoter, request)
      return writer.varint(request.node)
  }
}

function encodeHead(
  writer: Writer,
  kind: number,
  { id, group }: { readonly id: number; readonly group: number },
): void {
  writer.byte(kind)
  writer.varint(id)
  writer.varint(group)
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeStrongRequest(reader: Reader, kind: number): StrongRequest {
  const id = reader.varint()
  switch (kind) {
    case tag.open: {
      const [space, name] = [decodeName(reader), decodeName(reader)]
      const descriptor = decodeText(reader, descriptorLengthMax)
      return { kind: 'strong-open', id, space, name, descriptor }
    }
    case tag.delete:
      return { kind: 'strong-delete', id, space: decodeName(reader), name: decodeName(reader) }
    case tag.keepers: {
      const space = decodeName(reader)
      const isWordGiven = decodeNumber(reader, 2, 'whether the word is given') === 1
      return { kind: 'keepers', id, space, isWordGiven }
    }
    default:
      return decodeInGroup(reader, kind, id, decodeNumber(reader, ids.groupsMax, 'group'))
  }
}

function decodeInGroup(reader: Reader, kind: number, id: number, group: number): StrongRequest {
  switch (kind) {
    case tag.submit: {
      const space = decodeName(reader)
      return { kind: 'submit', id, group, space, call: decodeCall(reader) }
    }
    case tag.query: {
      const space = decodeName(reader)
      const query = within(reader, decodeQuery)
      return { kind: 'query', id, group, space, query }
    }
    case tag.withdraw: {
      const [space, session] = [decodeName(reader), decodeSession(reader)]
      const sequence = decodeNumber(reader, ids.numbersMax, 'sequence')
      if (sequence === 0) reader.fail('sequences begin at 1')
      return { kind: 'withdraw', id, group, space, session, sequence }
    }
    case tag.watch: {
      const object = decodeNumber(reader, ids.numbersMax, 'object')
      const after = decodeNumber(reader, ids.numbersMax, 'position')
      return { kind: 'watch', id, group, object, after }
    }
    case tag.sessionOpen: {
      const session = decodeSession(reader)
      const leaseMs = decodeNumber(reader, leaseMsMax + 1, 'lease')
      if (leaseMs < leaseMsMin) reader.fail(`a lease is ${leaseMsMin} ms at least`)
      return { kind: 'session-open', id, group, session, leaseMs }
    }
    case tag.sessionRenew:
      return { kind: 'session-renew', id, group, session: decodeSession(reader) }
    case tag.sessionClose:
      return { kind: 'session-close', id, group, session: decodeSession(reader) }
    case tag.replaceVoter: {
      const node = decodeNumber(reader, ids.numbersMax, 'node')
      return { kind: 'replace-voter', id, group, node }
    }
    default:
      return reader.fail(`unknown request ${kind}`)
  }
}

const leaseMsMin = 1000
const leaseMsMax = 3_600_000

/** Of commands, clients send calls only: the others are the gateway's to make. */
function decodeCall(reader: Reader): CallCommand {
  const command = within(reader, decodeCommand)
  return command.kind === 'call' ? command : reader.fail('the command of a client is a call')
}

/** What is wrong with the bytes of a part is wrong with the frame. */
function within<T>(reader: Reader, decode: (bytes: Uint8Array) => T): T {
  const bytes = reader.bytes()
  try {
    return decode(bytes)
  } catch (error) {
    if (isJoineryError(error, 'ENCODING_INVALID')) return reader.fail(error.details.reason)
    throw error
  }
}

function decodeSession(reader: Reader): SessionId {
  const session = decodeText(reader, 32)
  return /^[0-9a-f]{32}$/.test(session) ? session : reader.fail('a session is 32 hex digits')
}
