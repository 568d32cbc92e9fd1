/** How deep a field's value may nest: a little less than values travel, so that whatever holds it can travel too. */
export const DEPTH_MAX = 60

/** What a class does that no group can host. It fails the call: a rule of classes is broken, not one of its callers. */
export function notShareable(reason: string, value?: unknown): Error {
  if (value === undefined) return new Error(reason)
  if (typeof value === 'object' && value !== null) {
    const maker = (value as { readonly constructor?: unknown }).constructor
    return new Error(`${reason}, got ${typeof maker === 'function' ? maker.name : 'an object'}`)
  }
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- objects are shown above
  const shown = typeof value === 'function' ? 'a function' : String(value)
  return new Error(`${reason}, got ${shown}`)
}

/**
 * Refuses a primitive that has no encoding. Objects pass: they are looked at one by one.
 *
 * @throws Error
 */
export function checkPrimitive(value: unknown): void {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) throw notShareable('numbers must be finite', value)
      return
    case 'string':
      if (!value.isWellFormed()) throw notShareable('text must be well-formed Unicode', value)
      return
    case 'function':
    case 'symbol':
      throw notShareable(`a ${typeof value} is no value that can be shared`, value)
    default:
  }
}

/** Whether a value is known by what it is, and not by where it is. */
export function isPrimitive(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

/** The bases of what a value may be made of; anything else is an instance of somebody's class. */
export type Shape = 'array' | 'map' | 'set' | 'object' | 'bytes' | 'floats' | 'date'

/**
 * What an object is as a value.
 *
 * @throws Error for instances of classes
 */
export function shapeOf(value: object): Shape {
  if (Array.isArray(value)) return 'array'
  if (value instanceof Map) return 'map'
  if (value instanceof Set) return 'set'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Float64Array) return 'floats'
  if (value instanceof Date) return 'date'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'object'
  throw notShareable('only plain objects can be shared, no instances of classes', value)
}

/** A key of a map, or a member of a set: those that are found again by what they are. */
export function checkKey(key: unknown): void {
  if (!isPrimitive(key)) {
    throw notShareable('keys of maps and members of sets are texts, numbers and the like', key)
  }
  checkPrimitive(key)
}

/**
 * A deep copy that shares nothing with the value, of base classes only, and that may be changed.
 *
 * @throws Error for what is no value; a cycle is found by its depth
 */
export function copyValue(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) {
    checkPrimitive(value)
    return value
  }
  if (depth > DEPTH_MAX) throw notShareable(`values nest at most ${DEPTH_MAX} deep, without cycles`)
  switch (shapeOf(value)) {
    case 'array':
      return Array.from(value as unknown[], (item) => copyValue(item, depth + 1))
    case 'map': {
      const copy = new Map<unknown, unknown>()
      for (const [key, item] of value as Map<unknown, unknown>) {
        checkKey(key)
        copy.set(key, copyValue(item, depth + 1))
      }
      return copy
    }
    case 'set': {
      const copy = new Set<unknown>()
      for (const item of value as Set<unknown>) {
        checkKey(item)
        copy.add(item)
      }
      return copy
    }
    case 'bytes':
      return Uint8Array.from(value as Uint8Array)
    case 'floats':
      return checkFloats(Float64Array.from(value as Float64Array))
    case 'date':
      return checkDate(new Date((value as Date).getTime()))
    case 'object':
      return copyObject(value, depth)
  }
}

function copyObject(value: object, depth: number): object {
  const copy: Record<string, unknown> = {}
  checkKeys(value)
  for (const [key, item] of Object.entries(value)) copy[key] = copyValue(item, depth + 1)
  return copy
}

/** Keys that a plain object may have. */
export function checkKeys(value: object): void {
  if (Object.getOwnPropertySymbols(value).length > 0) throw notShareable('keys must be no symbols')
  for (const key of Object.keys(value)) checkObjectKey(key)
}

export function checkObjectKey(key: string): void {
  if (key === '__proto__') throw notShareable('the key __proto__ cannot be shared')
  checkPrimitive(key)
}

export function checkFloats(floats: Float64Array): Float64Array {
  for (const number of floats) checkPrimitive(number)
  return floats
}

export function checkDate(date: Date): Date {
  if (Number.isNaN(date.getTime())) throw notShareable('dates must be valid')
  return date
}
