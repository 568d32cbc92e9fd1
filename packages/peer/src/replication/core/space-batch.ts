import { decodeBatchHeader } from '@joinery/crdt-objects/engine'
import { type Batch } from '../../identity/core/member-contract.ts'

/** A batch as it travels, with its header decoded. */
export type SpaceBatch = Batch<Uint8Array>

/** @throws JoineryError ENCODING_INVALID */
export function decodeBatch(bytes: Uint8Array): SpaceBatch {
  return { ...decodeBatchHeader(bytes), body: bytes, size: bytes.length }
}
