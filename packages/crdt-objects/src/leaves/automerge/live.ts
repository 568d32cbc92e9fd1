import type { Patch } from '@automerge/automerge'
import { unwrap } from './engine.ts'
import { copyLeaf, isContainer, type Container } from './value.ts'

/**
 * The value of a document, as plain data that follows the engine's patches: reading it again costs what changed, and
 * not what the document holds.
 */
export class LiveValue {
  /** Private to us, and changed in place. */
  readonly root: Container
  /** What readers got of containers that did not change since. Only what nobody can change is given twice. */
  private readonly frozenByContainer = new WeakMap<Container, Container>()

  constructor(root: Container) {
    this.root = root
  }

  /** Follows the engine. */
  apply(patches: readonly Patch[]): void {
    for (const patch of patches) this.applyOne(patch)
  }

  private applyOne(patch: Patch): void {
    const way = this.walk(patch.path)
    const step = patch.path[patch.path.length - 1] ?? ''
    const { above, aboveStep, here } = way
    if (typeof here === 'string') {
      const inserted = patch.action === 'splice' ? patch.value : ''
      const deleted = patch.action === 'del' ? (patch.length ?? 1) : 0
      const at = Number(step)
      entriesOf(above)[aboveStep] = here.slice(0, at) + inserted + here.slice(at + deleted)
    } else if (isContainer(here)) {
      applyTo(here, step, patch)
    }
  }

  /** The container or text that a patch is about, and what holds it. All on the way reads anew from now on. */
  private walk(path: readonly (string | number)[]): {
    above: Container
    aboveStep: string | number
    here: unknown
  } {
    let above = this.root
    let aboveStep: string | number = ''
    let here: unknown = this.root
    this.frozenByContainer.delete(this.root)
    for (const step of path.slice(0, -1)) {
      if (!isContainer(here)) break
      above = here
      aboveStep = step
      here = entriesOf(above)[step]
      if (isContainer(here)) this.frozenByContainer.delete(here)
    }
    return { above, aboveStep, here }
  }

  /** A snapshot: frozen, and shared with nobody who could change it. */
  read(): Container {
    return this.freeze(this.root).frozen
  }

  private freeze(container: Container): { readonly frozen: Container; readonly shared: boolean } {
    const known = this.frozenByContainer.get(container)
    if (known !== undefined) return { frozen: known, shared: true }
    let shared = true
    const freezeItem = (item: unknown): unknown => {
      if (!isContainer(item)) {
        if (typeof item === 'object' && item !== null) shared = false
        return copyLeaf(item)
      }
      const below = this.freeze(item)
      shared &&= below.shared
      return below.frozen
    }
    const copy: Container = Array.isArray(container)
      ? container.map(freezeItem)
      : mapEntries(container, freezeItem)
    Object.freeze(copy)
    if (shared) this.frozenByContainer.set(container, copy)
    return { frozen: copy, shared }
  }
}

function mapEntries(
  container: Record<string, unknown>,
  map: (item: unknown) => unknown,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  // Patches come in another order at each replica: readings shall be the same to the last byte.
  for (const key of Object.keys(container).sort()) copy[key] = map(container[key])
  return copy
}

function entriesOf(container: Container): Record<string | number, unknown> {
  return container as Record<string | number, unknown>
}

function applyTo(here: Container, step: string | number, patch: Patch): void {
  switch (patch.action) {
    case 'put':
      entriesOf(here)[step] = unwrap(patch.value)
      return
    case 'del':
      if (Array.isArray(here)) here.splice(Number(step), patch.length ?? 1)
      else delete entriesOf(here)[step]
      return
    case 'insert':
      if (Array.isArray(here)) insert(here, Number(step), patch.values.map(unwrap))
      return
    default:
    // Counters and marks are refused when bytes are read; a conflict changes no value.
  }
}

/** A call takes some ten thousand arguments, and a list may grow by more at once. */
const INSERTED_AT_ONCE = 10_000

function insert(list: unknown[], at: number, items: readonly unknown[]): void {
  for (let start = 0; start < items.length; start += INSERTED_AT_ONCE) {
    list.splice(at + start, 0, ...items.slice(start, start + INSERTED_AT_ONCE))
  }
}

/** What the engine gave, as a snapshot of its own. */
export function frozenCopy(given: unknown): unknown {
  const value = unwrap(given)
  return isContainer(value) ? new LiveValue(value).read() : value
}
