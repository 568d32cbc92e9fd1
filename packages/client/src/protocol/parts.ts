import { decodeValue, type Reader, type Writer } from '@joinery/crdt-objects/engine'
import { argumentsMax, nameLengthMax, pathDepthMax } from './limits.ts'

/*
 * What several requests have in them. Each decoder checks its limit before it takes memory.
 */

/** Keys are bounded by the frame; the engine has the last word on them. */
const frameKeyLengthMax = 64 * 1024

/** An encoded list of arguments, or the arguments as they were decoded. */
export type Arguments = readonly unknown[]

export function encodePath(writer: Writer, path: readonly string[]): void {
  writer.varint(path.length)
  for (const key of path) writer.text(key)
}

export function decodePath(reader: Reader): string[] {
  const depth = decodeNumber(reader, pathDepthMax + 1, 'path depth')
  const path: string[] = []
  for (let at = 0; at < depth; at++) path.push(decodeText(reader, frameKeyLengthMax))
  return path
}

export function decodeArguments(reader: Reader): Arguments {
  const count = reader.count()
  if (count === 0) return []
  if (count > argumentsMax) reader.fail(`more than ${argumentsMax} arguments`)
  const args: unknown[] = []
  for (let at = 0; at < count; at++) args.push(decodeValue(reader))
  return args
}

export function decodeNumber(reader: Reader, limit: number, what: string): number {
  const number = reader.varint()
  return number < limit ? number : reader.fail(`${what} ${number} is not below ${limit}`)
}

export function decodeName(reader: Reader): string {
  const name = decodeText(reader, nameLengthMax)
  return name.length > 0 ? name : reader.fail('a name is empty')
}

export function decodeText(reader: Reader, lengthMax: number): string {
  const text = reader.text()
  return text.length <= lengthMax ? text : reader.fail(`a text is longer than ${lengthMax}`)
}
