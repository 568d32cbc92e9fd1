import { invalidValue } from '../../errors.ts'
import { alignText, align, type Hunk } from './alignment.ts'
import { ListTraps, MapTraps, type ListFace, type MapFace } from './draft-traps.ts'
import type { DocumentEdit, DocumentPath } from './edits.ts'
import {
  SHORT_TEXT_MAX,
  checkContainer,
  checkDepth,
  checkStep,
  copyLeaf,
  isContainer,
  ownEntry,
  sameLeaf,
  sameValue,
  type Container,
} from './value.ts'

/*
 * A change function gets a draft: it looks like the document and can be changed like plain data, while the document
 * itself stays as it is. What was written is noted beside it, place by place, and said as edits in the end. So a change
 * costs what it touches and not what the document holds, a function that throws leaves nothing to undo, and the same
 * function gives the same edits where the data is and behind a gateway.
 *
 * Lists are compared item by item, where a map or list is the item it was, whatever changed within: filtering, sorting
 * and inserting become splices, and others' changes to the items that stay are kept. Long strings are compared too.
 */

/** Stands for an entry that the change took out. */
const GONE = Symbol('gone')

abstract class Draft {
  abstract readonly proxy: object
  /** What it was made from: a container of the document, or `undefined` for one that the change brought. */
  readonly base: Container | undefined
  protected readonly scope: Scope

  constructor(scope: Scope, base: Container | undefined) {
    this.scope = scope
    this.base = base
  }

  /** Says what was changed, as edits of the container at `path`. */
  abstract emit(path: DocumentPath, edits: DocumentEdit[]): void
  /** All of it as plain data of its own. */
  abstract plain(depth: number): Container
}

/** All drafts of one change. */
class Scope {
  private readonly draftByBase = new Map<Container, Draft>()
  private readonly draftByProxy = new WeakMap<object, Draft>()
  private open = true

  checkOpen(): void {
    if (!this.open) throw invalidValue('a draft is of no use after the change it was made for')
  }

  close(): void {
    this.open = false
  }

  of(base: Container): Draft {
    let draft = this.draftByBase.get(base)
    if (draft === undefined) {
      draft = this.note(Array.isArray(base) ? new ListDraft(this, base) : new MapDraft(this, base))
      this.draftByBase.set(base, draft)
    }
    return draft
  }

  private note(draft: Draft): Draft {
    this.draftByProxy.set(draft.proxy, draft)
    return draft
  }

  /** The draft behind what a change function holds, if it is one. */
  behind(value: unknown): Draft | undefined {
    return typeof value === 'object' && value !== null ? this.draftByProxy.get(value) : undefined
  }

  /** Takes what a change function wrote: a leaf, or the face of a draft. */
  take(value: unknown, depth = 0): unknown {
    if (this.behind(value) !== undefined) return value
    const leaf = copyLeaf(value)
    if (leaf !== undefined) return leaf
    checkDepth(depth)
    checkContainer(value as object)
    if (Array.isArray(value)) {
      const items = (value as unknown[]).map((item) => this.take(item, depth + 1))
      return this.note(new ListDraft(this, undefined, items)).proxy
    }
    const written = new Map<string, unknown>()
    for (const [key, item] of Object.entries(value as object)) {
      checkStep(key)
      written.set(key, this.take(item, depth + 1))
    }
    return this.note(new MapDraft(this, undefined, written)).proxy
  }

  /** What a change function sees where the document has `value`: nothing that it could change unnoticed. */
  show(value: unknown): unknown {
    return isContainer(value) ? this.of(value).proxy : copyLeaf(value)
  }

  /** A value of a draft as plain data of its own. */
  plain(value: unknown, depth: number): unknown {
    if (!isContainer(value)) return copyLeaf(value)
    checkDepth(depth)
    return (this.behind(value) ?? this.of(value)).plain(depth)
  }

  /** Says how the entry at `path` came to be `after`. */
  emit(path: DocumentPath, before: unknown, after: unknown, edits: DocumentEdit[]): void {
    const draft = this.behind(after)
    if (draft !== undefined && draft.base !== undefined && draft.base === before) {
      draft.emit(path, edits)
    } else if (Array.isArray(before) && draft instanceof ListDraft) {
      draft.emitFrom(before as unknown[], path, edits)
    } else if (draft !== undefined || !sameLeaf(before, after)) {
      edits.push(this.emitText(path, before, after) ?? this.emitSet(path, after))
    }
  }

