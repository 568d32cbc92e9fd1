import { sortedEntries, toJson } from './json.ts'
import { printable, printableLines } from './printable.ts'
import { table } from './table.ts'

/** Items of a list, and numbers of a vector, that are shown: what is left out is counted. */
const itemsShown = 100
const numbersShown = 12

/**
 * A value for people: a map of plain values, or of flat structs, as a table; a list as numbered lines; anything deeper
 * as an indented tree; everything else in one line.
 */
export function render(value: unknown): string {
  if (typeof value === 'string') return printableLines(value)
  if (value instanceof Map && value.size > 0) {
    const rows = sortedEntries(value as Map<string, unknown>)
    if (rows.every(([, item]) => isFlat(item)))
      return table(
        ['key', 'value'],
        rows.map(([key, item]) => [key, line(item)]),
      )
    if (rows.every(([, item]) => isFlatStruct(item)))
      return structTable(rows as [string, Record<string, unknown>][])
  }
  if (value instanceof Set && value.size > 0)
    return [...(value as Set<unknown>)].map((item) => `- ${line(item)}`).join('\n')
  if (Array.isArray(value) && value.length > 0) return numbered(value)
  return tree(value, '').replace(/^\n/, '')
}

/** The last items of a list: of a log they are the news. */
function numbered(items: readonly unknown[]): string {
  const first = Math.max(0, items.length - itemsShown)
  const lines = items.slice(first).map((item, at) => `${first + at + 1}. ${line(item)}`)
  return first === 0 ? lines.join('\n') : [`… ${first} before`, ...lines].join('\n')
}

function structTable(rows: readonly [string, Record<string, unknown>][]): string {
  const fields = Object.keys(rows[0]![1])
  const cells = rows.map(([key, item]) => [key, ...fields.map((field) => line(item[field]))])
  return table(['key', ...fields], cells)
}

function tree(value: unknown, indent: string): string {
  if (isFlat(value)) return ` ${line(value)}`.trimStart()
  const entries: [string, unknown][] =
    value instanceof Map
      ? sortedEntries(value as Map<string, unknown>)
      : Object.entries(value as object)
  return entries
    .map(([key, item]) => {
      const below = tree(item, `${indent}  `)
      return `\n${indent}${printable(key)}:${below.startsWith('\n') ? below : ` ${below}`}`
    })
    .join('')
}

/** Fits one line: no map or struct with anything in it. */
function isFlat(value: unknown): boolean {
  if (value instanceof Map) return value.size === 0
  if (value instanceof Set) return value.size <= 8
  return !isStruct(value) || Object.keys(value).length === 0
}

function isFlatStruct(value: unknown): boolean {
  return isStruct(value) && Object.values(value).every(isFlat)
}

function isStruct(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(
    value instanceof Date ||
    value instanceof Uint8Array ||
    value instanceof Float64Array ||
    value instanceof Set ||
    value instanceof Map
  )
}

function line(value: unknown): string {
  return printable(lineOf(value))
}

function lineOf(value: unknown): string {
  if (value === undefined) return '(nothing)'
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map) return '(empty)'
  if (value instanceof Set) {
    const items = [...(value as Set<unknown>)].map(line)
    return items.length === 0 ? '(empty)' : `{ ${items.join(', ')} }`
  }
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (value instanceof Float64Array) return numbers(value)
  return JSON.stringify(toJson(value))
}

function numbers(values: Float64Array): string {
  const shown = Array.from(values.subarray(0, numbersShown), (value) => `${value}`)
  if (values.length > numbersShown) shown.push(`… ${values.length} numbers`)
  return `[${shown.join(', ')}]`
}
