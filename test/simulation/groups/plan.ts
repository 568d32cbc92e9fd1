import type { GroupOptions } from '#consensus/group/options.ts'
import { Random } from '#test/simulation/random.ts'
import type { GroupWeather } from '#test/simulation/group-network.ts'

/** What a seed draws before anything happens. */
export interface Plan {
  readonly seed: number
  readonly isDurable: boolean
  readonly voters: number
  readonly clients: number
  readonly chaosMs: number
  /** Between two faults, on the average. */
  readonly faultMs: number
  readonly weather: GroupWeather
  readonly options: Partial<GroupOptions>
  readonly syncMsMax: number
  readonly breakMsMax: number | undefined
  /** Clocks differ by up to twice as much. */
  readonly driftMax: number
  readonly leaseMs: number
  /** Parts of the requests of clients, and of the answers, that are lost. */
  readonly lostRequests: number
  /** Part of the requests that arrive twice. */
  readonly repeatedRequests: number
}

/** Draws what the simulation with that seed is like. */
export function drawPlan(seed: number): Plan {
  const random = new Random(seed ^ 0x5eed)
  const isFoul = random.chance(0.7)
  const leaseReads = random.chance(0.25)
  return {
    seed,
    isDurable: random.chance(0.7),
    voters: random.pick([3, 3, 3, 5]),
    clients: random.integer(2, 4),
    chaosMs: random.integer(3_000, 6_000),
    faultMs: random.pick([80, 200, 500]),
    weather: {
      lost: isFoul ? random.pick([0.01, 0.05]) : 0,
      repeated: isFoul ? 0.03 : 0,
      late: isFoul ? random.pick([0.01, 0.05]) : 0,
      delayMsMin: 1,
      delayMsMax: random.pick([3, 20]),
      lateMsMax: 1_500,
    },
    options: {
      // Small, so that all of it happens.
      snapshotLogBytes: random.pick([2_000, 8_000, 1_000_000]),
      tailEntries: random.pick([0, 5, 50]),
      snapshotPartBytes: random.pick([300, 4_000]),
      checkpointCommands: random.pick([16, 64]),
      batchBytes: random.pick([200, 256 * 1024]),
      batchesInFlightMax: random.pick([1, 4]),
      appendBytesMax: random.pick([300, 256 * 1024]),
      appendsInFlightMax: random.pick([2, 256]),
      applyBytesMax: random.pick([300, 256 * 1024]),
      // Who campaigns soon campaigns together with others.
      failoverDelayMsMax: random.pick([15, 150]),
      leaseReads,
    },
    syncMsMax: random.pick([0, 2, 30]),
    // The others do not always hear of it.
    breakMsMax: random.chance(0.3) ? undefined : random.pick([20, 400]),
    driftMax: 0.01,
    leaseMs: random.pick([1_000, 1_500, 2_500]),
    lostRequests: random.pick([0, 0.01, 0.05]),
    repeatedRequests: random.pick([0, 0.03]),
  }
}
