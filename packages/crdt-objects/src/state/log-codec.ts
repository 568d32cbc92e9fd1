import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { decodeColumn, encodeColumn } from '../codec/number-column.ts'
import { decodeValue, encodeValue } from '../codec/value.ts'
import type { Kills } from './dots.ts'
import type { LogColumns, LogRows } from './log-entries.ts'

/** What a batch says of a log. */
export interface LogDelta {
  /** Rows of the table, and the number up to which the replica's entries are removed, by turns. */
  readonly kills: Kills
  /** The author's, in the order of their numbers and stamps. */
  readonly added: LogColumns
}

export const NO_ROWS: LogRows = { stamps: [], replicas: [], seqs: [], values: [] }

/** Where the append that begins at `from` ends. */
export function appendEnd({ seqs }: LogColumns, from: number): number {
  let to = from + 1
  while (to < seqs.length && seqs[to] === seqs[from]) to++
  return to
}

/** Appends as distances from the one before: as a rule two or three bytes besides the value. */
export function encodeAppends(batch: BatchWriter, pending: LogColumns): void {
  const { seqs, stamps, values } = pending
  batch.body.varint(seqs.filter((seq, i) => seq !== seqs[i - 1]).length)
  let before = batch.context.firstPending - 1
  for (let from = 0, to: number; from < values.length; from = to) {
    to = appendEnd(pending, from)
    const seq = seqs[from] ?? 0
    batch.body.varint((seq - before - 1) * 2 + (to - from === 1 ? 0 : 1))
    before = seq
    const stamp = stamps[from] ?? 0
    if (from === 0) batch.stamp(stamp)
    else batch.body.varint(stamp - (stamps[from - 1] ?? 0))
    if (to - from > 1) batch.body.varint(to - from)
    for (let i = from; i < to; i++) encodeValue(batch.body, values[i])
  }
}

/** Reads the delta of a log. */
export function decodeLogDelta(batch: BatchReader): LogDelta {
  const kills: number[] = []
  for (let left = batch.body.count(2); left > 0; left--) {
    const row = batch.row()
    kills.push(row, batch.seenSeq(row))
  }
  const added: LogColumns = { stamps: [], seqs: [], values: [] }
  let seq = batch.frame.first - 1
  let stamp = -1
  for (let left = batch.body.count(3); left > 0; left--) {
    const head = batch.body.varint()
    seq += Math.floor(head / 2) + 1
    if (seq > batch.frame.last) batch.body.fail('update number outside its batch')
    stamp = laterStamp(batch, stamp)
    for (let items = head % 2 === 0 ? 1 : batch.body.count(); items > 0; items--) {
      added.stamps.push(stamp)
      added.seqs.push(seq)
      added.values.push(decodeValue(batch.body))
    }
  }
  return { kills, added }
}

function laterStamp(batch: BatchReader, before: number): number {
  if (before < 0) return batch.stamp()
  const distance = batch.body.varint()
  return distance > 0 ? batch.checkedStamp(before + distance) : batch.body.fail('stamp used twice')
}

/** Entries column by column: a replica's numbers and the stamps as distances, which are small and often equal. */
export function encodeRows(batch: BatchWriter, { replicas, seqs, stamps, values }: LogRows): void {
  const { body } = batch
  body.varint(values.length)
  if (values.length === 0) return
  const lastByReplica = new Map<number, number>()
  const seqDistances = replicas.map((replica, i) => {
    const seq = seqs[i] ?? 0
    const distance = seq - (lastByReplica.get(replica) ?? 0)
    lastByReplica.set(replica, seq)
    return distance
  })
  encodeColumn(
    body,
    replicas.map((replica) => batch.row(replica)),
  )
  encodeColumn(body, seqDistances)
  batch.stamp(stamps[0] ?? 0)
  encodeColumn(
    body,
    stamps.slice(1).map((stamp, i) => stamp - (stamps[i] ?? 0)),
  )
  for (const value of values) encodeValue(body, value)
}

/** Reads the state of a log. */
export function decodeLogWhole(batch: BatchReader): LogRows {
  const { body } = batch
  // Each value takes a byte at least: no column is longer than what follows.
  const length = body.count()
  if (length === 0) return NO_ROWS
  const replicas = decodeColumn(body, length)
  const lastByRow = new Map<number, number>()
  const distances = decodeColumn(body, length)
  const seqs = replicas.map((row, i) => {
    const seq = (lastByRow.get(row) ?? 0) + (distances[i] ?? 0)
    if (seq === 0 || seq > (batch.frame.seenByRow?.[row] ?? 0)) body.fail('update not yet seen')
    lastByRow.set(row, seq)
    return seq
  })
  let stamp = batch.stamp()
  const stamps = [stamp]
  for (const distance of decodeColumn(body, length - 1)) {
    stamp = batch.checkedStamp(stamp + distance)
    stamps.push(stamp)
  }
  const values: unknown[] = []
  for (let left = length; left > 0; left--) values.push(decodeValue(body))
  return { stamps, replicas, seqs, values }
}
