import assert from 'node:assert/strict'
import type { GroupClock } from '#consensus/group/ports.ts'

export interface TestedClock {
  readonly clock: GroupClock
  /** Lets about so much time pass. */
  pass(durationMs: number): Promise<void>
}

/** What a driver relies on in every clock. */
export function describeGroupClock(name: string, make: () => TestedClock): void {
  describe(`${name}, as a clock of a group,`, () => {
    it('goes on in ms, and never back', async () => {
      const { clock, pass } = make()
      const beganMs = clock.monotonicMs()
      let lastMs = beganMs
      for (let i = 0; i < 1_000; i++) {
        const nowMs = clock.monotonicMs()
        assert.ok(Number.isFinite(nowMs) && nowMs >= lastMs)
        lastMs = nowMs
      }
      await pass(60)
      const passedMs = clock.monotonicMs() - beganMs
      assert.ok(passedMs >= 50 && passedMs < 10_000, `${passedMs} ms passed`)
    })

    it('knows the date, and that it goes on', async () => {
      const { clock, pass } = make()
      const beganMs = clock.wallMs()
      assert.ok(beganMs > Date.UTC(2025, 0) && beganMs < Date.UTC(2200, 0))
      await pass(60)
      assert.ok(clock.wallMs() >= beganMs + 50)
    })
  })
}
