import { strict as assert } from 'node:assert'
import { lawScale, seed } from '#test/seed.ts'
import { RandomGroup } from './random-group.ts'

const groups = 40 * lawScale
const moves = 1200

const faultsByName = {
  'a quiet network': { loss: 0, repeat: 0, reorder: 0 },
  'a lossy network': { loss: 0.2, repeat: 0, reorder: 0 },
  'a network that loses, repeats and reorders': { loss: 0.1, repeat: 0.2, reorder: 0.5 },
}
const optionsByName = {
  'with the plain protocol': {},
  'with pre-vote and check quorum': { preVote: true, checkQuorum: true },
  'with asynchronous storage': { preVote: true, checkQuorum: true, asyncStorageWrites: true },
}

/** Random groups, each of its own seed: a failure names it. */
describe('random Raft groups', () => {
  for (const [optionName, options] of Object.entries(optionsByName)) {
    for (const [networkName, faults] of Object.entries(faultsByName)) {
      it(`keep what Raft promises over ${networkName}, ${optionName}`, () => {
        let applied = 0
        for (let n = 0; n < groups / 8; n++) {
          const groupSeed = seed + n
          try {
            const group = new RandomGroup(randomOf(groupSeed), options)
            for (let move = 0; move < moves; move++) group.move(faults)
            group.heal()
            applied += group.appliedIndex
          } catch (error) {
            throw new Error(`the group of seed ${groupSeed} failed`, { cause: error })
          }
        }
        assert.ok(applied > groups, 'groups make progress')
      })
    }
  }
})

/** Small and repeatable: mulberry-like mixing of a counter. */
function randomOf(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
