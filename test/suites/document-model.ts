// What a document is, without an engine: a multi-value register for each key, whose writes have Lamport times, and a
// list that is a tree of insertions. Every change is worked out anew from what its author had seen.
import type { Operation, Recorded, View } from './type-spec.ts'

/** What documents in the suites begin as; nobody replaces the two containers. */
export const INITIAL_DOCUMENT = {
  title: 'untitled',
  items: [] as number[],
  box: {} as Record<string, number>,
}

/** One write of one value: a key of the root or the box, or an item of the list. */
interface Write {
  readonly time: number
  readonly by: string
  readonly place: string
  readonly value: unknown
  readonly gone: boolean
  /** What it overwrites or takes out. */
  readonly over: readonly Write[]
  /** Of an item: what it is put behind. */
  readonly behind?: Write | undefined
}

interface ModelChange {
  readonly id: number
  readonly by: string
  readonly start: number
  readonly end: number
  readonly writes: readonly Write[]
  readonly past: ReadonlySet<number>
}

const ITEMS = 'items'
const INITIAL_END = 3
const first: Write = {
  time: 1,
  by: '',
  place: 'title',
  value: INITIAL_DOCUMENT.title,
  gone: false,
  over: [],
}

/** The document at one place, as one replica sees it. */
export class DocumentModel {
  private readonly path: readonly string[]
  private readonly view: View
  private readonly changes: ModelChange[] = []

  constructor(path: readonly string[], view: View) {
    this.path = path
    this.view = view
    for (const operation of view.visible) {
      const writes = this.writesOf(operation)
      if (writes.length === 0) continue
      const { id, past } = operation
      const { time, by } = writes[0]!
      this.changes.push({
        id,
        by,
        past,
        start: time,
        end: this.timeAfter(past) + widthOf(writes) - 1,
        writes,
      })
    }
  }

  value(): unknown {
    const all = new Set(this.view.visible.map(({ id }) => id))
    return this.isThere(all) ? this.valueOf(all) : INITIAL_DOCUMENT
  }

  conflicts(key: string): unknown[] {
    const all = new Set(this.view.visible.map(({ id }) => id))
    if (!this.isThere(all)) return []
    return standing(this.writes(all), key)
      .slice(1)
      .map(({ value }) => value)
  }

  history(): { readonly by: string; value(): unknown }[] {
    const changes = [...this.changes].sort((a, b) => a.start - b.start || (a.by < b.by ? -1 : 1))
    return changes.map(({ by, id, past }) => ({
      by,
      value: () => this.valueOf(new Set([...past, id])),
    }))
  }

  changesAnything(operation: Operation): boolean {
    const past = new Set(this.view.visible.map(({ id }) => id))
    return this.writesOfCall(operation, past, '').length > 0
  }

  private writesOf(operation: Recorded): Write[] {
    const by = this.view.replicaId(operation.replica).toString(16).padStart(16, '0')
    if (!operation.removal) {
      return samePath(operation.path, this.path)
        ? this.writesOfCall(operation, operation.past, by)
        : []
    }
    const there = this.standingCalls(operation.past)
    return there.some(({ id }) => operation.removed.has(id))
      ? this.writesOfRemoval(operation.past, by)
      : []
  }

  /** Calls here that no removal within `seen` took. */
  private standingCalls(seen: ReadonlySet<number>): Recorded[] {
    const removals = this.view.visible.filter(({ id, removal }) => removal && seen.has(id))
    return this.view
      .written(this.path)
      .filter(({ id }) => seen.has(id) && !removals.some(({ removed }) => removed.has(id)))
  }

  private isThere(seen: ReadonlySet<number>): boolean {
    return this.standingCalls(seen).length > 0
  }

  private timeAfter(seen: ReadonlySet<number>): number {
    return (
      Math.max(
        INITIAL_END,
        ...this.changes.filter(({ id }) => seen.has(id)).map(({ end }) => end),
      ) + 1
    )
  }

