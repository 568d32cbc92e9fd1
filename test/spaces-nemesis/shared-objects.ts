import { createHash } from 'node:crypto'
import { counter, map, set, type Local } from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'
import { type HeldWrites, type Holdings, rangesOf } from './records.ts'

const schemas = { entries: map<number>(), counts: map(counter()), members: set<string>(), total: counter() } // prettier-ignore

/** So many of its last writes a writer has in the set; what is older it takes out. */
export const membersKept = 20

/**
 * What all write to. A write adds a member to the set; then, in one transaction, it sets an entry of the map and adds to the
 * writer's counter and to the total; then it takes an old member out.
 */
export class SharedObjects {
  readonly #space: LocalSpace
  readonly #entries: Local<(typeof schemas)['entries']>
  readonly #counts: Local<(typeof schemas)['counts']>
  readonly #members: Local<(typeof schemas)['members']>
  readonly #total: Local<(typeof schemas)['total']>

  private constructor(
    space: LocalSpace,
    [entries, counts, members, total]: readonly [
      Local<(typeof schemas)['entries']>,
      Local<(typeof schemas)['counts']>,
      Local<(typeof schemas)['members']>,
      Local<(typeof schemas)['total']>,
    ],
  ) {
    this.#space = space
    this.#entries = entries
    this.#counts = counts
    this.#members = members
    this.#total = total
  }

  static async open(space: LocalSpace): Promise<SharedObjects> {
    return new SharedObjects(space, [
      await space.open('entries', schemas.entries),
      await space.open('counts', schemas.counts),
      await space.open('members', schemas.members),
      await space.open('total', schemas.total),
    ])
  }

  write(writer: string, seq: number): void {
    this.#members.add(keyOf(writer, seq))
    this.#space.transact((tx) => {
      tx(this.#entries).set(keyOf(writer, seq), seq)
      tx(this.#counts).at(writer).add(1)
      tx(this.#total).add(1)
    })
    if (seq > membersKept) this.#members.delete(keyOf(writer, seq - membersKept))
  }

  get total(): number {
    return this.#total.value
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts.value
  }

  countOf(writer: string): number {
    return this.#counts.get(writer) ?? 0
  }

  holdings(): Holdings {
    const hash = createHash('sha256').update(`${this.total}\n`)
    const entriesByWriter = new Map<string, number[]>()
    const membersByWriter = new Map<string, number[]>()
    for (const [key, value] of this.#entries.entries()) {
      hash.update(`${key} ${value}\n`)
      const [writer, seq] = partsOf(key)
      // An entry with another value than it was set to counts as one that nobody wrote.
      into(entriesByWriter, writer, seq === value ? seq : Number.MAX_SAFE_INTEGER)
    }
    for (const key of this.#members.values()) {
      hash.update(`${key}\n`)
      into(membersByWriter, ...partsOf(key))
    }
    const writers: Record<string, HeldWrites> = {}
    const names = [...this.#counts.keys(), ...entriesByWriter.keys(), ...membersByWriter.keys()]
    for (const writer of new Set(names)) {
      const count = this.countOf(writer)
      hash.update(`${writer} ${count}\n`)
      writers[writer] = {
        count,
        entries: rangesOf(entriesByWriter.get(writer) ?? []),
        members: rangesOf(membersByWriter.get(writer) ?? []),
      }
    }
    return { total: this.total, writers, digest: hash.digest('hex') }
  }
}

function keyOf(writer: string, seq: number): string {
  return `${writer}:${seq}`
}

function partsOf(key: string): [writer: string, seq: number] {
  const [writer = '', seq] = key.split(':')
  return [writer, Number(seq)]
}

function into(map: Map<string, number[]>, writer: string, seq: number): void {
  const list = map.get(writer)
  if (list === undefined) map.set(writer, [seq])
  else list.push(seq)
}
