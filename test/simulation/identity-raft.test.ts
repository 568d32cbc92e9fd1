import { strict as assert } from 'node:assert'
import { simulateIdentityOverRaft } from './identity/simulate-identity.ts'

/** SIMULATED_SEEDS in the environment, as `npm run mutate` sets it, or as many as are cheap. */
const seeds = Number(process.env['SIMULATED_SEEDS'] ?? 4)
const STEPS = 1_000

describe('slots, seals and epochs over a Raft group whose members fail', function () {
  this.timeout(600_000)
  let ended = 0

  for (let seed = 1; seed <= seeds; seed++) {
    it(`answer as the control state alone does, and lose nothing that was promised: seed ${seed}`, () => {
      const { commands, sessionsEnded, snapshotsRestored } = simulateIdentityOverRaft(seed, STEPS)
      assert.ok(commands > 100 && snapshotsRestored > 0)
      ended += sessionsEnded
    })
  }

  it('have sessions that end', () => {
    assert.ok(ended > 0)
  })

  it('do the same for the same seed', () => {
    assert.deepEqual(simulateIdentityOverRaft(3, 300), simulateIdentityOverRaft(3, 300))
  })
})
