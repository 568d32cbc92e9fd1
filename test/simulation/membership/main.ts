// Detectors of 100 to 300 peers, with other seeds than the test: `npm run long -- membership`.
import { seed } from '#test/seed.ts'
import { linesOf, simulateMembership } from './simulate-membership.ts'

for (const peers of [100, 200, 300]) {
  for (let run = 0; run < 3; run++) {
    const figures = simulateMembership({ peers, seconds: 60, seed: seed + run })
    console.log([`${peers} peers, seed ${seed + run}`, ...linesOf(figures), ''].join('\n'))
    // A peer that is held up for 2 s while its words are late by 1.5 s may look as if it were gone, rarely.
    const isRare = figures.falsePositives < figures.pairSeconds / 100_000
    if (figures.wrongAtEnd > 0 || !isRare) process.exitCode = 1
  }
}
