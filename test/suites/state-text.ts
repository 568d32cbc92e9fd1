// A state as text that is equal exactly for equal states: whatever the order in which it was encoded, and whichever
// rows its replicas have.
import { BatchReader } from '#crdt-objects/codec/batch-reader.ts'
import { Reader } from '#crdt-objects/codec/reader.ts'
import { parseDescriptor } from '#crdt-objects/engine.ts'
import { decodeHead, seenByRow } from '#crdt-objects/state/batch-codec.ts'
import type { SpaceState } from '#crdt-objects/state/space-state.ts'
import { specOf } from './type-specs.ts'
import { shapeOf, type WholeTexts } from './type-spec.ts'

/** The canonical text of a replica's whole state. It must have taken its batches. */
export function stateText(state: SpaceState): string {
  return encodedStateText(state.encodeState())
}

/** The canonical text of an encoded state. */
export function encodedStateText(bytes: Uint8Array): string {
  const reader = new Reader(bytes)
  const head = decodeHead(reader, 'state')
  const nameOf = (row: number): string => head.replicas[row]!.toString(16)
  const texts: WholeTexts = {
    nameOf,
    part: (shape, whole) => specOf(shape).wholeText(shape, whole, texts),
  }
  const batch = new BatchReader(reader, { ...head, seenByRow: seenByRow(head) })
  const lines = head.vector.map(([row, seq]) => `seen ${nameOf(row)} ${seq}`)
  if (head.epoch > 0) lines.push(`epoch ${head.epoch}`)
  for (let left = reader.varint(); left > 0; left--) {
    const object = reader.text()
    reader.u64()
    const kind = parseDescriptor(reader.text())
    const older: string[] = []
    for (let more = reader.varint(); more > 0; more--) older.push(reader.text())
    const whole = texts.part(shapeOf({ kind }), kind.decodeWhole(batch))
    lines.push(`${object} ${kind.descriptor} ${older.sort().join()} ${whole}`)
  }
  reader.end()
  return lines.sort().join('\n')
}
