import assert from 'node:assert/strict'
import fc from 'fast-check'
import { UnderWay } from '#consensus/caller/under-way.ts'

describe('what is under way', () => {
  it('is stopped but for what is over, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 100 }), (ended) => {
        const underWay = new UnderWay()
        const stopped: number[] = []
        const all = Array.from({ length: 20 }, (_, n) => {
          return { place: 0, stop: (): number => stopped.push(n) }
        })
        for (const one of all) underWay.add(one)
        for (const n of ended) if (all[n] !== undefined) underWay.delete(all[n])
        underWay.stop('the end')
        const left = [...all.keys()].filter((n) => !ended.includes(n))
        assert.deepEqual(
          stopped.sort((a, b) => a - b),
          left,
        )
      }),
    )
  })
})
