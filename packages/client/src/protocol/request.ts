import { Reader, type Writer } from '@joinery/crdt-objects/engine'
import {
  creditMax,
  descriptorLengthMax,
  nameLengthMax,
  objectsMax,
  protocolVersion,
  targetsMax,
} from './limits.ts'
import {
  type Arguments,
  decodeArguments,
  decodeName,
  decodeNumber,
  decodePath,
  decodeText,
  encodePath,
} from './parts.ts'
import {
  decodeSpaceRequest,
  encodeSpaceRequest,
  isSpaceTag,
  type SpaceRequest,
} from './space-request.ts'
import {
  decodeStrongRequest,
  encodeStrongRequest,
  type OutgoingStrong,
  type StrongRequest,
  strongTagMin,
} from './strong.ts'
import { decodeTransaction, type TransactionWrite } from './transaction.ts'

/*
 * What a client sends. Two number spaces keep the hot path short:
 *
 * - Writes are numbered 1, 2, 3 … for each connection id. The gateway takes them in that order only, so one number
 *   says which writes it has applied, a replay is recognised by comparing two integers, and one `done` message
 *   answers all writes of a frame. A write that its caller gave up before it was re-sent leaves a `skip`.
 * - Everything else carries a request id, answered in any order, and is re-sent freely: it changes nothing.
 *
 * `object` and `target` numbers are chosen by the client, so that calls can follow their opening in the same frame.
 * A target is (object, path, verb): a loop over one counter sends its path once.
 */

/** The first message of a connection, alone in its frame. */
export interface Hello {
  readonly kind: 'hello'
  readonly version: number
  /** 16 random bytes which name the connection across reconnects. Whoever knows them can resume it. */
  readonly connection: Uint8Array
  readonly token: string
  /** All writes up to this one have been answered; the gateway forgets their answers. */
  readonly acknowledged: number
}

/** Numbers an object, opening it when needed. An empty descriptor takes what is there under that name. */
export interface OpenObject {
  readonly kind: 'open-object'
  readonly id: number
  readonly object: number
  readonly space: string
  readonly name: string
  readonly descriptor: string
}

/** Numbers a place below an object together with a verb. */
export interface DefineTarget {
  readonly kind: 'define-target'
  readonly target: number
  readonly object: number
  readonly path: readonly string[]
  readonly verb: string
}

/** Everything a client may send. */
export type Request = EventualRequest | StrongRequest

type EventualRequest =
  | Hello
  | SpaceRequest
  | OpenObject
  | DefineTarget
  | {
      readonly kind: 'write'
      readonly sequence: number
      readonly target: number
      readonly args: Arguments
    }
  /** Several writes, on objects of one space, as one: numbered like a write. */
  | {
      readonly kind: 'transact'
      readonly sequence: number
      readonly writes: readonly TransactionWrite[]
    }
  | { readonly kind: 'skip'; readonly sequence: number }
  | { readonly kind: 'acknowledge'; readonly sequence: number }
  | {
      readonly kind: 'read'
      readonly id: number
      readonly target: number
      readonly args: Arguments
    }
  | {
      readonly kind: 'flush'
      readonly id: number
      readonly space: string
      readonly replicas: number
      readonly timeoutMs: number
    }
  | {
      readonly kind: 'stream'
      readonly id: number
      readonly target: number
      readonly args: Arguments
      readonly credit: number
    }
  | { readonly kind: 'credit'; readonly id: number; readonly credit: number }
  | { readonly kind: 'cancel'; readonly id: number }
  | {
      readonly kind: 'inspect'
      readonly id: number
      readonly subject: InspectSubject
      readonly space: string
    }

/**
 * What can be inspected: the spaces at the gateway, the objects of one, the peers it knows, the groups, the objects of a
 * space in strong mode.
 */
export type InspectSubject = 'spaces' | 'objects' | 'peers' | 'groups' | 'strong-objects'

const subjects: readonly InspectSubject[] = [
  ...(['spaces', 'objects', 'peers', 'groups', 'strong-objects'] as const),
]

const tag = {
  hello: 1,
  openObject: 3,
  defineTarget: 4,
  write: 5,
  skip: 6,
  acknowledge: 7,
  read: 8,
  flush: 9,
  stream: 10,
  credit: 11,
  cancel: 12,
  inspect: 13,
  transact: 14,
} as const

/** What a client encodes: arguments are encoded when the call is made, and may be sent more than once. */
export type Outgoing = OutgoingEventual | OutgoingStrong

type OutgoingEventual<R = EventualRequest> = R extends { args: Arguments }
  ? Omit<R, 'args'> & { readonly args: Uint8Array }
  : R extends { writes: readonly TransactionWrite[] }
    ? Omit<R, 'writes'> & { readonly writes: Uint8Array }
    : R

/** Appends one request. */
export function encodeRequest(writer: Writer, request: Outgoing): void {
  switch (request.kind) {
    case 'write':
      writer.byte(tag.write)
      writer.varint(request.sequence)
      writer.varint(request.target)
      return writer.raw(request.args)
    case 'read':
      writer.byte(tag.read)
      writer.varint(request.id)
      writer.varint(request.target)
      return writer.raw(request.args)
    case 'stream':
      writer.byte(tag.stream)
      writer.varint(request.id)
      writer.varint(request.target)
      writer.varint(request.credit)
      return writer.raw(request.args)
    case 'transact':
      writer.byte(tag.transact)
      writer.varint(request.sequence)
      return writer.raw(request.writes)
    case 'acknowledge':
      writer.byte(tag.acknowledge)
      return writer.varint(request.sequence)
    case 'skip':
      writer.byte(tag.skip)
      return writer.varint(request.sequence)
    case 'define-target':
      writer.byte(tag.defineTarget)
      writer.varint(request.target)
      writer.varint(request.object)
      encodePath(writer, request.path)
      return writer.text(request.verb)
    case 'hello':
    case 'open-space':
    case 'close-space':
    case 'end-space':
    case 'open-object':
    case 'flush':
    case 'credit':
    case 'cancel':
    case 'inspect':
      return encodeRare(writer, request)
    default:
      return encodeStrongRequest(writer, request)
  }
}

