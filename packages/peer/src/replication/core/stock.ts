/* The batches that go along with a state: for who needs them for a seal, since no state can help there. */
import { Reader, Writer } from '@joinery/crdt-objects/engine'
import { type Message } from './message.ts'
import { decodeBatch, type SpaceBatch } from './space-batch.ts'

/** Batches that are applied, in the order in which they were, and those that are staged. */
export interface Stock {
  readonly kept: readonly SpaceBatch[]
  readonly staged: readonly SpaceBatch[]
}

/** A stock as messages of at most so many bytes. */
export function stockInPieces({ kept, staged }: Stock, bytesMax: number): Message[] {
  const writer = new Writer()
  for (const batches of [kept, staged]) {
    writer.varint(batches.length)
    for (const { body } of batches) writer.bytes(body)
  }
  const bytes = writer.finish()
  const pieces = Math.ceil(bytes.length / bytesMax)
  return Array.from({ length: pieces }, (_, at) => {
    return { kind: 'stock', bytes: bytes.slice(at * bytesMax, (at + 1) * bytesMax) }
  })
}

/** @throws JoineryError ENCODING_INVALID */
export function stockOf(pieces: readonly Uint8Array[]): Stock {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  const reader = new Reader(bytes)
  const [kept, staged] = [readBatches(reader), readBatches(reader)]
  reader.end()
  return { kept, staged }
}

function readBatches(reader: Reader): SpaceBatch[] {
  const batches: SpaceBatch[] = []
  for (let left = reader.count(1); left > 0; left--) {
    batches.push(decodeBatch(reader.bytes().slice()))
  }
  return batches
}
