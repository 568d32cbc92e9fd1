import { strict as assert } from 'node:assert'
import fastCheck from 'fast-check'
import type { Entry } from '#consensus/raft/types.ts'
import { UnstableLog } from '#consensus/raft/unstable-log.ts'

interface Model {
  /** Terms by index, from index 1 on. */
  terms: number[]
  /** Storage confirmed everything up to here. */
  stable: number
  /** Storage was given everything up to here. */
  given: number
}

type Move =
  | { readonly kind: 'append'; readonly back: number; readonly count: number }
  | { readonly kind: 'give' }
  | { readonly kind: 'confirm'; readonly back: number; readonly isOld: boolean }

const move: fastCheck.Arbitrary<Move> = fastCheck.oneof(
  fastCheck.record({
    kind: fastCheck.constant('append' as const),
    back: fastCheck.nat(4),
    count: fastCheck.integer({ min: 1, max: 5 }),
  }),
  fastCheck.record({ kind: fastCheck.constant('give' as const) }),
  fastCheck.record({
    kind: fastCheck.constant('confirm' as const),
    back: fastCheck.nat(4),
    isOld: fastCheck.boolean(),
  }),
)

describe('the part of a log that is not stable yet', () => {
  it('is that of a plain array of entries, whatever is appended, replaced, given and confirmed', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(move, { maxLength: 40 }), (moves) => {
        const log = new UnstableLog(1)
        const model: Model = { terms: [], stable: 0, given: 0 }
        for (const [term, next] of moves.entries()) {
          apply(log, model, next, term + 1)
          compare(log, model)
        }
      }),
    )
  })

  it('keeps its content when thousands of entries were confirmed', () => {
    const log = new UnstableLog(1)
    for (let index = 1; index <= 5_000; index++) {
      log.append([entry(1, index)])
      if (index > 10) log.stableTo(index - 10, 1)
    }
    assert.deepEqual(
      log.slice(log.offset, 5_001).map(({ index }) => index),
      [4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999, 5000],
    )
  })
})

function apply(log: UnstableLog, model: Model, next: Move, term: number): void {
  const last = model.terms.length
  switch (next.kind) {
    case 'append': {
      const first = Math.max(last + 1 - next.back, 1)
      const entries = Array.from({ length: next.count }, (_, n) => entry(term, first + n))
      log.append(entries)
      model.terms.splice(first - 1, Infinity, ...entries.map((added) => added.term))
      model.given = Math.min(model.given, first - 1)
      model.stable = Math.min(model.stable, first - 1)
      break
    }
    case 'give':
      log.acceptInProgress()
      model.given = last
      break
    case 'confirm': {
      const index = model.given - next.back
      if (index <= model.stable) return
      const known = model.terms[index - 1]!
      assert.equal(log.stableTo(index, next.isOld ? known - 1 : known), !next.isOld)
      if (!next.isOld) model.stable = index
    }
  }
}

function compare(log: UnstableLog, { terms, stable, given }: Model): void {
  const last = terms.length
  assert.equal(log.offset, stable + 1)
  assert.equal(log.length, last - stable)
  assert.equal(log.hasNextEntries, last > given)
  assert.deepEqual(
    log.nextEntries().map(({ term, index }) => [term, index]),
    terms.slice(given).map((term, n) => [term, given + 1 + n]),
  )
  for (let index = stable + 1; index <= last + 1; index++) {
    assert.equal(log.term(index), terms[index - 1])
  }
}

function entry(term: number, index: number): Entry {
  return { type: 'normal', term, index, data: new Uint8Array(0) }
}
