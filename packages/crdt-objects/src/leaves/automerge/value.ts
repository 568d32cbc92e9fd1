import { VALUE_BYTES_MAX } from '../../codec/snapshot.ts'
import { checkText, valueBytes } from '../../codec/value.ts'
import { JoineryError, invalidValue } from '../../errors.ts'

/** A map or list of a document, as plain data. */
export type Container = Record<string, unknown> | unknown[]

/** How deep a document nests at the most: less than a value does, so that one within maps can still be read. */
export const DEPTH_MAX = 48
/** A longer string is text, whose parts are edited; up to here it is one value. In UTF-16 units. */
export const SHORT_TEXT_MAX = 64

/** Whether a value is a map or list of a document. */
export function isContainer(value: unknown): value is Container {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  )
}

/** Whether a string may name an entry of a document. */
export function checkStep(key: string): void {
  if (key === '__proto__') throw invalidValue('the key __proto__ cannot be shared')
  checkText(key, 'a key')
}

/**
 * A copy of a value without containers, or `undefined` if it is one.
 *
 * @throws JoineryError VALUE_INVALID for what no document can hold.
 */
export function copyLeaf(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      checkText(value)
      return value
    case 'number':
      if (!Number.isFinite(value)) throw invalidValue('numbers must be finite', value)
      return value
    case 'boolean':
      return value
    case 'object':
      if (value === null) return null
      if (value instanceof Date) return copyDate(value)
      if (value instanceof Uint8Array) return Uint8Array.from(value)
      return undefined
    default:
      throw invalidValue(
        `a document holds strings, numbers, booleans, null, dates, bytes, arrays and plain objects, no ${typeof value}`,
      )
  }
}

function copyDate(value: Date): Date {
  if (Number.isNaN(value.getTime())) throw invalidValue('dates must be valid')
  return new Date(value)
}

/** Refuses objects that are neither arrays without holes nor plain. */
export function checkContainer(value: object): asserts value is Container {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (!(i in value)) throw invalidValue('arrays in a document have no holes')
    }
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) {
    throw invalidValue('a document holds plain objects, no instances of classes', value)
  }
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw invalidValue('keys must be strings, no symbols')
  }
}

/**
 * A deep copy of a value that a document can hold.
 *
 * @throws JoineryError VALUE_INVALID
 */
export function copyValue(value: unknown, depth = 0): unknown {
  const leaf = copyLeaf(value)
  if (leaf !== undefined) return leaf
  checkDepth(depth)
  checkContainer(value as object)
  if (Array.isArray(value)) return (value as unknown[]).map((item) => copyValue(item, depth + 1))
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value as object)) {
    checkStep(key)
    copy[key] = copyValue(item, depth + 1)
  }
  return copy
}

/** Refuses what nests too deep. A cycle is found by this bound. */
export function checkDepth(depth: number): void {
  if (depth >= DEPTH_MAX) {
    throw invalidValue(`documents nest at most ${DEPTH_MAX} deep, and without cycles`)
  }
}

/** Refuses an operation whose values are more than a batch should carry. */
export function checkBytes(value: unknown): void {
  const bytes = valueBytes(value).length
  if (bytes > VALUE_BYTES_MAX) throw tooLarge(bytes, VALUE_BYTES_MAX)
}

/** The refusal of one change that is too much at once. */
export function tooLarge(bytes: number, bytesMax: number): JoineryError<'OBJECT_TOO_LARGE'> {
  return new JoineryError(
    'OBJECT_TOO_LARGE',
    `one change takes at most ${bytesMax} bytes or operations, this one takes ${bytes}: make several`,
    { bytes, bytesMax },
  )
}

/** Whether two values without containers are the same. */
export function sameLeaf(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (!(a instanceof Uint8Array && b instanceof Uint8Array) || a.length !== b.length) return false
  return a.every((byte, index) => byte === b[index])
}

/** The entry of a container that is its own, never one of a prototype. */
export function ownEntry(container: Container, key: string | number): unknown {
  return Object.hasOwn(container, key) ? (container as Record<string, unknown>)[key] : undefined
}

/** Whether two values are the same through and through. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (!isContainer(a) || !isContainer(b)) return sameLeaf(a, b)
  const keys = Object.keys(a)
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(ownEntry(a, key), ownEntry(b, key)))
  )
}
