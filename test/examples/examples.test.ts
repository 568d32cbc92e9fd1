import assert from 'node:assert/strict'
import { runExample } from './run-example.ts'

describe('the examples', () => {
  it("run the README's program to its result", async () => {
    const { code, output } = await runExample('readme.ts')
    assert.equal(output, '/home: 3 visits, the slowest took 84 ms\nsold: 1\n')
    assert.equal(code, 0)
  })

  it('count words with one function, embedded and through a gateway', async () => {
    const { code, output } = await runExample('word-count.ts')
    assert.equal(output, '3 that\n3 the\n2 a\n2 is\n2 it\n')
    assert.equal(code, 0)
  })

  it('share the range of what two functions measured, in a type of their own', async () => {
    const { code, output } = await runExample('measured-range.ts')
    assert.equal(output, 'from -2 to 11 degrees\n')
    assert.equal(code, 0)
  })

  it('merge what two replicas put into the same cart', async () => {
    const { code, output } = await runExample('carts.ts')
    assert.equal(output, 'Ada ordered 2 mugs: gift\nleft in the cart: 0 lines\n')
    assert.equal(code, 0)
  })

  it('bind an editor to a text, whose cursor stays where it was typed', async () => {
    const { code, output } = await runExample('editor.ts')
    assert.equal(output, 'Dear Ada and all, hello!|\nDear Ada and |all, hello!\ntrue\n')
    assert.equal(code, 0)
  })

  it('say how two schemas differ', async () => {
    const { code, output } = await runExample('evolution.ts')
    assert.equal(output, 'true\ntitle: field-renamed\nhits: field-missing\ntags: field-added\n')
    assert.equal(code, 0)
  })

  it('write several objects together or not at all', async () => {
    const { code, output } = await runExample('together.ts')
    assert.equal(output, 'a counter subtracts whole numbers, got 0.5\n1 1\n')
    assert.equal(code, 0)
  })

  const anomalies = {
    'lost-write.ts': '2 written, 1 left\n',
    'removed-entry.ts': '1 1\n',
    'register-conflict.ts': 'true [ 10, 12 ]\n',
    'passed-on.ts': '1 2\n',
  }
  for (const [file, shown] of Object.entries(anomalies)) {
    it(`show the anomaly that the docs tell of: ${file}`, async () => {
      assert.deepEqual(await runExample(`anomalies/${file}`), { code: 0, output: shown })
    })
  }
})
