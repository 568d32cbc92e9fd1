// The short form of `npm run long -- partitions`.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeNetwork, type Network, networkProblem } from '#test/nemesis/network.ts'
import { skip } from '#test/skip.ts'
import { networkCount } from './cluster.ts'
import { type LinkFaultName, problemOf } from './link-faults.ts'
import { leastPartMin } from './print.ts'
import { healedWithinMs, leastPartOf, runHeal } from './run-heal.ts'
import { runStorm } from './run-storm.ts'
import { Traffic } from './traffic.ts'

describe('a space on five peers in networks of their own', () => {
  const pace = { writeEveryMs: 50, flushEveryMs: 100, readEveryMs: 100 }
  let folder: string
  let network: Network | undefined
  let traffic: Traffic

  before(function () {
    const problem = networkProblem()
    if (problem !== undefined) skip(this, problem)
    network = makeNetwork(networkCount)
    traffic = new Traffic(network, networkCount)
  })
  after(() => network?.remove())

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'joinery-partitions-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is written at the same rate while links are bad, and is whole soon after', async function () {
    const faults: LinkFaultName[] = ['one cut off, link down', 'one not heard, nft', 'loss of 5 %, nft', '2 Mbit/s, tbf'] // prettier-ignore
    for (const fault of faults) {
      const problem = problemOf(fault, traffic)
      if (problem !== undefined) skip(this, `${fault}: ${problem}`)
    }
    const { healings, violations, tally } = await runHeal({
      ...{ seed: 1, network: network!, traffic, folder, pace },
      ...{ faults, repeats: 1, faultMs: 2_000, calmMs: 1_000 },
    })
    assert.deepEqual(violations, [])
    assert.equal(healings.length, faults.length)
    assert.ok(tally.acknowledged > 500, `${tally.acknowledged} writes were acknowledged`)
    for (const { name, before, during, healedMs } of healings) {
      const part = leastPartOf(during, before)
      assert.ok(part >= leastPartMin, `${name}: a peer wrote ${part} of what it had before`)
      assert.ok(healedMs <= healedWithinMs, `${name}: whole after ${healedMs} ms`)
    }
  })

  it('loses nothing that was acknowledged when one process is killed at a time', async () => {
    const { rounds, violations, tally, toll } = await runStorm({
      ...{ seed: 1, network: network!, traffic, folder, pace, seconds: 0, repairMs: 0, faults: [] },
      planned: [['cut off one and kill it'], ['freeze one', 'one hears nobody'], ['visitors, one killed']], // prettier-ignore
      severity: { freezeMs: [2_000, 3_500], linkMs: [1_500, 3_000], visitors: 3 },
    })
    assert.deepEqual(violations, [])
    assert.equal(rounds.length, 3)
    assert.deepEqual([toll.killed, toll.visitors, toll.visitorsKilled, toll.late], [1, 3, 1, 0])
    assert.ok(tally.acknowledged > 500, `${tally.acknowledged} writes were acknowledged`)
  })
})
