import { type Reader, Writer } from '@joinery/crdt-objects/engine'
import { objectsMax, transactionWritesMax } from './limits.ts'
import {
  type Arguments,
  decodeArguments,
  decodeName,
  decodeNumber,
  decodePath,
  encodePath,
} from './parts.ts'

/** One write of a transaction: self-contained, for its place is seldom written to again. */
export interface TransactionWrite {
  readonly object: number
  readonly path: readonly string[]
  readonly verb: string
  readonly args: Arguments
}

/** Appends one write of a transaction. Their number goes before the first: see {@link encodeTransaction}. */
export function encodeTransactionWrite(
  writer: Writer,
  write: Omit<TransactionWrite, 'args'> & { readonly args: Uint8Array },
): void {
  writer.varint(write.object)
  encodePath(writer, write.path)
  writer.text(write.verb)
  writer.raw(write.args)
}

/** The writes of a transaction, of which `count` are in `encoded`. */
export function encodeTransaction(count: number, encoded: Uint8Array): Uint8Array {
  const writer = new Writer(encoded.length + 4)
  writer.varint(count)
  writer.raw(encoded)
  return writer.finish()
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeTransaction(reader: Reader): TransactionWrite[] {
  const writes: TransactionWrite[] = []
  const count = decodeNumber(reader, transactionWritesMax + 1, 'number of writes')
  for (let at = 0; at < count; at++) {
    const object = decodeNumber(reader, objectsMax, 'object')
    const path = decodePath(reader)
    writes.push({ object, path, verb: decodeName(reader), args: decodeArguments(reader) })
  }
  return writes
}
