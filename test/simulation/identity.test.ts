import { strict as assert } from 'node:assert'
import { simulateIdentity } from './identity/simulate-identity.ts'

/** SIMULATED_SEEDS in the environment, as `npm run mutate` sets it, or as many as are cheap. */
const seeds = Number(process.env['SIMULATED_SEEDS'] ?? 16)
const SEEDS_EACH = 10

describe('slots, seals and epochs under churn', function () {
  this.timeout(600_000)

  for (let first = 1; first <= seeds; first += SEEDS_EACH) {
    const last = Math.min(seeds, first + SEEDS_EACH - 1)
    it(`lose nothing that was promised, and double nothing: seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) simulateIdentity(seed)
    })
  }

  it('do the same for the same seed', () => {
    assert.deepEqual(simulateIdentity(7), simulateIdentity(7))
  })
})
