import {
  counter,
  type Local,
  map,
  register,
  set,
  text,
  type Spaces,
  vector,
} from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'
import { workOf } from './work.ts'

/** So many lifetimes share a counter: each adds another power of two, so its value tells which of them are in. */
export const lifetimesPerCounter = 40
const cells = 64

const schemas = {
  total: counter(),
  counts: map(counter()),
  table: map<string>(),
  members: set<string>(),
  last: register<string>(),
  note: text(),
  sums: vector(cells),
}

type Objects = { readonly [Name in keyof typeof schemas]: Local<(typeof schemas)[Name]> }

/** All that is in the space, as plain values. */
export interface Contents {
  readonly total: number
  readonly counts: ReadonlyMap<string, number>
  readonly table: ReadonlyMap<string, string>
  readonly members: readonly string[]
  readonly last: string
  readonly note: string
  readonly sums: readonly number[]
}

/** What containers work on: objects of every kind whose size has a bound, less a counter for each forty lifetimes. */
export class SharedSpace {
  readonly space: LocalSpace
  readonly #objects: Objects

  private constructor(space: LocalSpace, objects: Objects) {
    this.space = space
    this.#objects = objects
  }

  static async open(peer: Spaces<'local'>): Promise<SharedSpace> {
    const space = await peer.space('lifetimes')
    return new SharedSpace(space, {
      total: await space.open('total', schemas.total),
      counts: await space.open('counts', schemas.counts),
      table: await space.open('table', schemas.table),
      members: await space.open('members', schemas.members),
      last: await space.open('last', schemas.last),
      note: await space.open('note', schemas.note),
      sums: await space.open('sums', schemas.sums),
    })
  }

  /** The work of one lifetime. Its additions are one transaction: in all sums, or in none. */
  live(lifetime: number): void {
    const { total, counts, table, members, last, note, sums } = this.#objects
    const [key, weight] = markOf(lifetime)
    this.space.transact((tx) => {
      tx(total).add(1)
      tx(counts).at(key).add(weight)
      tx(sums).addAt(lifetime % cells, 1)
    })
    const edits = workOf(lifetime, {
      hasMember: (member) => members.has(member),
      note: () => note.value,
    })
    for (const [name, text] of edits.sets) table.set(name, text)
    for (const member of edits.added) members.add(member)
    for (const member of edits.removed) members.delete(member)
    if (edits.last !== undefined) last.set(edits.last)
    const { inserted, deleted } = edits
    if (inserted !== undefined) note.insert(inserted.at, inserted.text)
    if (deleted !== undefined) note.delete(deleted.at, deleted.length)
  }

  get total(): number {
    return this.#objects.total.value
  }

  read(): Contents {
    const { total, counts, table, members, last, note, sums } = this.#objects
    return {
      total: total.value,
      counts: new Map(counts.value),
      table: new Map(table.entries()),
      members: [...members.values()].sort(),
      last: last.value ?? '',
      note: note.value,
      sums: [...sums.value],
    }
  }

  /** Writes part `part` of `parts` of what is to be here in the end: all parts together make it. */
  fill(contents: Contents, part: number, parts: number): void {
    const { total, counts, table, members, last, note, sums } = this.#objects
    const isMine = (index: number): boolean => index % parts === part
    total.add(Math.floor((contents.total + part) / parts))
    for (const [index, [key, value]] of [...contents.counts].entries()) {
      if (isMine(index)) counts.at(key).add(value)
    }
    for (const [index, [key, value]] of [...contents.table].entries()) {
      if (isMine(index)) table.set(key, value)
    }
    for (const [index, member] of contents.members.entries()) {
      if (isMine(index)) members.add(member)
    }
    for (const [index, sum] of contents.sums.entries()) if (isMine(index)) sums.addAt(index, sum)
    if (part > 0) return
    last.set(contents.last)
    note.insert(0, contents.note)
  }

  /** One small local operation of those that are measured. */
  operate(number: number): void {
    const { total, table, sums } = this.#objects
    if (number % 3 === 0) total.add(1)
    else if (number % 3 === 1) table.set(`key-${number % cells}`, 'measured')
    else sums.addAt(number % cells, 1)
  }
}

/** The counter that tells of a lifetime, and what it adds to it. */
export function markOf(lifetime: number): readonly [key: string, weight: number] {
  const index = Math.floor(lifetime / lifetimesPerCounter)
  return [`lifetimes-${index}`, 2 ** (lifetime % lifetimesPerCounter)]
}
