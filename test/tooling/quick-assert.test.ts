import assert from 'node:assert/strict'

describe('A condition that does not hold', () => {
  it('is told without a look for its text, with what was said of it or without', () => {
    const [none, zero] = [undefined, 0]
    assert.throws(() => assert.ok(zero), { message: 'what was to be true is not', actual: 0 })
    assert.throws(() => assert.ok(none, 'none is there'), { message: 'none is there' })
    assert.throws(() => assert.ok(zero, new RangeError('mine')), RangeError)
    assert.ok(1)
  })
})
