// A state as text that is equal exactly for equal states: whatever the order in which it was encoded, and whichever
// rows its replicas have.
import { BatchReader } from '#crdt-objects/codec/batch-reader.ts'
import { Reader } from '#crdt-objects/codec/reader.ts'
import { parseDescriptor } from '#crdt-objects/engine.ts'
import { decodeHead } from '#crdt-objects/state/batch-codec.ts'
import type { SpaceState } from '#crdt-objects/state/space-state.ts'
import type { Dot } from '#crdt-objects/state/dots.ts'
import { entryOf, fieldsOf, type Shape } from './operations.ts'

interface CounterEntry {
  readonly seq: number
  readonly total: number
  readonly baseSeq: number
  readonly baseTotal: number
}

/** The canonical text of a replica's whole state. It must have taken its batches. */
export function stateText(state: SpaceState): string {
  return encodedStateText(state.encodeState())
}

/** The canonical text of an encoded state. */
export function encodedStateText(bytes: Uint8Array): string {
  const reader = new Reader(bytes)
  const head = decodeHead(reader, 'state')
  const name = (row: number): string => head.replicas[row]!.toString(16)
  const seenByRow = new Array<number>(head.rows).fill(0)
  for (const [row, seq] of head.vector) seenByRow[row] = seq
  const batch = new BatchReader(reader, { ...head, seenByRow })
  const lines = head.vector.map(([row, seq]) => `seen ${name(row)} ${seq}`)
  for (let left = reader.varint(); left > 0; left--) {
    const object = reader.text()
    reader.u64()
    const kind = parseDescriptor(reader.text())
    const whole = wholeText(JSON.parse(kind.descriptor) as Shape, kind.decodeWhole(batch), name)
    lines.push(`${object} ${kind.descriptor} ${whole}`)
  }
  reader.end()
  return lines.sort().join('\n')
}

type NameOf = (row: number) => string

function wholeText(shape: Shape, whole: unknown, name: NameOf): string {
  switch (shape[0]) {
    case 'counter':
      return entriesText(whole as Map<number, CounterEntry>, name, (entry) =>
        [entry.seq, entry.total, entry.baseSeq, entry.baseTotal].join(' '),
      )
    case 'struct': {
      const fields = new Map(fieldsOf(shape))
      return entriesText(whole as Map<string, unknown>, String, (part, field) =>
        wholeText(fields.get(field)!, part, name),
      )
    }
    case 'set':
      return entriesText(whole as Map<unknown, Dot>, keyText, (dot) => cellText(dot, name))
    case 'map': {
      const entry = entryOf(shape)
      return entriesText(whole as Map<string, unknown>, String, (part) =>
        entry === undefined ? cellText(part as Dot, name) : wholeText(entry, part, name),
      )
    }
    default:
      return cellText(whole as Dot | undefined, name)
  }
}

function keyText(key: unknown): string {
  return `${typeof key}:${String(key)}`
}

function entriesText<K, V>(
  entries: ReadonlyMap<K, V>,
  key: (key: K) => string,
  text: (value: V, key: K) => string,
): string {
  const lines = [...entries].map(([k, value]) => `${key(k)}=${text(value, k)}`)
  return `{${lines.sort().join(', ')}}`
}

function cellText(head: Dot | undefined, name: NameOf): string {
  const dots: string[] = []
  for (let dot = head; dot !== undefined; dot = dot.next) {
    dots.push(`${name(dot.replica)}.${dot.seq}@${dot.stamp}:${JSON.stringify(dot.value)}`)
  }
  return `[${dots.sort().join(' ')}]`
}
