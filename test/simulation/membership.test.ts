import assert from 'node:assert/strict'
import { seed } from '#test/seed.ts'
import { linesOf, simulateMembership } from './membership/simulate-membership.ts'

describe('The detectors of a hundred peers, simulated', () => {
  it('tell frozen, dead and unreachable peers apart in seconds, and suspect nobody who is only busy', () => {
    const figures = simulateMembership({ peers: 100, seconds: 60, seed })
    const lines = linesOf(figures).join('\n')
    assert.equal(figures.falsePositives, 0, lines)
    assert.equal(figures.missed, 0, lines)
    assert.equal(figures.wrongAtEnd, 0, lines)
    const { frozenMs, deadMs, unreachableMs } = figures
    for (const times of [frozenMs, deadMs, unreachableMs]) assert.ok(times.length > 0, lines)
    // A sign of life that is late on its way may make a freeze look like a partition for a moment.
    const verdicts = frozenMs.length + deadMs.length + unreachableMs.length
    assert.ok(figures.misjudged < verdicts / 50, lines)
    const isSoon = (times: readonly number[], withinMs: number): boolean =>
      times.filter((time) => time <= withinMs).length >= 0.98 * times.length
    assert.ok(isSoon(frozenMs, 9000), lines)
    assert.ok(isSoon(deadMs, 9000), lines)
    assert.ok(isSoon(unreachableMs, 8000), lines)
  })
})
