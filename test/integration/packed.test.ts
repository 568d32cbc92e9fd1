// What a user gets: the packages as npm would publish them, installed in an empty folder outside
// the repository, running the README's example under plain `node`.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { installedProgram, runCommand } from '#test/tooling/command.ts'
import { copyRepository, repositoryRoot } from '#test/tooling/repository-copy.ts'

/** The environment of a user's shell: nothing of npm's, of ours, or of the test runner's. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_(?!config_(registry|userconfig|cache))|NODE_|TSX_|MOCHA)/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

async function succeed(program: string, args: string[], directory: string): Promise<string> {
  const environment = plainEnvironment()
  const options = { directory, environment, timeoutMs: 200_000 }
  const { code, output } = await runCommand(program, args, options)
  assert.equal(code, 0, `${program} ${args.join(' ')}\n${output}`)
  return output
}

const ours = ['crdt-objects', 'consensus', 'client', 'peer']

describe('the packed packages', () => {
  let user = ''

  before(async () => {
    user = await mkdtemp(join(tmpdir(), 'joinery-packed-'))
    await using copy = await copyRepository()
    // What is published is the same whether types are checked or not, and that they are right `check` tells.
    await succeed(installedProgram('tsc'), ['-b', '--noCheck'], copy.directory)
    const tarballs = join(user, 'tarballs')
    await mkdir(tarballs)
    const folders = ours.map((name) => `./packages/${name}`)
    await succeed('npm', ['pack', ...folders, '--pack-destination', tarballs], copy.directory)

    const files = (await readdir(tarballs)).map((name) => `./tarballs/${name}`)
    await writeFile(join(user, 'package.json'), '{ "private": true }\n')
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    await succeed('npm', ['install', ...files, ...quiet], user)
  })

  after(async () => {
    await rm(user, { recursive: true, force: true })
  })

  it("run the README's example under plain node", async () => {
    const source = await readFile(join(repositoryRoot, 'docs/examples/readme.ts'), 'utf8')
    const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' })
    await writeFile(join(user, 'readme.mjs'), code)
    await succeed(process.execPath, ['readme.mjs'], user)
  })

  it('have types that a strict program compiles against', async () => {
    const source = await readFile(join(repositoryRoot, 'docs/examples/readme.ts'), 'utf8')
    await writeFile(join(user, 'readme.mts'), source)
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
    const environment = ['--lib', 'es2023,esnext.disposable', '--types', 'node', '--skipLibCheck']
    const types = ['--typeRoots', join(installedProgram('tsc'), '../../@types')]
    const args = [...flags, ...environment, ...types, 'readme.mts']
    await succeed(installedProgram('tsc'), args, user)
  })

  for (const program of ['joinery', 'joinery-peer']) {
    it(`install the program ${program}`, async () => {
      await succeed(join(user, 'node_modules/.bin', program), ['--help'], user)
    })
  }

  for (const name of ours) {
    it(`carry the licence: ${name}`, async () => {
      const licence = await readFile(join(user, 'node_modules/@joinery', name, 'LICENSE'), 'utf8')
      assert.match(licence, /Apache License/)
    })
  }
})
