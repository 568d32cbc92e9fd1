import { type VersionVector } from '@joinery/crdt-objects/engine'
import { type EpochRecord } from '../../identity/core/control-contract.ts'
import { type StagedEnd } from '../../identity/core/member-contract.ts'
import { type ReplicationLimits } from './contract.ts'
import { type Holdings } from './holdings.ts'
import { type Message, type StateUse } from './message.ts'
import { type SpaceBatch } from './space-batch.ts'

/** What to send to a neighbour that asked. */
export interface Answer {
  /** In this order; the last says that the answer ends. */
  readonly messages: readonly Message[]
  /** What the neighbour holds once it has taken them all. */
  readonly brings: VersionVector
}

/** The answer in batches to a neighbour that holds `has`; undefined when a state must help, and who has no state to give. */
export function answerTo(
  holdings: Holdings,
  { wanted, speaker, staged }: Extract<Message, { kind: 'ask' }>,
  has: VersionVector,
  limits: ReplicationLimits,
): Answer | StateUse | undefined {
  const { replica } = holdings.member
  const hasBegun = speaker.sender !== 0n
  if (wanted === 'batches' && hasBegun && replica !== undefined) {
    const inSealing = staged.filter(({ isFenced }) => isFenced).map(({ origin }) => origin)
    const lacking = replica.batchesAfter(has, limits.answerBytesMax, inSealing)
    if (lacking !== undefined) {
      const records = answerWithRecords(replica.book.records(), speaker.epoch)
      const answer = answerWithBatches(has, lacking, limits)
      return { ...answer, messages: [...records, ...answer.messages] }
    }
  }
  if (wanted === 'snapshot') return wanted
  return hasBegun ? 'state' : undefined
}

/** What an asker has: what it shows, and what it stages. */
export function withStaged(vector: VersionVector, staged: readonly StagedEnd[]): VersionVector {
  if (staged.length === 0) return vector
  const held = vector.copy()
  for (const { origin, last } of staged) held.advance(origin, last)
  return held
}

/** An answer in batches for a neighbour that has `has`. */
function answerWithBatches(
  has: VersionVector,
  { batches, more }: { readonly batches: readonly SpaceBatch[]; readonly more: boolean },
  limits: ReplicationLimits,
): Answer {
  const brings = has.copy()
  for (const { origin, last } of batches) brings.advance(origin, last)
  const messages = packed(
    batches.map(({ body }) => body),
    limits.messageBytesMax,
  )
  return { messages: [...messages, { kind: 'answered', more }], brings }
}

/** The epochs after `epoch` as messages. */
function answerWithRecords(records: readonly EpochRecord[], epoch: number): Message[] {
  const later = records.filter((record) => record.epoch > epoch)
  return later.length === 0 ? [] : [{ kind: 'records', records: later }]
}

function packed(batches: readonly Uint8Array[], messageBytesMax: number): Message[] {
  const messages: Message[] = []
  let together: Uint8Array[] = []
  let bytes = 0
  const flush = () => {
    if (together.length > 0) messages.push({ kind: 'batches', batches: together })
    together = []
    bytes = 0
  }
  for (const batch of batches) {
    if (bytes + batch.length > messageBytesMax) flush()
    if (batch.length > messageBytesMax) messages.push(...inParts(batch, messageBytesMax))
    else {
      together.push(batch)
      bytes += batch.length
    }
  }
  flush()
  return messages
}

function inParts(bytes: Uint8Array, messageBytesMax: number): Message[] {
  const parts = Math.ceil(bytes.length / messageBytesMax)
  return Array.from({ length: parts }, (_, part) => {
    const piece = bytes.subarray(part * messageBytesMax, (part + 1) * messageBytesMax)
    return { kind: 'part', part, parts, bytes: piece }
  })
}
