import {
  decodeCommand,
  decodeOutcome,
  decodeQuery,
  encodeCommand,
  encodeOutcome,
  encodeQuery,
} from '@joinery/consensus/host'
import { Reader, Writer } from '@joinery/crdt-objects/engine'
import type { GroupLook, GroupReply, GroupRequest, ListedObject } from './group-request.ts'
import { groupsMax } from './link-codec.ts'

const requests = ['submit', 'read', 'renew', 'watch', 'look', 'list', 'replace'] as const
const replies = [
  ...(['outcome', 'renewed', 'changed', 'look', 'list', 'accepted', 'invalid'] as const),
  ...(['not-leader', 'busy', 'lost'] as const),
] as const
const sessionLength = 32
const membersMax = 1000

/**
 * Encodes a request; `decodeRequest` is the inverse.
 *
 * @throws JoineryError OBJECT_TOO_LARGE, VALUE_INVALID
 */
export function encodeRequest(request: GroupRequest): Uint8Array {
  const writer = new Writer()
  writer.byte(requests.indexOf(request.kind))
  writer.varint(request.group)
  switch (request.kind) {
    case 'submit':
      writer.byte(request.isForClient === true ? 1 : 0)
      writer.raw(encodeCommand(request.command))
      break
    case 'read':
      writer.byte(request.isForClient === true ? 1 : 0)
      writer.raw(encodeQuery(request.query))
      break
    case 'renew':
      writer.text(request.session)
      break
    case 'watch':
      writer.varint(request.object)
      writer.varint(request.after)
      break
    case 'list':
      writer.text(request.space)
      break
    case 'replace':
      writer.varint(request.node)
      break
    case 'look':
  }
  return writer.finish()
}

/**
 * Decodes what another peer asks.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeRequest(bytes: Uint8Array): GroupRequest {
  const reader = new Reader(bytes)
  const kind = requests[reader.byte()]
  const group = reader.varint()
  if (group >= groupsMax) reader.fail(`group ${group}`)
  const request = readRequest(reader, kind, group)
  reader.end()
  return request
}

function readRequest(
  reader: Reader,
  kind: GroupRequest['kind'] | undefined,
  group: number,
): GroupRequest {
  switch (kind) {
    case 'submit':
      return {
        ...{ kind, group, ...readForWhom(reader) },
        command: decodeCommand(reader.raw(reader.remaining)),
      }
    case 'read':
      return {
        ...{ kind, group, ...readForWhom(reader) },
        query: decodeQuery(reader.raw(reader.remaining)),
      }
    case 'renew': {
      const session = reader.text()
      if (session.length !== sessionLength) reader.fail('a session that is none')
      return { kind, group, session }
    }
    case 'watch':
      return { kind, group, object: reader.varint(), after: reader.varint() }
    case 'look':
      return { kind, group }
    case 'list':
      return { kind, group, space: reader.text() }
    case 'replace':
      return { kind, group, node: reader.varint() }
    case undefined:
      return reader.fail('unknown request')
  }
}

function readForWhom(reader: Reader): { readonly isForClient?: true } {
  const bit = reader.byte()
  if (bit > 1) reader.fail('for whom it is asked')
  return bit === 1 ? { isForClient: true } : {}
}

/** Encodes a reply; `decodeReply` is the inverse. */
export function encodeReply(reply: GroupReply): Uint8Array {
  const writer = new Writer()
  writer.byte(replies.indexOf(reply.kind))
  switch (reply.kind) {
    case 'outcome':
      writer.raw(encodeOutcome(reply.outcome))
      break
    case 'renewed':
      writer.byte(reply.isOpen ? 1 : 0)
      break
    case 'changed':
      writer.varint(reply.position)
      break
    case 'look':
      writeLook(writer, reply.look)
      break
    case 'list':
      writer.varint(reply.objects.length)
      for (const { name, descriptor } of reply.objects) {
        writer.text(name)
        writer.text(descriptor)
      }
      break
    case 'invalid':
    case 'busy':
      writer.text(reply.reason)
      break
    case 'not-leader':
      writer.varint(reply.leader)
      break
    case 'accepted':
    case 'lost':
  }
  return writer.finish()
}

/**
 * Decodes what another peer answers. Nothing at all is the answer of one that is asked too much.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeReply(bytes: Uint8Array): GroupReply {
  if (bytes.length === 0) return { kind: 'busy', reason: 'The leader has too many requests' }
  const reader = new Reader(bytes)
  const reply = readReply(reader, replies[reader.byte()])
  reader.end()
  return reply
}

function readReply(reader: Reader, kind: GroupReply['kind'] | undefined): GroupReply {
  switch (kind) {
    case 'outcome':
      return { kind, outcome: decodeOutcome(reader.raw(reader.remaining)) }
    case 'renewed': {
      const bit = reader.byte()
      if (bit > 1) reader.fail(`expected 0 or 1, got ${bit}`)
      return { kind, isOpen: bit === 1 }
    }
    case 'changed':
      return { kind, position: reader.varint() }
    case 'look':
      return { kind, look: readLook(reader) }
    case 'list': {
      const objects: ListedObject[] = []
      for (let left = reader.count(2); left > 0; left--)
        objects.push({ name: reader.text(), descriptor: reader.text() })
      return { kind, objects }
    }
    case 'invalid':
    case 'busy':
      return { kind, reason: reader.text() }
    case 'not-leader':
      return { kind, leader: reader.varint() }
    case 'accepted':
    case 'lost':
      return { kind }
    case undefined:
      return reader.fail('unknown reply')
  }
}

function writeLook(writer: Writer, look: GroupLook): void {
  const { group, leader, term, voters, learners, applied, position, sessions, parked } = look
  for (const number of [group, leader, term, applied, position, sessions, parked])
    writer.varint(number)
  for (const nodes of [voters, learners]) {
    writer.varint(nodes.length)
    for (const node of nodes) writer.varint(node)
  }
}

function readLook(reader: Reader): GroupLook {
  const next = (): number => reader.varint()
  const [group, leader, term] = [next(), next(), next()]
  const [applied, position, sessions, parked] = [next(), next(), next(), next()]
  const [voters, learners] = [readNodes(reader), readNodes(reader)]
  return { group, leader, term, voters, learners, applied, position, sessions, parked }
}

function readNodes(reader: Reader): number[] {
  const count = reader.count()
  if (count > membersMax) reader.fail(`${count} members`)
  return Array.from({ length: count }, () => reader.varint())
}
