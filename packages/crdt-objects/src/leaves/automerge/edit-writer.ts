import { invalidValue } from '../../errors.ts'
import type { DocumentEdit, DocumentPath } from './edits.ts'
import type { Backend } from './engine.ts'
import { SHORT_TEXT_MAX, isContainer, type Container } from './value.ts'

/** A container of the engine's. */
interface Target {
  readonly id: string
  readonly type: string
}

const ROOT: Target = { id: '_root', type: 'map' }

/**
 * Carries out edits in the engine, as operations that are not committed yet. An edit for a place that is no longer as
 * it was when the edit was made is refused: the caller rolls back.
 *
 * @throws JoineryError VALUE_INVALID
 */
export class EditWriter {
  private readonly backend: Backend

  constructor(backend: Backend) {
    this.backend = backend
  }

  write(edit: DocumentEdit): void {
    switch (edit.type) {
      case 'set': {
        const [target, step] = this.above(edit.path)
        this.checkStep(target, step, edit.path)
        this.put(target, step, edit.value)
        return
      }
      case 'delete': {
        const [target, step] = this.above(edit.path)
        if (this.backend.getWithType(target.id, step) === null) throw gone(edit.path)
        this.backend.delete(target.id, step)
        return
      }
      case 'splice':
        this.splice(edit)
        return
      default:
        this.spliceText(edit)
    }
  }

  /**
   * Takes out what has lost to the values of `value`, which the document reads as: it was seen, and shall not come back
   * when others overwrite only what won. To put what is there already does that, and no more. Containers and texts stay:
   * others may be writing into them.
   */
  settle(value: Container, target = ROOT): void {
    for (const [key, item] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(key) : key
      const found = this.backend.getWithType(target.id, step)
      if (isContainer(item) && found !== null) {
        this.settle(item, { id: found[1] as string, type: found[0] })
      } else if (found?.[0] !== 'text' && this.backend.getAll(target.id, step).length > 1) {
        this.put(target, step, item)
      }
    }
  }

  /** The container that a path leads into, and its last step. */
  private above(path: DocumentPath): [Target, string | number] {
    let target = ROOT
    for (const step of path.slice(0, -1)) target = this.below(target, step, path)
    const last = path[path.length - 1]
    if (last === undefined)
      throw invalidValue('the document itself cannot be replaced: edit what is in it')
    this.checkType(target, last, path)
    return [target, last]
  }

  private below(target: Target, step: string | number, path: DocumentPath): Target {
    this.checkType(target, step, path)
    const found = this.backend.getWithType(target.id, step)
    if (found === null || (found[0] !== 'map' && found[0] !== 'list')) throw gone(path)
    return { id: found[1], type: found[0] }
  }

  private checkType(target: Target, step: string | number, path: DocumentPath): void {
    if ((typeof step === 'string') !== (target.type === 'map')) throw gone(path)
  }

  private checkStep(target: Target, step: string | number, path: DocumentPath): void {
    if (typeof step === 'number' && step >= this.backend.length(target.id)) throw gone(path)
  }

  private put(target: Target, step: string | number, value: unknown): void {
    if (isContainer(value)) {
      const id = this.backend.putObject(target.id, step, Array.isArray(value) ? [] : {})
      this.fill({ id, type: Array.isArray(value) ? 'list' : 'map' }, value)
    } else if (isText(value)) {
      this.backend.putObject(target.id, step, value)
    } else {
      this.backend.put(target.id, step, value as string, datatype(value))
    }
  }

  private fill(target: Target, value: object): void {
    if (Array.isArray(value)) {
      this.insert(target, 0, value as unknown[])
    } else {
      for (const [key, item] of Object.entries(value)) this.put(target, key, item)
    }
  }

  private splice(edit: Extract<DocumentEdit, { type: 'splice' }>): void {
    const { path, index, insert } = edit
    const target = path.length === 0 ? ROOT : this.below(...this.above(path), path)
    if (target.type !== 'list') throw gone(path)
    if (index + edit.delete > this.backend.length(target.id)) throw gone(path)
    if (edit.delete > 0) this.backend.splice(target.id, index, edit.delete)
    this.insert(target, index, insert)
  }

  private insert(target: Target, index: number, items: readonly unknown[]): void {
    let at = index
    let plain: (string | number)[] = []
    const flush = (): void => {
      if (plain.length > 0) this.backend.splice(target.id, at - plain.length, 0, plain)
      plain = []
    }
    for (const item of items) {
      // The engine guesses the types of items that come together, and guesses these right.
      if (
        (typeof item === 'string' && !isText(item)) ||
        typeof item === 'boolean' ||
        isInteger(item)
      ) {
        plain.push(item as string | number)
      } else {
        flush()
        this.insertOne(target, at, item)
      }
      at++
    }
    flush()
  }

  private insertOne(target: Target, index: number, item: unknown): void {
    if (isContainer(item)) {
      const id = this.backend.insertObject(target.id, index, Array.isArray(item) ? [] : {})
      this.fill({ id, type: Array.isArray(item) ? 'list' : 'map' }, item)
    } else if (isText(item)) {
      this.backend.insertObject(target.id, index, item)
    } else {
      this.backend.insert(target.id, index, item as string, datatype(item))
    }
  }

  private spliceText(edit: Extract<DocumentEdit, { type: 'text' }>): void {
    const { path, index, insert } = edit
    const [target, step] = this.above(path)
    const found = this.backend.getWithType(target.id, step)
    if (found === null || (found[0] !== 'text' && found[0] !== 'str')) throw gone(path)
    const before = found[0] === 'text' ? this.backend.text(found[1]) : found[1]
    const end = index + edit.delete
    if (end > before.length || splitsPair(before, index) || splitsPair(before, end))
      throw gone(path)
    if (found[0] === 'text') this.backend.splice(found[1], index, edit.delete, insert)
    else this.put(target, step, before.slice(0, index) + insert + before.slice(end))
  }
}

function gone(path: DocumentPath): Error {
  return invalidValue(
    'an edit of what is no longer there: read the document again',
    JSON.stringify(path),
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > SHORT_TEXT_MAX
}

function isInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

/** What the engine must be told, where it would guess: a large or negative zero is no integer of its. */
function datatype(value: unknown): 'str' | 'int' | 'f64' | undefined {
  if (typeof value === 'string') return 'str'
  if (typeof value !== 'number') return undefined
  return isInteger(value) ? 'int' : 'f64'
}

function splitsPair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  const after = text.charCodeAt(at)
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000
}
