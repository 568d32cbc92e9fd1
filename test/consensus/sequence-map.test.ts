import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SequenceMap } from '#consensus/sequence-map.ts'

describe('a map by sequence', () => {
  it('is the map that it stands for, near each other or far apart', () => {
    const sequence = fc.oneof(
      fc.nat(40),
      fc.nat(5000),
      fc.nat(20).map((n) => n * 65_536),
      fc.nat(9).map((n) => 2 ** 40 + n),
    )
    const step = fc.record({ isSet: fc.boolean(), sequence })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const map = new SequenceMap<number>()
        const model = new Map<number, number>()
        for (const [value, { isSet, sequence }] of steps.entries()) {
          if (isSet) {
            map.set(sequence, value)
            model.set(sequence, value)
          } else assert.equal(map.delete(sequence), model.delete(sequence))
          assert.equal(map.size, model.size)
          assert.equal(map.has(sequence), model.has(sequence))
          assert.equal(map.get(sequence), model.get(sequence))
        }
        const entries = [...model].sort(([a], [b]) => a - b)
        assert.deepEqual(map.entries(), entries)
        for (const [one, value] of entries) assert.equal(map.get(one), value)
      }),
    )
  })

  it('takes as many as there may be, beside one that stays, and lets them go', () => {
    const map = new SequenceMap<string>()
    map.set(1, 'waits')
    for (let round = 0; round < 3; round++) {
      const first = 2 + round * 200_000
      for (let n = 0; n < 100_000; n++) map.set(first + n, 'passes')
      assert.equal(map.size, 100_001)
      for (let n = 0; n < 100_000; n++) assert.ok(map.delete(first + n))
    }
    assert.deepEqual(map.entries(), [[1, 'waits']])
  })
})
