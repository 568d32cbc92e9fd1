import { JoineryError, invalidValue } from '../errors.ts'
import { VALUE_BYTES_MAX } from '../codec/snapshot.ts'

/** Refuses a place outside a sequence; `length` itself is the place at its end. */
export function checkIndex(index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index <= length) return
  throw invalidValue(`a place in a sequence of length ${length} is from 0 to ${length}`, index)
}

/** Refuses a range that is not all within a sequence. */
export function checkRange(index: number, count: number, length: number): void {
  checkIndex(index, length)
  if (Number.isInteger(count) && count >= 0 && count <= length - index) return
  throw invalidValue(
    `from ${index} on, a sequence of length ${length} has ${length - index}`,
    count,
  )
}

/** Refuses an edit that brings too much at once. */
export function checkEditBytes(bytes: number): void {
  if (bytes <= VALUE_BYTES_MAX) return
  throw new JoineryError(
    'OBJECT_TOO_LARGE',
    `one edit takes at most ${VALUE_BYTES_MAX} bytes, this one takes ${bytes}: do it in parts`,
    { bytes, bytesMax: VALUE_BYTES_MAX },
  )
}
