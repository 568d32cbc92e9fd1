import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleObjects } from './objects-bundle.ts'
import { repositoryRoot } from './repository-copy.ts'

/** The bounds that the package's README states, in KiB. */
const whole = { source: undefined, gzipKibMax: 60 }
const usual = {
  source: "export { counter, flag, map, register, set, struct } from './index.ts'",
  gzipKibMax: 19,
}

describe('the object library, bundled', () => {
  for (const { source, gzipKibMax } of [whole, usual]) {
    it(`takes at most ${gzipKibMax} KiB gzipped: ${source ?? 'all of it'}`, async () => {
      const { gzipBytes } = await bundleObjects(source)
      assert.ok(gzipBytes <= gzipKibMax * 1024, `${gzipBytes} bytes`)
      const readme = readFileSync(join(repositoryRoot, 'packages/crdt-objects/README.md'), 'utf8')
      assert.ok(readme.includes(`${gzipKibMax} KiB`), 'the README states the bound')
    })
  }

  it('loads no engine of a leaf, and no module of others, before one is opened', async () => {
    const { files, outsideAtOnce } = await bundleObjects()
    assert.deepEqual(outsideAtOnce, [])
    const foreign = files.filter((file) => !file.startsWith('packages/crdt-objects/src/'))
    assert.deepEqual(foreign, [], 'each module costs start-up time')
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
