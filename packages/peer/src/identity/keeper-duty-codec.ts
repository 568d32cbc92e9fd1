import { Reader, Writer } from '@joinery/crdt-objects/engine'
import { readMany, readName, readText, readVersion, writeVersion } from './control-wire-parts.ts'
import { type DutyRequest, type KeeperDuty } from './keeper-plan.ts'

/** So finely a number in [0, 1) is told. */
const FROM_STEPS = 2 ** 16
const NAME_BYTES = 2

/** Encodes a question for what is to be kept; `decodeDutyRequest` is the inverse, to a step of 1 in 65,536. */
export function encodeDutyRequest({ session, from }: DutyRequest): Uint8Array {
  const writer = new Writer(64)
  writeVersion(writer)
  writer.text(session)
  writer.varint(Math.floor(from * FROM_STEPS))
  return writer.finish()
}

/**
 * Decodes a question.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeDutyRequest(bytes: Uint8Array): DutyRequest {
  const reader = new Reader(bytes)
  readVersion(reader)
  const session = readText(reader)
  const step = reader.varint()
  if (step >= FROM_STEPS) reader.fail('where to begin to look')
  reader.end()
  return { session, from: step / FROM_STEPS }
}

/** Encodes its answer; `decodeKeeperDuty` is the inverse. */
export function encodeKeeperDuty({ wanted, spare }: KeeperDuty): Uint8Array {
  const writer = new Writer(256)
  writeVersion(writer)
  for (const names of [wanted, spare]) {
    writer.varint(names.length)
    for (const name of names) writer.text(name)
  }
  return writer.finish()
}

/**
 * Decodes an answer.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeKeeperDuty(bytes: Uint8Array): KeeperDuty {
  const reader = new Reader(bytes)
  readVersion(reader)
  const readNames = (): string[] => readMany(reader, NAME_BYTES, () => readName(reader))
  const duty = { wanted: readNames(), spare: readNames() }
  reader.end()
  return duty
}
