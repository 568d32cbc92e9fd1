import assert from 'node:assert/strict'
import { bundleObjects } from './objects-bundle.ts'

/** The bound that the package's README states. */
const gzipBytesMax = 32 * 1024

describe('the object library, bundled', () => {
  it('keeps to the size that it states', async () => {
    const { gzipBytes } = await bundleObjects()
    assert.ok(gzipBytes <= gzipBytesMax, `${gzipBytes} bytes, at most ${gzipBytesMax} are stated`)
  })

  it('loads no engine of a leaf, and no module of others, before one is opened', async () => {
    const { files, outsideAtOnce } = await bundleObjects()
    assert.deepEqual(outsideAtOnce, [])
    const foreign = files.filter((file) => !file.startsWith('packages/crdt-objects/src/'))
    assert.deepEqual(
      foreign,
      [],
      'each module costs start-up time, and those that decode text most',
    )
  })

  it('is found out when it does', async () => {
    const planted = "import * as Y from 'yjs'\nimport { toString } from 'uint8arrays/to-string'\n"
    const { files, outsideAtOnce } = await bundleObjects(`${planted}export { Y, toString }`)
    assert.deepEqual(outsideAtOnce, ['yjs'])
    assert.ok(files.some((file) => file.includes('uint8arrays')))
    const { outsideAtOnce: onDemand } = await bundleObjects("export const y = import('yjs')")
    assert.deepEqual(onDemand, [])
  })
})
