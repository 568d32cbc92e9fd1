import { JoineryError, isJoineryError } from '@joinery/crdt-objects'
import { Reader, Writer, decodeValue, encodeValue } from '@joinery/crdt-objects/engine'
import type { Failure } from './outcome.ts'

const MESSAGE_LENGTH_MAX = 4096
const DETAILS_BYTES_MAX = 256 * 1024

/** A failure as it is kept and travels. What no encoding can carry of it is left out. */
export function failureOf({ code, message, details, retryable }: JoineryError): Failure {
  return { code, message: shortMessage(message), details: plainDetails(details), retryable }
}

function shortMessage(message: string): string {
  return message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed()
}

function plainDetails(details: unknown): unknown {
  try {
    const writer = new Writer(64, DETAILS_BYTES_MAX)
    encodeValue(writer, details)
    return decodeValue(new Reader(writer.written()))
  } catch {
    return {}
  }
}

/** What a method threw, as the failure of its call: ours as it is, any other as OBJECT_METHOD_FAILED. */
export function methodFailure(type: string, method: string, thrown: unknown): Failure {
  if (isJoineryError(thrown)) return failureOf(thrown)
  return failureOf(methodFailed(type, method, messageOf(thrown)))
}

function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'it threw what has no text'
  }
}

export function methodFailed(type: string, method: string, why: string): JoineryError {
  const message = `${type}.${method} failed, and changed nothing: ${why}`
  return new JoineryError('OBJECT_METHOD_FAILED', message, { type, method })
}
