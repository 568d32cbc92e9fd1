import { JoineryError, invalidValue } from '@joinery/crdt-objects'
import { Reader, Writer, decodeValue, encodeValue } from '@joinery/crdt-objects/engine'

/** What a class's descriptor says: the JSON of `[name, version, …args]`. */
export interface ClassDescriptor {
  readonly name: string
  readonly version: number
  readonly args: readonly unknown[]
}

/** Arguments that JSON does not have are their encoding, in hex, behind this key. */
const ENCODED = '~value'
const LENGTH_MAX = 64 * 1024

/**
 * The descriptor of an object of a class: one spelling for equal arguments.
 *
 * @throws JoineryError VALUE_INVALID for arguments that are no values
 */
export function encodeClassDescriptor({ name, version, args }: ClassDescriptor): string {
  let count = args.length
  while (count > 0 && args[count - 1] === undefined) count--
  const spelled = args.slice(0, count).map(spell)
  const descriptor = JSON.stringify([name, version, ...spelled])
  if (descriptor.length > LENGTH_MAX)
    throw invalidValue('arguments that define an object are short')
  return descriptor
}

function spell(arg: unknown): unknown {
  const writer = new Writer(64, LENGTH_MAX)
  encodeValue(writer, arg)
  const plain = inOrder(arg)
  if (plain !== undefined) return plain
  return { [ENCODED]: hexOf(writer.finish()) }
}

/** The value with its keys in order, if JSON has all of it; undefined else. */
function inOrder(value: unknown): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? undefined : value
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value !== 'object') return undefined
  if (Array.isArray(value)) {
    const items = Array.from(value as unknown[], inOrder)
    return items.includes(undefined) ? undefined : items
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const entries: [string, unknown][] = []
  for (const key of Object.keys(value).sort()) {
    const item = (value as Readonly<Record<string, unknown>>)[key]
    // As JSON does: an option that is not given is one that is not there.
    if (item === undefined) continue
    const ordered = inOrder(item)
    if (ordered === undefined || key === ENCODED) return undefined
    entries.push([key, ordered])
  }
  return Object.fromEntries(entries)
}

/**
 * Reads a descriptor, which is not trusted.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeClassDescriptor(descriptor: string): ClassDescriptor {
  if (descriptor.length > LENGTH_MAX) throw malformed('too long')
  const json = parseJson(descriptor)
  if (!Array.isArray(json)) throw malformed('no array')
  const [name, version, ...args] = json as unknown[]
  if (typeof name !== 'string') throw malformed('no name')
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    throw malformed('no version')
  }
  const described = { name, version, args: args.map(unspell) }
  if (encodeClassDescriptor(described) !== descriptor) throw malformed('not canonical')
  return described
}

/** The name that a descriptor begins with, whatever follows. */
export function descriptorName(descriptor: string): string | undefined {
  return /^\["([^"\\]{1,300})"/.exec(descriptor)?.[1]
}

/** A descriptor as its builder would be called: `queue({ capacity: 3 })`; what is none, as it is. */
export function classText(descriptor: string): string {
  try {
    const [name, version, ...args] = JSON.parse(descriptor) as unknown[]
    if (typeof name !== 'string' || typeof version !== 'number') return descriptor
    const call = `${name.replace(/^object:/, '')}(${args.map(argumentText).join(', ')})`
    return version === 1 ? call : `${call}, version ${version}`
  } catch {
    return descriptor
  }
}

function argumentText(arg: unknown): string {
  if (typeof arg !== 'object' || arg === null || Array.isArray(arg)) return JSON.stringify(arg)
  const members = Object.entries(arg).map(([key, value]) => `${key}: ${argumentText(value)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function unspell(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null || !(ENCODED in arg)) return arg
  const hex = arg[ENCODED]
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})+$/.test(hex)) throw malformed('argument')
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  const reader = new Reader(bytes)
  const value = decodeValue(reader)
  reader.end()
  return value
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw malformed('no JSON')
  }
}

function malformed(reason: string): JoineryError {
  return new JoineryError('ENCODING_INVALID', `not a descriptor of an object: ${reason}`, {
    reason,
    offset: 0,
  })
}
