import type { CallerPorts } from './ports.ts'

const delayMsMin = 5
const delayMsMax = 200

/** The pauses between the attempts of one call, and the end of its patience. */
export class Pacing {
  private readonly ports: Pick<CallerPorts, 'clock' | 'random'>
  private readonly unreachableMs: number
  private failures = 0
  private sinceMs = 0

  /** `unreachableMs`: for how long attempts may fail; infinite for a call that has a time limit of its own. */
  constructor(ports: Pick<CallerPorts, 'clock' | 'random'>, unreachableMs: number) {
    this.ports = ports
    this.unreachableMs = unreachableMs
  }

  /** An attempt that was begun at `begunMs` has failed. Gives the pause before the next, or undefined: give up. */
  failed(begunMs: number): number | undefined {
    const nowMs = this.ports.clock.nowMs()
    // One that lasted was being waited for: whoever carried it out was there, and has gone only now.
    if (this.failures === 0 || nowMs - begunMs > this.unreachableMs) {
      this.failures = 0
      this.sinceMs = nowMs
    }
    if (nowMs - this.sinceMs >= this.unreachableMs) return undefined
    const full = Math.min(delayMsMax, delayMsMin * 2 ** Math.min(this.failures, 10))
    this.failures += 1
    // Half of it is random, so that the callers of a lost leader do not come back in step.
    return full / 2 + (full / 2) * this.ports.random()
  }
}
