import { invalidValue, JoineryError } from '@joinery/crdt-objects'
import { encodeValue, Writer } from '@joinery/crdt-objects/engine'
import { argumentsMax, messageBytesMax, pathDepthMax } from './protocol/limits.ts'

const scratch = new Writer(4096)
const none = Uint8Array.of(0)
/** What a loop that counts sends again and again. */
const smallIntegers: (Uint8Array | undefined)[] = []

/**
 * Encodes the arguments of a call when it is made: what the caller changes afterwards is not sent.
 *
 * @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE
 */
export function encodeArguments(args: readonly unknown[]): Uint8Array {
  if (args.length === 0) return none
  const first = args[0]
  if (args.length > 1 || typeof first !== 'number' || !(first > 0 && first < 256))
    return encodeAll(args)
  return (smallIntegers[first] ??= encodeAll(args))
}

function encodeAll(args: readonly unknown[]): Uint8Array {
  if (args.length > argumentsMax)
    throw invalidValue(`a call takes at most ${argumentsMax} arguments`, args.length)
  scratch.length = 0
  scratch.varint(args.length)
  for (const value of args) encodeValue(scratch, value)
  checkSize(scratch.length)
  return scratch.finish()
}

/** @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE */
export function checkPath(path: readonly string[]): void {
  if (path.length > pathDepthMax)
    throw invalidValue(`a path is at most ${pathDepthMax} deep`, path.length)
  let length = 0
  for (const key of path) length += key.length
  if (length > 1024) checkSize(length * 3)
}

/** @throws JoineryError OBJECT_TOO_LARGE */
export function checkSize(bytes: number): void {
  if (bytes <= messageBytesMax) return
  throw new JoineryError(
    'OBJECT_TOO_LARGE',
    `One call carries at most ${messageBytesMax} bytes, this one ${bytes}: write it in parts.`,
    { bytes, bytesMax: messageBytesMax },
  )
}
