import { decodeBatchHeader } from '@joinery/crdt-objects/engine'
import { type Batch } from '../../identity/core/member-contract.ts'

/** A batch as it travels, with its header decoded. */
export type SpaceBatch = Batch<Uint8Array>

/** @throws JoineryError ENCODING_INVALID */
export function decodeBatch(bytes: Uint8Array): SpaceBatch {
  const { origin, first, last, epoch, dependencies } = decodeBatchHeader(bytes)
  // Written out: V8 takes microseconds to spread an object that gets more properties.
  return { origin, first, last, epoch, dependencies, body: bytes, size: bytes.length }
}
