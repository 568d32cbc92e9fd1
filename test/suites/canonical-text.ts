type Arrange = (texts: string[]) => string[]

/** A value as text: equal for equal values, whatever the order of their maps, sets and fields. */
export function canonicalText(value: unknown): string {
  return valueText(value, (texts) => texts.sort())
}

/** A value as text: equal for equal values whose maps and sets have the same order. */
export function orderedText(value: unknown): string {
  return valueText(value, (texts) => texts)
}

function valueText(value: unknown, arrange: Arrange): string {
  const text = (item: unknown): string => valueText(item, arrange)
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)]
    return `map{${arrange(entries.map(([key, item]) => `${text(key)}=>${text(item)}`)).join()}}`
  }
  if (value instanceof Set) {
    return `set{${arrange([...(value as Set<unknown>)].map(text)).join()}}`
  }
  if (Array.isArray(value)) return `[${value.map(text).join()}]`
  if (value instanceof Date) return `date ${value.getTime()}`
  if (value instanceof Uint8Array || value instanceof Float64Array) {
    return `${value.constructor.name}[${[...value].map(numberText).join()}]`
  }
  if (typeof value === 'number') return `number ${numberText(value)}`
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  const fields = Object.entries(value).map(([key, item]) => `${key}:${text(item)}`)
  return `{${fields.sort().join()}}`
}

/** Different for numbers of different bits. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
