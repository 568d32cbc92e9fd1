import { Random } from '#test/simulation/random.ts'

/** What a seed draws before anything happens. */
export interface Plan {
  readonly seed: number
  readonly steps: number
  readonly spaces: number
  readonly peersMax: number
  readonly slotsMax: number
  readonly keepers: number
  readonly durability: number
  /** So long it is known, in agreed time, where a life ended: in some seeds too short. */
  readonly graveMs: number
  /** Part of the messages that are lost, between peers and to the control group. */
  readonly lost: number
  readonly lostAtControl: number
  readonly repeated: number
  /** Part of the other peers that a batch is sent to at once. */
  readonly pushed: number
  /** How many of a thousand steps crash a peer. */
  readonly crashes: number
  /** How many of six operations remove. */
  readonly removals: number
  /** Whether all members may die. */
  readonly isDoomed: boolean
  /** Whether an operator gives his word where keepers are gone. */
  readonly hasOperator: boolean
  /** Whether users end spaces, and begin others of their names. */
  readonly hasEnds: boolean
}

export function drawPlan(seed: number, steps: number): Plan {
  const random = new Random(seed ^ 0x1de47)
  const peersMax = random.integer(3, 8)
  const isDoomed = random.chance(0.15)
  const durability = random.pick([1, 2, 2, 2, 3])
  return {
    ...{ seed, steps, peersMax, durability },
    spaces: random.integer(1, 3),
    // While keepers are gone no seal closes, and slots are not used again.
    slotsMax: 128,
    keepers: Math.max(durability, random.pick([2, 3, 3, 3, 4])),
    graveMs: random.pick([1e9, 1e9, 2_000]),
    lost: random.integer(5, 39) / 100,
    lostAtControl: random.pick([0, 0.1, 0.3]),
    repeated: 0.2,
    pushed: random.integer(1, 4) / 5,
    crashes: random.integer(3, 14),
    removals: random.integer(1, 3),
    isDoomed,
    hasOperator: random.chance(0.4),
    hasEnds: random.chance(0.2),
  }
}
