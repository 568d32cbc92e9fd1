// The short form of `npm run long -- lifetimes`.
import assert from 'node:assert/strict'
import type { Contents } from './contents.ts'
import { runLifetimes } from './run-lifetimes.ts'
import { type Fate, problemsOf } from './verify.ts'

describe('what lifetimes left', () => {
  const sums = (sum: number): number[] => [sum, 0]
  const contents = (counts: readonly (readonly [string, number])[], total: number): Contents => ({
    ...{ total, counts: new Map(counts), sums: sums(total) },
    ...{ table: new Map<string, string>(), members: [], last: '', note: '' },
  })
  const fates = new Map<number, Fate>([[0, 'acknowledged'], [1, 'unknown'], [40, 'acknowledged']]) // prettier-ignore

  it('is right with and without what nobody acknowledged', () => {
    assert.deepEqual(problemsOf(contents([['lifetimes-0', 1], ['lifetimes-1', 1]], 2), fates), []) // prettier-ignore
    assert.deepEqual(problemsOf(contents([['lifetimes-0', 3], ['lifetimes-1', 1]], 3), fates), []) // prettier-ignore
  })

  it('is wrong where something acknowledged is lost, or anything is doubled', () => {
    const problems = (lost: Contents): string => problemsOf(lost, fates).join('; ')
    assert.match(problems(contents([['lifetimes-1', 1]], 1)), /0 was acknowledged/)
    assert.match(problems(contents([['lifetimes-0', 1], ['lifetimes-1', 2]], 2)), /more than/) // prettier-ignore
    assert.match(problems(contents([['lifetimes-0', 1], ['lifetimes-1', 1]], 3)), /total is 3/) // prettier-ignore
  })
})

describe('lifetimes of containers', () => {
  it('leave what was acknowledged, and no entry for each', async () => {
    const lifetimes = 36
    const { churn, moments, problems } = await runLifetimes({
      ...{ lifetimes, kills: 6, isTwice: true, workers: 1, atOnce: 8, killsAtOnce: 2 },
      ...{ seed: 1, sampleEveryMs: 1_000, pairs: 0 },
    })
    assert.deepEqual(problems, [])
    assert.deepEqual(churn.failures, [])
    assert.equal(churn.killed, 12)
    assert.equal(churn.fates.size, 2 * lifetimes)
    const { control, vectorEntries } = moments.at(-1)!.voters[0]!
    assert.equal(control?.usedSlots, 3)
    assert.ok(control.rounds >= 2 * lifetimes - churn.killedUnflushed, `${control.rounds} seals`)
    assert.ok(vectorEntries <= control.slots, `${vectorEntries} entries`)
    // Who was killed keeps seals from closing for some seconds, in which all of the first may take new slots. No more are
    // taken after that, however quick they are.
    assert.ok(control.slots <= 3 + lifetimes, `${control.slots} slots`)
  })
})
