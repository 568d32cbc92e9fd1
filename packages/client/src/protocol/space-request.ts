import type { Lifetime } from '@joinery/crdt-objects'
import { readLifetime, type Reader, writeLifetime, type Writer } from '@joinery/crdt-objects/engine'
import { decodeName } from './parts.ts'

/** What a client asks of a space as a whole. A space is known by the number that it was founded with, which none of its name had before. */
export type SpaceRequest =
  /**
   * Answered, with the number that the space was founded with, when all that `after` stands for, an encoded version vector
   * or nothing, is visible at the gateway. With `founded` not 0 it is that space which is meant, and no other of its name.
   */
  | {
      readonly kind: 'open-space'
      readonly id: number
      readonly space: string
      readonly founded: number
      readonly lifetime: Lifetime | undefined
      readonly after: Uint8Array
    }
  /** Nobody at this client is in the space any more; or what ended is heard, and nothing of it is asked for again. */
  | { readonly kind: 'close-space'; readonly id: number; readonly space: string }
  /** Ends the space for everybody, if it is the one that was founded with that number. */
  | {
      readonly kind: 'end-space'
      readonly id: number
      readonly space: string
      readonly founded: number
    }

const tag = { open: 2, close: 15, end: 16 } as const

export function isSpaceTag(kind: number): boolean {
  return kind === tag.open || kind === tag.close || kind === tag.end
}

/** Appends one request; `decodeSpaceRequest` is the inverse. */
export function encodeSpaceRequest(writer: Writer, request: SpaceRequest): void {
  switch (request.kind) {
    case 'open-space':
      writer.byte(tag.open)
      writer.varint(request.id)
      writer.text(request.space)
      writer.varint(request.founded)
      writeLifetime(writer, request.lifetime)
      return writer.bytes(request.after)
    case 'close-space':
      writer.byte(tag.close)
      writer.varint(request.id)
      return writer.text(request.space)
    case 'end-space':
      writer.byte(tag.end)
      writer.varint(request.id)
      writer.text(request.space)
      return writer.varint(request.founded)
  }
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeSpaceRequest(reader: Reader, kind: number): SpaceRequest {
  switch (kind) {
    case tag.open:
      return {
        kind: 'open-space',
        id: reader.varint(),
        space: decodeName(reader),
        founded: reader.varint(),
        lifetime: readLifetime(reader),
        after: reader.bytes(),
      }
    case tag.close:
      return { kind: 'close-space', id: reader.varint(), space: decodeName(reader) }
    case tag.end:
      return {
        kind: 'end-space',
        id: reader.varint(),
        space: decodeName(reader),
        founded: reader.varint(),
      }
    default:
      return reader.fail(`unknown request ${kind}`)
  }
}
