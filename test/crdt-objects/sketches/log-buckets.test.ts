import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { LogBuckets, LogScale, quantileCode } from '#crdt-objects/sketches/log-buckets.ts'
import { naturalLog } from '#crdt-objects/sketches/natural-log.ts'

const samples = fastCheck.double({ noNaN: true, noDefaultInfinity: true })
const errors = fastCheck.constantFrom(0.001, 0.01, 0.05, 0.5)

describe('the natural logarithm', () => {
  it('is that of the platform but for its last bits', () => {
    const sizes = fastCheck.double({ min: 2.3e-308, noNaN: true, noDefaultInfinity: true })
    fastCheck.assert(
      fastCheck.property(sizes, (x) => {
        const expected = Math.log(x)
        assert.ok(Math.abs(naturalLog(x) - expected) <= 4e-16 * Math.max(1, Math.abs(expected)))
      }),
    )
  })
})

describe('logarithmic buckets', () => {
  it('stand for each sample by a value within the relative error', () => {
    fastCheck.assert(
      fastCheck.property(samples, errors, (sample, error) => {
        const scale = new LogScale(error)
        const code = scale.codeOf(sample)
        assert.ok(scale.isCode(code))
        const value = scale.valueOf(code)
        if (Math.abs(sample) < 2.3e-308) assert.ok(Math.abs(value) < 2.4e-308)
        else assert.ok(Math.abs(value - sample) <= Math.abs(sample) * error * (1 + 1e-9))
      }),
    )
  })

  it('have codes in the order of their values', () => {
    fastCheck.assert(
      fastCheck.property(samples, samples, errors, (a, b, error) => {
        const scale = new LogScale(error)
        if (a < b) assert.ok(scale.codeOf(a) <= scale.codeOf(b))
      }),
    )
  })

  it('have no other codes than samples can get', () => {
    const scale = new LogScale(0.01)
    for (const code of [1, -1, 0.5, scale.codeMax + 1, -scale.codeMax - 1, NaN, Infinity]) {
      assert.equal(scale.isCode(code), false)
    }
    for (const code of [0, scale.codeMax, -scale.codeMax]) assert.equal(scale.isCode(code), true)
  })

  it('give the bucket of the exact lower quantile', () => {
    const many = fastCheck.array(samples, { minLength: 1, maxLength: 40 })
    fastCheck.assert(
      fastCheck.property(many, fastCheck.double({ min: 0, max: 1, noNaN: true }), (drawn, q) => {
        const scale = new LogScale(0.01)
        const buckets = new LogBuckets()
        for (const sample of drawn) buckets.add(scale.codeOf(sample), 1)
        const exact = [...drawn].sort((a, b) => a - b)[Math.floor(q * (drawn.length - 1))]!
        const code = quantileCode(buckets.sorted(), buckets.total, q)
        assert.equal(code, scale.codeOf(exact))
      }),
    )
  })

  it('give back what was added after a copy', () => {
    const before = new LogBuckets()
    before.add(0, 3)
    before.add(7, 1)
    const after = before.copy()
    after.add(7, 2)
    after.add(9, 1)
    const rest = after.without(before)
    assert.deepEqual(rest.sorted(), [
      [7, 2],
      [9, 1],
    ])
    assert.equal(rest.total, 3)
    assert.equal(before.total, 4)
  })

  it('stay exact integers when counts are forged', () => {
    const buckets = new LogBuckets()
    buckets.add(1, Number.MAX_SAFE_INTEGER)
    buckets.add(1, Number.MAX_SAFE_INTEGER)
    assert.deepEqual(buckets.sorted(), [[1, Number.MAX_SAFE_INTEGER]])
    assert.equal(buckets.total, Number.MAX_SAFE_INTEGER)
  })
})
