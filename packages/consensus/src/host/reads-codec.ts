import { type Reader, type Writer, decodeValue, encodeValue } from '@joinery/crdt-objects/engine'
import type { KeyOfField, Reads } from './fields/change-record.ts'
import { isPrimitive } from './fields/plain-value.ts'

/** What a parked call has read, in a snapshot: a replica that starts from it runs the call again when others do. */
export function writeReads(writer: Writer, { slots, contents, keys }: Reads): void {
  for (const fields of [slots, contents]) {
    writer.varint(fields.length)
    for (const field of fields) writer.varint(field)
  }
  writer.varint(keys.length)
  for (const { field, key } of keys) {
    writer.varint(field)
    encodeValue(writer, key)
  }
}

/** @throws JoineryError ENCODING_INVALID */
export function readReads(reader: Reader): Reads {
  const slots = readFields(reader)
  const contents = readFields(reader)
  const keys: KeyOfField[] = []
  for (let left = reader.count(2); left > 0; left--) {
    const field = reader.varint()
    const key = decodeValue(reader)
    if (!isPrimitive(key)) reader.fail('key that was read')
    keys.push({ field, key })
  }
  return { slots, contents, keys }
}

function readFields(reader: Reader): readonly number[] {
  const fields: number[] = []
  for (let left = reader.count(); left > 0; left--) fields.push(reader.varint())
  return fields
}
