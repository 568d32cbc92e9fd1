import { strict as assert } from 'node:assert'
import { simulateGroup } from './groups/simulate-group.ts'

/** SIMULATED_SEEDS in the environment, as `npm run mutate` sets it, or as many as are cheap. */
const seeds = Number(process.env['SIMULATED_SEEDS'] ?? 40)
const SEEDS_EACH = 10

describe('groups whose members, disks, networks, clocks and clients fail', function () {
  this.timeout(600_000)

  for (let first = 1; first <= seeds; first += SEEDS_EACH) {
    const last = Math.min(seeds, first + SEEDS_EACH - 1)
    it(`are linearizable, lose nothing and come back: seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) await simulateGroup(seed)
    })
  }

  it('do the same for the same seed', async () => {
    assert.deepEqual(await simulateGroup(7), await simulateGroup(7))
  })
})
