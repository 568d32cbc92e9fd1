import type { ProposedEntry } from './message.ts'
import type { Entry } from './types.ts'

/**
 * Bytes that an entry takes on the wire, in the encoding whose limits other implementations' scripts state: a type, a term,
 * an index and the data, each behind a byte.
 */
export function entrySize(entry: Entry): number {
  const length = entry.data.length
  const data = length === 0 ? 0 : 1 + varintSize(length) + length
  return 4 + varintSize(entry.term) + varintSize(entry.index) + data
}

export function entriesSize(entries: readonly Entry[]): number {
  let size = 0
  for (const entry of entries) size += entrySize(entry)
  return size
}

/** Bytes that a proposer gave: none of the term's own first entry, nor of what leaves a joint configuration. */
export function payloadSize(entries: readonly ProposedEntry[]): number {
  let size = 0
  for (const entry of entries) size += entry.data.length
  return size
}

/** As many of `entries` as fit, one at least. */
export function cutToSize(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  if (bytesMax === Infinity || entries.length === 0) return entries
  let size = entrySize(entries[0]!)
  for (let count = 1; count < entries.length; count++) {
    size += entrySize(entries[count]!)
    if (size > bytesMax) return entries.slice(0, count)
  }
  return entries
}

function varintSize(value: number): number {
  if (value < 2 ** 7) return 1
  if (value < 2 ** 14) return 2
  if (value < 2 ** 21) return 3
  if (value < 2 ** 28) return 4
  return Math.ceil(Math.log2(value + 1) / 7)
}
