/* A member's state as it travels: what its receiver checks it against comes first, and is read without the state. */
import { decodeStateHeader, Reader, Writer } from '@joinery/crdt-objects/engine'
import { readRecord, writeRecord } from '../../identity/core/control-codec.ts'
import { type StateOffer } from '../../identity/core/member-contract.ts'
import { decodeBatch, type SpaceBatch } from './space-batch.ts'
import { type Offered } from './space-replica.ts'

/** A state with what its sender knows of seals. */
export type SpaceOffer = StateOffer<Uint8Array, Offered>

const recordBytesMin = 2

/** Encodes an offer whose state is bytes; `decodeOffer` is the inverse. */
export function encodeOffer(offer: SpaceOffer): Uint8Array {
  if (offer.state.kind !== 'bytes') throw new Error('a state that is begun with is not passed on')
  const writer = new Writer()
  writer.u64(offer.sender)
  writer.varint(offer.records.length)
  for (const record of offer.records) writeRecord(writer, record)
  for (const batches of [offer.kept, offer.staged]) {
    writer.varint(batches.length)
    for (const { body } of batches) writer.bytes(body)
  }
  writer.bytes(offer.state.bytes)
  return writer.finish()
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeOffer(bytes: Uint8Array): SpaceOffer & { readonly state: { kind: 'bytes' } } {
  const reader = new Reader(bytes)
  const sender = reader.u64()
  const records = []
  for (let left = reader.count(recordBytesMin); left > 0; left--) records.push(readRecord(reader))
  const kept = readBatches(reader)
  const staged = readBatches(reader)
  const state = { kind: 'bytes', bytes: reader.bytes() } as const
  reader.end()
  const { vector, epoch } = decodeStateHeader(state.bytes)
  return { sender, records, kept, staged, state, vector, epoch }
}

function readBatches(reader: Reader): SpaceBatch[] {
  const batches: SpaceBatch[] = []
  for (let left = reader.count(1); left > 0; left--) batches.push(decodeBatch(reader.bytes()))
  return batches
}
