/** A value as text: equal for equal values, whatever the order of their maps, sets and fields. */
export function canonicalText(value: unknown): string {
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)]
    return `map{${texts(entries.map(([key, item]) => `${canonicalText(key)}=>${canonicalText(item)}`))}}`
  }
  if (value instanceof Set) return `set{${texts([...(value as Set<unknown>)].map(canonicalText))}}`
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`
  if (value instanceof Date) return `date ${value.getTime()}`
  if (value instanceof Uint8Array || value instanceof Float64Array) {
    return `${value.constructor.name}[${[...value].map(numberText).join()}]`
  }
  if (typeof value === 'number') return `number ${numberText(value)}`
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  const fields = Object.entries(value).map(([key, item]) => `${key}:${canonicalText(item)}`)
  return `{${texts(fields)}}`
}

/** Different for numbers of different bits. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function texts(lines: string[]): string {
  return lines.sort().join()
}
