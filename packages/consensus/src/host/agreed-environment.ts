import type { HostEnvironment } from './hosted-object.ts'

/** Agreed time, place and randomness of the command that is carried out. */
export class AgreedEnvironment implements HostEnvironment {
  nowMs = 0
  position = 0
  caller = ''
  private seed = 0
  private draws = 0

  /** Begins a command of the entry that has this seed. */
  begin(seed: number, caller: string): void {
    this.caller = caller
    this.seed = seed
    this.draws = 0
  }

  /** 53 bits, drawn from the entry's seed, the position, and how many were drawn before. */
  random(): number {
    this.draws += 1
    const high = mix(this.seed, this.position, this.draws)
    const low = mix(high, this.draws, this.position)
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
  }
}

function mix(a: number, b: number, c: number): number {
  let mixed = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b)
  for (const part of [b % 2 ** 32, Math.floor(b / 2 ** 32), c]) {
    mixed = Math.imul(mixed ^ part, 0xc2b2ae35)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x27d4eb2f)
    mixed ^= mixed >>> 13
  }
  return mixed >>> 0
}
