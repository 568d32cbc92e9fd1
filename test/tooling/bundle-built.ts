// Turns the built object library into few files: docs/decisions/0006-platform-text.md says what each file costs at
// start. `npm pack` runs it; the next `tsc -b` undoes it.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { repositoryRoot } from './repository-copy.ts'

const dist = join(repositoryRoot, 'packages/crdt-objects/dist')
const modules = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /\.js(\.map)?$/.test(path),
)
const { outputFiles } = await build({
  entryPoints: [join(dist, 'index.js'), join(dist, 'engine.js')],
  outdir: dist,
  chunkNames: 'shared-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  packages: 'external',
  sourcemap: 'linked',
  sourcesContent: false,
  allowOverwrite: true,
  write: false,
  logLevel: 'warning',
})
for (const path of modules) rmSync(join(dist, path))
for (const { path, contents } of outputFiles) writeFileSync(path, contents)
// The compiler would believe that its own files are still there.
rmSync(join(dist, '.tsbuildinfo'), { force: true })
