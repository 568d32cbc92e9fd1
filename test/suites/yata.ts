// A second opinion on sequences: YATA (Nicolaescu, Jahns, Derntl, Klamma 2016) one unit at a time, over the operations of
// a history. Every unit knows the two units it was put between; concurrent ones at one place stand in the order of their
// authors. No runs, no state vectors, no deltas: units in an array, searched from the start.
import type { Operation, View } from './type-spec.ts'

/** One unit that was ever inserted. Its id is its operation and its number within it. */
interface Unit {
  readonly id: string
  readonly left: string | undefined
  readonly right: string | undefined
  readonly author: bigint
  readonly content: unknown
}

/** What an operation came to where it was made: between which units it inserted what, and which units it deleted. */
export type Effect =
  | {
      readonly inserted: readonly unknown[]
      /** Number within the operation of the first of them. */
      readonly first: number
      readonly left: string | undefined
      readonly right: string | undefined
    }
  | { readonly deleted: readonly string[] }

/** What an operation of a sequence asks for, in order. */
export type Request =
  | { readonly at: number; readonly insert: readonly unknown[] }
  | { readonly at: number; readonly delete: number }

/** A unit of the operation that is being noted: it has no id yet. */
const SELF = 'self'

class Yata {
  readonly units: Unit[] = []
  readonly deleted = new Set<string>()

  private indexOf(id: string | undefined, otherwise: number): number {
    return id === undefined ? otherwise : this.units.findIndex((unit) => unit.id === id)
  }

  put(unit: Unit): void {
    const left = this.indexOf(unit.left, -1)
    const right = this.indexOf(unit.right, this.units.length)
    let place = left + 1
    for (let i = left + 1; i < right; i++) {
      const other = this.units[i]!
      const otherLeft = this.indexOf(other.left, -1)
      // It belongs to something further left: so does all that follows.
      if (otherLeft < left) break
      if (otherLeft > left) {
        // It belongs to one of those between: it stays with it, on whichever side of the new one that is.
        if (otherLeft < place) place = i + 1
      } else if (other.author < unit.author) {
        place = i + 1
      } else if (other.right === unit.right) {
        break
      }
    }
    this.units.splice(place, 0, unit)
  }

  take(effect: Effect, id: (number: number | string) => string, author: bigint): void {
    if ('deleted' in effect) {
      for (const each of effect.deleted) this.deleted.add(resolve(each, id))
      return
    }
    let left = effect.left === undefined ? undefined : resolve(effect.left, id)
    const right = effect.right === undefined ? undefined : resolve(effect.right, id)
    for (const [index, content] of effect.inserted.entries()) {
      const unit = { id: id(effect.first + index), left, right, author, content }
      this.put(unit)
      left = unit.id
    }
  }

  get visible(): Unit[] {
    return this.units.filter(({ id }) => !this.deleted.has(id))
  }
}

function resolve(id: string, name: (number: string) => string): string {
  return id.startsWith(`${SELF}.`) ? name(id.slice(SELF.length + 1)) : id
}

function replay(path: readonly string[], view: View): Yata {
  const yata = new Yata()
  const written = [...view.written(path)].sort((a, b) => a.id - b.id)
  for (const write of written) {
    const name = (number: number | string): string => `${write.id}.${number}`
    for (const effect of write.note as readonly Effect[]) {
      yata.take(effect, name, view.replicaId(write.replica))
    }
  }
  for (const unit of yata.units) {
    const write = written.find(({ id }) => unit.id.startsWith(`${id}.`))!
    if (!view.isStanding(write)) yata.deleted.add(unit.id)
  }
  return yata
}

/** The contents of the units that are there. */
export function sequenceAt(path: readonly string[], view: View): unknown[] {
  return replay(path, view).visible.map(({ content }) => content)
}

/** What requests come to for someone who sees this. An insertion goes right behind a unit that is not deleted. */
export function effectsOf(
  operation: Operation,
  requests: readonly Request[],
  view: View,
): readonly Effect[] {
  const yata = replay(operation.path, view)
  const effects: Effect[] = []
  let first = 0
  for (const request of requests) {
    const { visible } = yata
    let effect: Effect
    if ('delete' in request) {
      const gone = visible.slice(request.at, request.at + request.delete)
      effect = { deleted: gone.map(({ id }) => id) }
    } else {
      const before = visible[request.at - 1]
      const after = yata.units[before === undefined ? 0 : yata.units.indexOf(before) + 1]
      effect = { inserted: request.insert, first, left: before?.id, right: after?.id }
      first += request.insert.length
    }
    yata.take(effect, (number) => `${SELF}.${number}`, 0n)
    effects.push(effect)
  }
  return effects
}

/** A text or list as a state says it. */
export interface DecodedWhole {
  readonly level: number
  readonly structs: readonly {
    readonly row: number
    readonly what: number
    readonly clock: number
    readonly length: number
    readonly leftRow: number
    readonly leftClock: number
    readonly rightRow: number
    readonly rightClock: number
    readonly content: unknown
  }[]
}

/**
 * Text for every unit of a decoded whole, one by one: how they are put together in runs is no part of a state. Of one
 * that was trimmed, only units that are not deleted, in their order: what else is left depends on when it was trimmed.
 */
export function wholeUnits(
  whole: unknown,
  nameOf: (row: number) => string,
  contentText: (content: unknown, index: number) => string,
): string {
  const { level, structs } = whole as DecodedWhole
  const idText = (row: number, clock: number): string => (row < 0 ? '-' : `${nameOf(row)}.${clock}`)
  const lines = structs.flatMap(({ row, ...struct }) =>
    Array.from({ length: struct.length }, (_, index) => {
      const clock = struct.clock + index
      const left = index === 0 ? idText(struct.leftRow, struct.leftClock) : idText(row, clock - 1)
      const right = idText(struct.rightRow, struct.rightClock)
      const isGone = struct.what === 0
      const content = isGone ? 'gone' : contentText(struct.content, index)
      if (level > 0) return isGone ? [] : [`${idText(row, clock)} ${content}`]
      return [`${idText(row, clock)} ${left}|${right} ${struct.what} ${content}`]
    }).flat(),
  )
  return (level > 0 ? lines : lines.sort()).join('\n')
}

/** Whether any unit is there. */
export function anyUnit(path: readonly string[], view: View): boolean {
  return sequenceAt(path, view).length > 0
}
