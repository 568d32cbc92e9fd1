import { invalidValue } from '../../errors.ts'
import { checkBytes, checkStep, copyValue, DEPTH_MAX } from './value.ts'

/** The way to a place in a document: keys of maps and indexes of lists. */
export type DocumentPath = readonly (string | number)[]

/**
 * One step of a change to a document, as plain data: what a change function did, said so that it can travel.
 *
 * - `set`: the entry has this value now
 * - `delete`: the entry is gone; those behind it in a list move up
 * - `splice`: from `index` on, `delete` items of the list at `path` are out and `insert` is in
 * - `text`: the same with the characters of a string, in UTF-16 units
 */
export type DocumentEdit =
  | { readonly type: 'set'; readonly path: DocumentPath; readonly value: unknown }
  | { readonly type: 'delete'; readonly path: DocumentPath }
  | {
      readonly type: 'splice'
      readonly path: DocumentPath
      readonly index: number
      readonly delete: number
      readonly insert: readonly unknown[]
    }
  | {
      readonly type: 'text'
      readonly path: DocumentPath
      readonly index: number
      readonly delete: number
      readonly insert: string
    }

const MESSAGE_LENGTH_MAX = 4096

/**
 * Our own copy of edits from whoever made them.
 *
 * @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE
 */
export function checkEdits(edits: unknown): DocumentEdit[] {
  if (!Array.isArray(edits)) throw invalidValue('edits are an array', edits)
  // Not by the array itself: that would pass over its holes.
  const checked = Array.from(edits as unknown[], checkEdit)
  checkBytes(checked)
  return checked
}

function checkEdit(edit: unknown): DocumentEdit {
  if (typeof edit !== 'object' || edit === null) throw invalidValue('an edit is an object', edit)
  const { type, path, value, index, delete: deleted, insert } = edit as Record<string, unknown>
  switch (type) {
    case 'set': {
      const place = checkPath(path)
      return { type, path: place, value: copyValue(value, place.length) }
    }
    case 'delete':
      return { type, path: checkPath(path) }
    case 'splice': {
      const place = checkPath(path)
      if (!Array.isArray(insert)) throw invalidValue('a splice inserts an array', insert)
      const items = copyValue(insert, place.length) as unknown[]
      return { type, path: place, ...checkRange(index, deleted), insert: items }
    }
    case 'text':
      if (typeof insert !== 'string') throw invalidValue('text is inserted into text', insert)
      return {
        type,
        path: checkPath(path),
        ...checkRange(index, deleted),
        insert: copyValue(insert) as string,
      }
    default:
      throw invalidValue('edits are of type set, delete, splice or text', type)
  }
}

function checkRange(index: unknown, deleted: unknown): { index: number; delete: number } {
  for (const number of [index, deleted]) {
    if (!Number.isSafeInteger(number) || (number as number) < 0) {
      throw invalidValue('positions and lengths are whole numbers from 0 on', number)
    }
  }
  return { index: index as number, delete: deleted as number }
}

/** Our own copy of a path, checked: at least one step, each a key or an index. */
export function checkPath(path: unknown): DocumentPath {
  if (!Array.isArray(path) || path.length === 0 || path.length > DEPTH_MAX) {
    throw invalidValue(`a path has 1 to ${DEPTH_MAX} keys and indexes`, path)
  }
  return (path as unknown[]).map((step) => {
    if (typeof step === 'string') checkStep(step)
    else if (!Number.isSafeInteger(step) || (step as number) < 0) {
      throw invalidValue('steps of a path are keys, and indexes from 0 on', step)
    }
    return step as string | number
  })
}

/** Checks the message of a change. */
export function checkMessage(message: unknown): string | undefined {
  if (message === undefined) return undefined
  if (typeof message !== 'string' || message.length > MESSAGE_LENGTH_MAX) {
    throw invalidValue(`a message is text of at most ${MESSAGE_LENGTH_MAX} characters`, message)
  }
  return copyValue(message) as string
}
