import assert from 'node:assert/strict'

const DRAWS = 20_000

/** What a driver relies on in every source of randomness: time-outs that differ, and seeds. */
export function describeRandomness(name: string, make: () => () => number): void {
  describe(`${name}, as randomness of a group,`, () => {
    it('is from 0 up to 1, and not 1', () => {
      const random = make()
      for (let i = 0; i < DRAWS; i++) {
        const drawn = random()
        assert.ok(drawn >= 0 && drawn < 1)
      }
    })

    it('is spread evenly, so that time-outs differ', () => {
      const random = make()
      const counts = new Array<number>(10).fill(0)
      for (let i = 0; i < DRAWS; i++) counts[Math.floor(random() * 10)]!++
      // Ten standard deviations: no fair source ever fails it.
      for (const count of counts) assert.ok(Math.abs(count - DRAWS / 10) < 430, counts.join(' '))
    })

    it('gives 32 bits, so that seeds of entries differ', () => {
      const random = make()
      const seeds = new Set(Array.from({ length: DRAWS }, () => Math.floor(random() * 2 ** 32)))
      assert.ok(seeds.size > DRAWS - 20)
    })
  })
}
