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

  /** Follows the engine. `valueAt` gives what it has at a place now, `undefined` where nothing is. */
  apply(patches: readonly Patch[], valueAt: (path: Patch['path']) => unknown): void {
    for (const patch of patches) this.applyOne(patch)
    for (const path of placesInDoubt(patches)) this.replace(path, valueAt(path))
  }

  private replace(path: Patch['path'], value: unknown): void {
    const { here } = this.walk(path)
    const step = path[path.length - 1] ?? ''
    if (!isContainer(here)) return
    if (value === undefined) delete entriesOf(here)[step]
    else entriesOf(here)[step] = unwrap(value)
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

/**
 * Where the engine only says that there is a conflict: outermost, and each once. It says no more, too, when what won is
 * gone and what had lost is read in its place, and then goes on with what changed within that.
 */
function placesInDoubt(patches: readonly Patch[]): readonly Patch['path'][] {
  const conflicts = patches.filter(({ action }) => action === 'conflict')
  if (conflicts.length === 0) return []
  const itemsMoved = patches.some(
    ({ action, path }) =>
      action === 'insert' || (action === 'del' && typeof path[path.length - 1] === 'number'),
  )
  const places = new Map<string, Patch['path']>()
  for (const { path } of conflicts) {
    const index = path.findIndex((step) => typeof step === 'number')
    const place = itemsMoved && index > 0 ? path.slice(0, index) : path
    places.set(JSON.stringify(place), place)
  }
  return [...places.values()].filter(
    (place) =>
      !place.some((_, length) => length > 0 && places.has(JSON.stringify(place.slice(0, length)))),
  )
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
    // Counters and marks are refused when bytes are read; what conflicts is read again when all is done.
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