  private emitSet(path: DocumentPath, after: unknown): DocumentEdit {
    return { type: 'set', path, value: this.plain(after, path.length) }
  }

  private emitText(path: DocumentPath, before: unknown, after: unknown): DocumentEdit | undefined {
    if (typeof before !== 'string' || typeof after !== 'string') return undefined
    if (before.length <= SHORT_TEXT_MAX || after.length <= SHORT_TEXT_MAX) return undefined
    const hunk = alignText(before, after)
    if (hunk === undefined) return undefined
    const insert = after.slice(hunk.after, hunk.after + hunk.inserted)
    return { type: 'text', path, index: hunk.before, delete: hunk.deleted, insert }
  }
}

class MapDraft extends Draft implements MapFace {
  override readonly proxy: object
  private readonly written: Map<string, unknown>

  constructor(scope: Scope, base: Container | undefined, written = new Map<string, unknown>()) {
    super(scope, base)
    this.written = written
    this.proxy = new Proxy(
      {},
      new MapTraps(this, () => {
        scope.checkOpen()
      }),
    )
  }

  has(key: string): boolean {
    if (this.written.has(key)) return this.written.get(key) !== GONE
    return this.base !== undefined && Object.hasOwn(this.base, key)
  }

  get(key: string): unknown {
    if (this.written.has(key)) return this.written.get(key)
    const value = this.scope.show(ownEntry(this.base ?? {}, key))
    // Dates and bytes can be changed in place: what is shown is what is compared in the end.
    if (typeof value === 'object' && value !== null) this.written.set(key, value)
    return value
  }

  set(key: string, value: unknown): void {
    checkStep(key)
    this.written.set(key, this.scope.take(value))
  }

  delete(key: string): void {
    if (this.has(key)) this.written.set(key, GONE)
  }

  keys(): string[] {
    const keys = Object.keys(this.base ?? {}).filter((key) => this.written.get(key) !== GONE)
    for (const [key, value] of this.written) {
      if (value !== GONE && !Object.hasOwn(this.base ?? {}, key)) keys.push(key)
    }
    // As it is read: what a change does must not depend on who makes it.
    return keys.sort()
  }

  emit(path: DocumentPath, edits: DocumentEdit[]): void {
    const base = this.base ?? {}
    // By key: of concurrent changes the one with more operations before it wins, whatever was looked at on the way.
    for (const key of [...this.written.keys()].sort()) {
      const after = this.written.get(key)
      const there = Object.hasOwn(base, key)
      const place = [...path, key]
      if (after !== GONE) {
        this.scope.emit(place, there ? ownEntry(base, key) : GONE, after, edits)
      } else if (there) {
        edits.push({ type: 'delete', path: place })
      }
    }
  }

  plain(depth: number): Container {
    const plain: Record<string, unknown> = {}
    for (const key of this.keys()) {
      const value = this.written.has(key) ? this.written.get(key) : ownEntry(this.base ?? {}, key)
      plain[key] = this.scope.plain(value, depth + 1)
    }
    return plain
  }
}

class ListDraft extends Draft implements ListFace {
  override readonly proxy: object
  /** What is in the list now: leaves, faces of drafts, and containers of the document that nobody looked at. */
  readonly items: unknown[]

  constructor(scope: Scope, base: unknown[] | undefined, items: unknown[] = [...(base ?? [])]) {
    super(scope, base)
    this.items = items
    // The array's own methods work on it: each goes through `get` and `set`.
    this.proxy = new Proxy(
      this.items,
      new ListTraps(this, () => {
        scope.checkOpen()
      }),
    )
  }

  show(item: object): object {
    // What the document holds is shown as a draft or copy, once: after that the list has it.
    const seen =
      this.scope.behind(item) !== undefined || !((this.base ?? []) as unknown[]).includes(item)
    return seen ? item : (this.scope.show(item) as object)
  }

  take(value: unknown): unknown {
    return this.scope.take(value)
  }

