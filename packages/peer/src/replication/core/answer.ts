import { type SpaceState, type VersionVector } from '@joinery/crdt-objects/engine'
import { type BatchLog } from './batch-log.ts'
import { type ReplicationLimits } from './contract.ts'
import { type Message } from './message.ts'

/** What to send to a neighbour that asked. */
export interface Answer {
  /** In this order; the last says that the answer ends. */
  readonly messages: readonly Message[]
  /** What the neighbour holds once it has taken them all. */
  readonly brings: VersionVector
}

/** An answer in batches for a neighbour that has `has`, or undefined where a state serves it better. */
export function answerWithBatches(
  log: BatchLog,
  vector: VersionVector,
  has: VersionVector,
  limits: ReplicationLimits,
): Answer | undefined {
  if (!log.reaches(has, vector)) return undefined
  if (isJoiner(has, vector) && log.bytesAfter(has) > limits.messageBytesMax) return undefined
  const { batches, more } = log.after(has, limits.answerBytesMax)
  const brings = has.copy()
  for (const { origin, last } of batches) brings.set(origin, last)
  const messages = packed(
    batches.map((entry) => entry.bytes),
    limits.messageBytesMax,
  )
  return { messages: [...messages, { kind: 'answered', more }], brings }
}

/** An answer that brings the whole of `state`, at `vector`; its own updates are all sealed. */
export function answerWithState(
  state: SpaceState,
  vector: VersionVector,
  limits: ReplicationLimits,
): Answer {
  const messages = inParts('state', state.encodeState(), limits.messageBytesMax)
  return {
    messages: [...messages, { kind: 'answered', more: false }],
    brings: vector.copy(),
  }
}

/** A joiner has nothing that we have. It gets a state even where the log has all of history, unless that is short. */
function isJoiner(has: VersionVector, vector: VersionVector): boolean {
  for (const [origin] of vector.entries()) if (has.get(origin) !== 0) return false
  return true
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
    if (batch.length > messageBytesMax) messages.push(...inParts('batch', batch, messageBytesMax))
    else {
      together.push(batch)
      bytes += batch.length
    }
  }
  flush()
  return messages
}

function inParts(of: 'batch' | 'state', bytes: Uint8Array, messageBytesMax: number): Message[] {
  const parts = Math.ceil(bytes.length / messageBytesMax)
  return Array.from({ length: parts }, (_, part) => {
    const piece = bytes.subarray(part * messageBytesMax, (part + 1) * messageBytesMax)
    return { kind: 'part', of, part, parts, bytes: piece }
  })
}