  private writes(seen: ReadonlySet<number>): Write[] {
    return [first, ...this.changes.filter(({ id }) => seen.has(id)).flatMap(({ writes }) => writes)]
  }

  private valueOf(seen: ReadonlySet<number>): unknown {
    const writes = this.writes(seen)
    const value: Record<string, unknown> = {}
    const box: Record<string, unknown> = {}
    for (const { place } of writes) {
      const [winner] = standing(writes, place)
      if (winner === undefined || place === ITEMS) continue
      if (place.startsWith('box/')) box[place.slice(4)] = winner.value
      else value[place] = winner.value
    }
    return { ...value, box, items: itemsOf(writes).map((item) => item.value) }
  }

  private writesOfCall({ verb, args }: Operation, seen: ReadonlySet<number>, by: string): Write[] {
    const before = this.writes(seen)
    const time = this.timeAfter(seen)
    if (verb === 'push') {
      let behind = itemsOf(before).at(-1)
      return args.map((value, index) => {
        const item: Write = {
          time: time + index,
          by,
          place: ITEMS,
          value,
          gone: false,
          over: [],
          behind,
        }
        behind = item
        return item
      })
    }
    const [key, value] = args as [string, unknown]
    const place = verb === 'put' || verb === 'take' ? `box/${key}` : key
    const over = standing(before, place)
    const gone = verb === 'delete' || verb === 'take'
    const nothing = gone ? over.length === 0 : over.length > 0 && Object.is(over[0]!.value, value)
    return nothing ? [] : [{ time, by, place, value, gone, over }]
  }

  /** By key: what is not in the initial value goes, the box and the list are emptied, the title is back and alone. */
  private writesOfRemoval(seen: ReadonlySet<number>, by: string): Write[] {
    const before = this.writes(seen)
    let time = this.timeAfter(seen)
    const end = (place: string, over: readonly Write[]): Write => {
      return { time: time++, by, place, value: undefined, gone: true, over }
    }
    const places = [...new Set(before.map(({ place }) => place))].sort()
    const writes: Write[] = []
    for (const place of places) {
      const over = standing(before, place)
      if (place === ITEMS) {
        for (const item of itemsOf(before)) writes.push(end(ITEMS, [item]))
      } else if (place !== 'title' && over.length > 0) {
        writes.push(end(place, over))
      }
    }
    const title = standing(before, 'title')
    const [winner, ...losers] = title
    if (winner?.value !== first.value) {
      writes.push({
        time: time++,
        by,
        place: 'title',
        value: first.value,
        gone: false,
        over: title,
      })
    } else if (losers.length > 0) {
      writes.push(end('title', losers))
    }
    return writes
  }
}

/** How many times a change takes: a nested object takes one for itself, and one for each key. */
function widthOf(writes: readonly Write[]): number {
  return writes.reduce((sum, { value }) => {
    const nested = typeof value === 'object' && value !== null ? Object.keys(value).length : 0
    return sum + 1 + nested
  }, 0)
}

function later(a: Write, b: Write): number {
  return b.time - a.time || (a.by > b.by ? -1 : 1)
}

/** Values that stand at a place, latest first. */
function standing(writes: readonly Write[], place: string): Write[] {
  const over = new Set(writes.flatMap((write) => write.over))
  return writes
    .filter((write) => write.place === place && !write.gone && !over.has(write))
    .sort(later)
}

/** Each item stands behind the one it was put behind, later ones first. */
function itemsOf(writes: readonly Write[]): Write[] {
  const items = writes.filter(({ place, gone }) => place === ITEMS && !gone)
  const gone = new Set(writes.flatMap(({ over }) => over))
  const from = (behind: Write | undefined): Write[] =>
    items
      .filter((item) => item.behind === behind)
      .sort(later)
      .flatMap((item) => [item, ...from(item)])
  return from(undefined).filter((item) => !gone.has(item))
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index])
}
