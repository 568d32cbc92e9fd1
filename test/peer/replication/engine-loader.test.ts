import assert from 'node:assert/strict'
import type { LeafEngine } from '@joinery/crdt-objects/engine'
import { EngineLoader } from '#peer/replication/engine-loader.ts'
import { eventually } from '#test/eventually.ts'

describe('Loading the engines that arriving data needs', () => {
  function makeEngine(failures: number): LeafEngine & { loads: number } {
    return {
      name: 'toy',
      loads: 0,
      get loaded() {
        return this.loads > failures
      },
      async load() {
        this.loads += 1
        if (this.loads <= failures) throw new Error('not installed')
      },
    }
  }

  it('loads each once, however often it is missed meanwhile', async () => {
    const engine = makeEngine(0)
    let loaded = 0
    const loader = new EngineLoader({ onLoaded: () => (loaded += 1), onFailed: unexpected })
    for (let i = 0; i < 10; i++) loader.load([engine])
    await eventually(() => assert.equal(loaded, 1))
    assert.equal(engine.loads, 1)
  })

  it('tells of a failure, and tries again until it succeeds', async () => {
    const engine = makeEngine(2)
    let loaded = 0
    const failed: unknown[] = []
    const ports = {
      onLoaded: () => (loaded += 1),
      onFailed: ({ name }: LeafEngine, error: unknown) => failed.push([name, String(error)]),
    }
    const loader = new EngineLoader(ports, 5)
    loader.load([engine])
    await eventually(() => assert.equal(loaded, 1))
    const failure = ['toy', 'Error: not installed']
    assert.deepEqual(failed, [failure, failure])
  })

  it('tries no more once it is stopped', async () => {
    const engine = makeEngine(100)
    let failures = 0
    const loader = new EngineLoader({ onLoaded: unexpected, onFailed: () => (failures += 1) }, 5)
    loader.load([engine])
    await eventually(() => assert.ok(failures > 0))
    loader.stop()
    const { loads } = engine
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.ok(engine.loads <= loads + 1)
  })
})

function unexpected(): never {
  throw new Error('told what did not happen')
}
