// Batches name a few of those that they come after, and that is enough: each applies exactly where all is that its author
// had seen, in whatever order batches come.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { decodeBatchHeader, packReplica, SpaceState } from '#crdt-objects/engine.ts'
import { counter } from '#crdt-objects/index.ts'
import { seed } from '#test/seed.ts'
import { runsBy } from '#test/suites/runs.ts'
import { open } from './replicas.ts'

const members = 5

interface Sent {
  readonly author: number
  /** Which of its author's, from 1 on. */
  readonly number: number
  readonly bytes: Uint8Array
  /** By replica: how many of its batches the author had seen. */
  readonly seen: readonly number[]
}

class Member {
  readonly state: SpaceState
  /** By replica: how many of its batches are applied. */
  readonly seen: number[] = new Array<number>(members).fill(0)
  private observed: readonly number[] = [...this.seen]
  private readonly index: number

  constructor(index: number) {
    this.index = index
    this.state = new SpaceState({ replica: packReplica(index, 1), clock: () => 1 })
  }

  write(): Sent {
    open(this.state, counter()).add(1)
    const bytes = this.state.takeBatch()!
    const { observed } = this
    const news = [...this.seen.entries()].filter(
      ([index, count]) => index !== this.index && count > observed[index]!,
    )
    const told = news.map(([index, count]) => [packReplica(index, 1), count] as const)
    assert.deepEqual(new Map(this.state.observed), new Map(told))
    this.seen[this.index]!++
    this.observed = [...this.seen]
    return { author: this.index, number: this.seen[this.index]!, bytes, seen: this.observed }
  }

  take({ author, number, bytes, seen }: Sent): void {
    const verdict = this.state.apply(bytes)
    if (number <= this.seen[author]!) return assert.equal(verdict, 'duplicate')
    const needed = seen.map((count, index) => (index === author ? count - 1 : count))
    const isNext = needed.every((count, index) => count <= this.seen[index]!)
    assert.equal(verdict, isNext ? 'applied' : 'gap')
    if (isNext) this.seen[author] = number
  }
}

describe('the order of causes', () => {
  it('holds with few names: a batch applies where all is that its author had seen, and not before', () => {
    const steps = fastCheck.array(fastCheck.tuple(fastCheck.nat(members - 1), fastCheck.nat(999)), {
      ...{ minLength: 50, maxLength: 200 },
    })
    fastCheck.assert(
      fastCheck.property(steps, (drawn) => {
        const all = Array.from({ length: members }, (_, index) => new Member(index))
        const sent: Sent[] = []
        for (const [index, what] of drawn) {
          if (what < 200 || sent.length === 0) sent.push(all[index]!.write())
          // Mostly of the latest, in whatever order.
          else all[index]!.take(sent[Math.max(0, sent.length - 1 - (what % 12))]!)
        }
      }),
      { ...runsBy(2), seed },
    )
  })

  it('takes one name where all know of each other, however many wrote', () => {
    const all = Array.from({ length: members }, (_, index) => new Member(index))
    let names = 0
    for (let round = 0; round < 20; round++) {
      for (const member of all) {
        const sent = member.write()
        for (const other of all) if (other !== member) other.take(sent)
        names += decodeBatchHeader(sent.bytes).dependencies.length
      }
    }
    // All but the first come after the one before.
    assert.equal(names, 20 * members - 1)
  })
})
