import type { Item } from 'yjs'
import { valueBytes } from '../../codec/value.ts'
import { invalidValue } from '../../errors.ts'
import type { ItemList, Marks } from './steps.ts'
import { sameMark } from './steps.ts'
import { markOf } from './structs.ts'

/** The longest name of a mark, in UTF-16 units. */
const NAME_LENGTH_MAX = 1024

/** Whether a value is JSON, nothing more: what editors take marks to be. */
export function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.every(isJson)
  return (
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.entries(value).every(([key, item]) => key !== '__proto__' && isJson(item))
  )
}

/** Whether a mark can have this name. */
export function isMarkName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && name !== '__proto__'
}

/**
 * Our own copy of marks that a caller gave.
 *
 * @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE
 */
export function ownMarks(marks: unknown): Marks {
  if (typeof marks !== 'object' || marks === null || Array.isArray(marks)) {
    throw invalidValue('marks are an object, with null for what is taken away', marks)
  }
  // Refuses cycles and whatever is no value, before anything looks deeper.
  valueBytes(marks)
  if (!isJson(marks)) throw invalidValue('marks are plain JSON', marks)
  for (const name of Object.keys(marks)) {
    if (!isMarkName(name)) {
      throw invalidValue(`names of marks have at most ${NAME_LENGTH_MAX} characters`, name)
    }
  }
  return frozen(JSON.parse(JSON.stringify(marks))) as Marks
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) frozen(item)
  return Object.freeze(value)
}

/** The marks that stand at one place of a walk through a text. */
export class MarkWalk {
  private readonly values = new Map<string, unknown>()
  private cached: Marks | undefined

  /** Passes the begin or end of a mark. */
  pass(item: Item): void {
    const { key, value } = markOf(item)
    if (value === null) this.values.delete(key)
    else this.values.set(key, value)
    this.cached = undefined
  }

  get marks(): Marks | undefined {
    if (this.values.size === 0) return undefined
    this.cached ??= Object.freeze(Object.fromEntries(this.values))
    return this.cached
  }

  /** What of `before` has to be set and taken away to come to these marks. */
  since(before: MarkWalk): Marks | undefined {
    if (this.values.size === 0 && before.values.size === 0) return undefined
    const changes: Record<string, unknown> = {}
    for (const [key, value] of this.values) {
      if (!before.values.has(key) || !sameMark(before.values.get(key), value)) changes[key] = value
    }
    for (const key of before.values.keys()) if (!this.values.has(key)) changes[key] = null
    return Object.keys(changes).length === 0 ? undefined : Object.freeze(changes)
  }
}

/** The marks of the unit before `index`, which an insertion there without marks of its own takes on. */
export function marksBefore(root: ItemList, index: number): Marks | undefined {
  const walk = new MarkWalk()
  let left = index
  for (let item = root._start; item !== null && left > 0; item = item.right) {
    if (item.deleted) continue
    if (item.countable) left -= item.length
    else walk.pass(item)
  }
  return walk.marks
}