type Hot = 'write' | 'transact' | 'read' | 'stream' | 'acknowledge' | 'skip' | 'define-target'

function encodeRare(writer: Writer, request: Exclude<EventualRequest, { kind: Hot }>): void {
  switch (request.kind) {
    case 'hello':
      writer.byte(tag.hello)
      writer.varint(request.version)
      writer.raw(request.connection)
      writer.text(request.token)
      return writer.varint(request.acknowledged)
    case 'open-space':
    case 'close-space':
    case 'end-space':
      return encodeSpaceRequest(writer, request)
    case 'open-object':
      writer.byte(tag.openObject)
      writer.varint(request.id)
      writer.varint(request.object)
      writer.text(request.space)
      writer.text(request.name)
      return writer.text(request.descriptor)
    case 'flush':
      writer.byte(tag.flush)
      writer.varint(request.id)
      writer.text(request.space)
      writer.varint(request.replicas)
      return writer.varint(request.timeoutMs)
    case 'credit':
      writer.byte(tag.credit)
      writer.varint(request.id)
      return writer.varint(request.credit)
    case 'cancel':
      writer.byte(tag.cancel)
      return writer.varint(request.id)
    case 'inspect':
      writer.byte(tag.inspect)
      writer.varint(request.id)
      writer.byte(subjects.indexOf(request.subject))
      return writer.text(request.space)
  }
}

/**
 * Decodes a whole frame before anything in it is carried out, so that a frame with an error in it changes nothing.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeRequests(frame: Uint8Array): Request[] {
  const reader = new Reader(frame)
  const requests: Request[] = []
  do requests.push(decodeRequest(reader))
  while (!reader.done)
  return requests
}

function decodeRequest(reader: Reader): Request {
  const kind = reader.byte()
  switch (kind) {
    case tag.write: {
      const sequence = reader.varint()
      const target = decodeNumber(reader, targetsMax, 'target')
      return { kind: 'write', sequence, target, args: decodeArguments(reader) }
    }
    case tag.acknowledge:
      return { kind: 'acknowledge', sequence: reader.varint() }
    case tag.read: {
      const id = reader.varint()
      const target = decodeNumber(reader, targetsMax, 'target')
      return { kind: 'read', id, target, args: decodeArguments(reader) }
    }
    case tag.defineTarget:
      return decodeTarget(reader)
    case tag.stream: {
      const id = reader.varint()
      const target = decodeNumber(reader, targetsMax, 'target')
      const credit = decodeNumber(reader, creditMax + 1, 'credit')
      return { kind: 'stream', id, target, credit, args: decodeArguments(reader) }
    }
    case tag.skip:
      return { kind: 'skip', sequence: reader.varint() }
    case tag.transact:
      return { kind: 'transact', sequence: reader.varint(), writes: decodeTransaction(reader) }
    default:
      return decodeRare(reader, kind)
  }
}

function decodeRare(reader: Reader, kind: number): Request {
  switch (kind) {
    case tag.hello:
      return decodeHello(reader)
    case tag.openObject:
      return {
        kind: 'open-object',
        id: reader.varint(),
        object: decodeNumber(reader, objectsMax, 'object'),
        space: decodeName(reader),
        name: decodeName(reader),
        descriptor: decodeText(reader, descriptorLengthMax),
      }
    case tag.flush:
      return {
        kind: 'flush',
        id: reader.varint(),
        space: decodeName(reader),
        replicas: reader.varint(),
        timeoutMs: decodeNumber(reader, 2 ** 31, 'time limit'),
      }
    case tag.credit:
      return {
        kind: 'credit',
        id: reader.varint(),
        credit: decodeNumber(reader, creditMax + 1, 'credit'),
      }
    case tag.cancel:
      return { kind: 'cancel', id: reader.varint() }
    case tag.inspect: {
      const id = reader.varint()
      const subject = subjects[reader.byte()] ?? reader.fail('unknown subject of inspection')
      return { kind: 'inspect', id, subject, space: decodeText(reader, nameLengthMax) }
    }
    default:
      if (isSpaceTag(kind)) return decodeSpaceRequest(reader, kind)
      if (kind >= strongTagMin) return decodeStrongRequest(reader, kind)
      return reader.fail(`unknown request ${kind}`)
  }
}

function decodeHello(reader: Reader): Hello {
  const version = reader.varint()
  // What follows belongs to that version: read no further than one can know.
  if (version !== protocolVersion) {
    reader.raw(reader.remaining)
    return { kind: 'hello', version, connection: new Uint8Array(16), token: '', acknowledged: 0 }
  }
  const connection = reader.raw(16).slice()
  return {
    kind: 'hello',
    version,
    connection,
    token: decodeText(reader, 4096),
    acknowledged: reader.varint(),
  }
}

function decodeTarget(reader: Reader): DefineTarget {
  const target = decodeNumber(reader, targetsMax, 'target')
  const object = decodeNumber(reader, objectsMax, 'object')
  const path = decodePath(reader)
  return { kind: 'define-target', target, object, path, verb: decodeName(reader) }
}
