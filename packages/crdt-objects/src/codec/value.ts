import { invalidValue } from '../errors.ts'
import type { Reader } from './reader.ts'
import { Writer } from './writer.ts'

/** How deep a value may nest. A cycle is found by this bound. */
const DEPTH_MAX = 64

const NULL = 0
const FALSE = 1
const TRUE = 2
const INTEGER = 3
const FLOAT = 4
const TEXT = 5
const BYTES = 6
const BIGINT = 7
const DATE = 8
const ARRAY = 9
const MAP = 10
const SET = 11
const OBJECT = 12
const UNDEFINED = 13
const FLOATS = 14

/** Refuses text that UTF-8 cannot carry: it would come back as another text. */
export function checkText(text: string, what = 'text'): void {
  if (!text.isWellFormed()) {
    throw invalidValue(`${what} must be well-formed Unicode, without lone surrogates`, text)
  }
}

/**
 * Writes plain data: JSON, `undefined`, `Uint8Array`, `Float64Array`, `bigint`, `Date`, `Map`, `Set`.
 *
 * @throws JoineryError VALUE_INVALID for anything else: functions, symbols, NaN and infinities, cycles, class
 *   instances, keys `__proto__`.
 */
export function encodeValue(writer: Writer, value: unknown): void {
  encode(writer, value, 0)
}

function encode(writer: Writer, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      checkText(value)
      writer.byte(TEXT)
      writer.text(value)
      return
    case 'number':
      encodeNumber(writer, value)
      return
    case 'boolean':
      writer.byte(value ? TRUE : FALSE)
      return
    case 'undefined':
      writer.byte(UNDEFINED)
      return
    case 'bigint':
      writer.byte(BIGINT)
      writer.text(value.toString(16))
      return
    case 'object':
      if (value === null) writer.byte(NULL)
      else encodeObject(writer, value, depth)
      return
    default:
      throw invalidValue(`a ${typeof value} is no value that can be shared`)
  }
}

function encodeNumber(writer: Writer, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    writer.byte(INTEGER)
    writer.zigzag(value)
    return
  }
  if (!Number.isFinite(value)) throw invalidValue('numbers must be finite', value)
  writer.byte(FLOAT)
  writer.float64(value)
}

function encodeObject(writer: Writer, value: object, depth: number): void {
  if (depth >= DEPTH_MAX) {
    throw invalidValue(`values nest at most ${DEPTH_MAX} deep, and without cycles`)
  }
  if (value instanceof Uint8Array) {
    writer.byte(BYTES)
    writer.bytes(value)
  } else if (value instanceof Float64Array) {
    encodeFloats(writer, value)
  } else if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw invalidValue('dates must be valid')
    writer.byte(DATE)
    writer.zigzag(value.getTime())
  } else if (Array.isArray(value)) {
    writer.byte(ARRAY)
    writer.varint(value.length)
    for (const item of value as unknown[]) encode(writer, item, depth + 1)
  } else if (value instanceof Map) {
    // Counted by reading it: a class of somebody's own may say another size than it gives.
    const entries = [...(value as Map<unknown, unknown>)]
    writer.byte(MAP)
    writer.varint(entries.length)
    for (const [key, item] of entries) {
      encode(writer, key, depth + 1)
      encode(writer, item, depth + 1)
    }
  } else if (value instanceof Set) {
    const items = [...(value as Set<unknown>)]
    writer.byte(SET)
    writer.varint(items.length)
    for (const item of items) encode(writer, item, depth + 1)
  } else {
    encodePlain(writer, value, depth)
  }
}

function encodeFloats(writer: Writer, value: Float64Array): void {
  for (const number of value) {
    if (!Number.isFinite(number)) throw invalidValue('numbers must be finite', number)
  }
  writer.byte(FLOATS)
  writer.varint(value.length)
  writer.float64s(value)
}

function encodePlain(writer: Writer, value: object, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) {
    throw invalidValue('only plain objects can be shared, no instances of classes', value)
  }
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw invalidValue('keys must be strings, no symbols')
  }
  const entries = Object.entries(value)
  writer.byte(OBJECT)
  writer.varint(entries.length)
  for (const [key, item] of entries) {
    if (key === '__proto__') throw invalidValue('the key __proto__ cannot be shared')
    checkText(key, 'a key')
    writer.text(key)
    encode(writer, item, depth + 1)
  }
}

/** Reads what {@link encodeValue} wrote. Arrays and plain objects come frozen: values are immutable snapshots. */
export function decodeValue(reader: Reader): unknown {
  return decode(reader, 0)
}

function decode(reader: Reader, depth: number): unknown {
  const tag = reader.byte()
  switch (tag) {
    case NULL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case UNDEFINED:
      return undefined
    case INTEGER:
      return reader.zigzag()
    case FLOAT: {
      const value = reader.float64()
      return Number.isFinite(value) ? value : reader.fail('number that is not finite')
    }
    case TEXT:
      return reader.text()
    case BIGINT:
      return decodeBigint(reader)
    default:
      // As deep as the writer goes and no deeper: what is read must be writable again.
      if (depth >= DEPTH_MAX) return reader.fail('value nested too deep')
      return decodeObject(reader, tag, depth)
  }
}

function decodeBigint(reader: Reader): bigint {
  const text = reader.text()
  if (!/^-?[0-9a-f]+$/.test(text)) return reader.fail('malformed bigint')
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`)
}

function decodeObject(reader: Reader, tag: number, depth: number): unknown {
  switch (tag) {
    case BYTES:
      return reader.bytes().slice()
    case FLOATS: {
      const floats = reader.float64s(reader.count(8))
      return floats.every(Number.isFinite) ? floats : reader.fail('number that is not finite')
    }
    case DATE: {
      const date = new Date(reader.zigzag())
      return Number.isNaN(date.getTime()) ? reader.fail('date out of range') : date
    }
    case ARRAY: {
      const items: unknown[] = []
      for (let left = reader.count(); left > 0; left--) items.push(decode(reader, depth + 1))
      return Object.freeze(items)
    }
    case MAP: {
      const map = new Map<unknown, unknown>()
      for (let left = reader.count(2); left > 0; left--) {
        const key = decode(reader, depth + 1)
        map.set(key, decode(reader, depth + 1))
      }
      return map
    }
    case SET: {
      const set = new Set<unknown>()
      for (let left = reader.count(); left > 0; left--) set.add(decode(reader, depth + 1))
      return set
    }
    case OBJECT: {
      const object: Record<string, unknown> = {}
      for (let left = reader.count(2); left > 0; left--) {
        const key = reader.text()
        if (key === '__proto__') reader.fail('forbidden key')
        object[key] = decode(reader, depth + 1)
      }
      return Object.freeze(object)
    }
    default:
      return reader.fail(`unknown kind of value ${tag}`)
  }
}

/** No value is encoded beyond this: one that holds itself many times over would never end. */
const BYTES_MAX = 512 * 1024

/**
 * The bytes of one value.
 *
 * @throws JoineryError VALUE_INVALID or OBJECT_TOO_LARGE
 */
export function valueBytes(value: unknown): Uint8Array {
  const writer = new Writer(256, BYTES_MAX)
  encode(writer, value, 0)
  return writer.finish()
}
