import assert from 'node:assert/strict'
import { join } from 'node:path'
import { kindTitles } from '#test/suites/type-specs.ts'
import { readMutation, readMutations } from './mutation.ts'
import { copyRepository, repositoryRoot, type RepositoryCopy } from './repository-copy.ts'
import { runTestFiles } from './test-files.ts'

const importsNode = "import assert from 'node:assert/strict'\n"

describe('a mutation', () => {
  it('says who catches it, what it is, and which kinds it breaks', () => {
    const text = `# catches: test/a.test.ts test/b.test.ts
# kind: set
# kind: map of values
# the join forgets a dot

--- a/x.ts
+++ b/x.ts
`
    assert.deepEqual(readMutation('join-forgets.patch', text), {
      file: 'join-forgets.patch',
      name: 'join-forgets',
      description: 'the join forgets a dot',
      catches: ['test/a.test.ts', 'test/b.test.ts'],
      kinds: ['set', 'map of values'],
      seedsMax: undefined,
    })
  })

  it('may say within how many seeds simulations catch it', () => {
    const text = (seeds: string): string => `# catches: t.ts\n# a bug\n# seeds: ${seeds}\n--- a\n`
    assert.equal(readMutation('x.patch', text('200')).seedsMax, 200)
    assert.throws(() => readMutation('x.patch', text('some')), /whole number/)
  })

  it('is refused when it does not say', () => {
    assert.throws(() => readMutation('x.patch', '# a bug\n--- a/x.ts\n'), /catches/)
    assert.throws(() => readMutation('x.patch', '# catches: t.ts\n--- a/x.ts\n'), /what the bug is/)
  })
})

describe('the mutations', () => {
  const mutations = readMutations(join(repositoryRoot, 'test/mutations'))

  it('break every kind of object', () => {
    const broken = new Set(mutations.flatMap(({ kinds }) => kinds))
    assert.deepEqual(
      kindTitles.filter((title) => !broken.has(title)),
      [],
    )
  })

  it('break kinds that there are', () => {
    const titles = new Set(kindTitles)
    for (const { file, kinds } of mutations) {
      assert.deepEqual(
        { file, unknown: kinds.filter((kind) => !titles.has(kind)) },
        { file, unknown: [] },
      )
    }
  })
})

describe('a run of test files in a copy', () => {
  const message = 'Expected values to be strictly equal:'
  let copy: RepositoryCopy

  before(async () => {
    copy = await copyRepository()
  })
  after(async () => {
    await copy[Symbol.asyncDispose]()
  })

  it('reports which test failed, and in which file', async () => {
    await copy.plant('test/passes.test.ts', "it('passes', () => {})\n")
    await copy.plant('test/fails.test.ts', `${importsNode}it('fails', () => assert.equal(1, 2))\n`)
    assert.deepEqual(
      await runTestFiles(copy.directory, ['test/passes.test.ts', 'test/fails.test.ts']),
      { failures: [{ file: 'test/fails.test.ts', title: 'fails', message }] },
    )
  })

  it('ends at the first failing test if that is all that is asked', async () => {
    const failing = ['one', 'two'].map((title) => `it('${title}', () => assert.equal(1, 2))\n`)
    await copy.plant('test/fail.test.ts', `${importsNode}${failing.join('')}`)
    const { failures } = await runTestFiles(copy.directory, ['test/fail.test.ts'], { bail: true })
    assert.deepEqual(failures, [{ file: 'test/fail.test.ts', title: 'one', message }])
  })

  it('does not take a file that fails to load for a failing test', async () => {
    await copy.plant('test/broken.test.ts', "import './gone.ts'\nit('passes', () => {})\n")
    const { failures, problem } = await runTestFiles(copy.directory, ['test/broken.test.ts'])
    assert.deepEqual(failures, [])
    assert.match(problem ?? '', /^did not load: .*gone/)
  })

  it('ends a run that hangs', async () => {
    await copy.plant('test/hangs.test.ts', "it('hangs', () => { for (;;); })\n")
    const run = await runTestFiles(copy.directory, ['test/hangs.test.ts'], { timeoutMs: 4_000 })
    assert.match(run.problem ?? '', /^still running/)
  })

  it("uses the copy's packages, not the originals", async () => {
    await copy.plant('packages/crdt-objects/src/index.ts', 'export const planted = 1\n')
    await copy.plant(
      'test/resolves.test.ts',
      `${importsNode}import * as objects from '@joinery/crdt-objects'
it('resolves', () => assert.deepEqual(Object.keys(objects), ['planted']))\n`,
    )
    assert.deepEqual(await runTestFiles(copy.directory, ['test/resolves.test.ts']), {
      failures: [],
    })
  })
})