  emit(path: DocumentPath, edits: DocumentEdit[]): void {
    this.emitFrom(this.base as unknown[], path, edits)
  }

  /** Says how the list `before` at `path` became this one. */
  emitFrom(before: readonly unknown[], path: DocumentPath, edits: DocumentEdit[]): void {
    checkContainer(this.items)
    const { items, scope } = this
    const identity = (item: unknown): unknown => scope.behind(item)?.base ?? item
    const identities = items.map(identity)
    const hunks = align(before.length, items.length, (i, j) =>
      isContainer(before[i]) || isContainer(identities[j])
        ? before[i] === identities[j]
        : sameLeaf(before[i], identities[j]),
    )
    const replaced = (hunk: Hunk): boolean => hunk.deleted === hunk.inserted
    for (const hunk of hunks) if (!replaced(hunk)) edits.push(this.splice(hunk, path))
    this.emitItems(before, hunks, path, edits)
  }

  private splice(hunk: Hunk, path: DocumentPath): DocumentEdit {
    const inserted = this.items.slice(hunk.after, hunk.after + hunk.inserted)
    const insert = inserted.map((item) => this.scope.plain(item, path.length + 1))
    return { type: 'splice', path, index: hunk.after, delete: hunk.deleted, insert }
  }

  /** The items that stay or are replaced one by one, at the positions that all splices leave them at. */
  private emitItems(
    before: readonly unknown[],
    hunks: readonly Hunk[],
    path: DocumentPath,
    edits: DocumentEdit[],
  ): void {
    let from = 0
    let to = 0
    const emitUntil = (end: number): void => {
      for (; to < end; to++, from++) {
        const item = this.items[to]
        if (item !== before[from]) this.scope.emit([...path, to], before[from], item, edits)
      }
    }
    for (const hunk of hunks) {
      if (hunk.deleted === hunk.inserted) continue
      emitUntil(hunk.after)
      from += hunk.deleted
      to += hunk.inserted
    }
    emitUntil(this.items.length)
  }

  plain(depth: number): Container {
    checkContainer(this.items)
    return this.items.map((item) => this.scope.plain(item, depth + 1))
  }
}

/**
 * Runs a change function on a draft of `value` and says what it did.
 *
 * @throws what the function throws, and JoineryError VALUE_INVALID for values that no document can hold.
 */
export function editsOf(value: Container, change: (draft: never) => unknown): DocumentEdit[] {
  const scope = new Scope()
  try {
    const root = scope.of(value)
    const result = change(root.proxy as never)
    if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
      throw invalidValue('a change function is synchronous: what it awaits comes too late')
    }
    const edits: DocumentEdit[] = []
    root.emit([], edits)
    return edits
  } finally {
    scope.close()
  }
}

/**
 * Makes a draft read as `initial` again, through the containers that stay: what others put into them concurrently is
 * kept.
 */
export function restore(draft: Container, initial: Container): void {
  if (Array.isArray(draft)) {
    restoreList(draft, initial as unknown[])
    return
  }
  for (const key of Object.keys(draft)) if (!Object.hasOwn(initial, key)) delete draft[key]
  for (const [key, item] of Object.entries(initial)) {
    if (!restoreWithin(ownEntry(draft, key), item)) draft[key] = item
  }
}

/** Items that are as they shall be stay the items that they are. */
function restoreList(draft: unknown[], initial: readonly unknown[]): void {
  const items = [...draft]
  const hunks = align(items.length, initial.length, (i, j) => sameValue(items[i], initial[j]))
  // From behind, so that the positions before hold.
  for (const { before, after, deleted, inserted } of hunks.reverse()) {
    const common = Math.min(deleted, inserted)
    const rest = initial.slice(after + common, after + inserted)
    draft.splice(before + common, deleted - common, ...rest)
    for (let i = 0; i < common; i++) {
      const item = initial[after + i]
      if (!restoreWithin(items[before + i], item)) draft[before + i] = item
    }
  }
}

/** Restores what is in a container, where that is enough. */
function restoreWithin(there: unknown, initial: unknown): boolean {
  if (!isContainer(initial) || !isContainer(there)) return false
  if (Array.isArray(initial) !== Array.isArray(there)) return false
  restore(there, initial)
  return true
}
