/*
 * npm run bench            all of them, written to docs/results/bench.md
 * npm run bench -- NAME    one of them, printed only; with --write to docs/results/bench-NAME.md
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { benchmarks } from './benchmarks.ts'
import { buildPrograms } from './program.ts'
import { renderReport, renderSection, type Section } from './report.ts'
import { lookAround, notMeasured } from './surroundings.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const [name, flag] = process.argv.slice(2)
const chosen = benchmarks.filter((benchmark) => name === undefined || benchmark.name === name)
if (chosen.length === 0) {
  const names = benchmarks.map((benchmark) => benchmark.name).join(', ')
  console.error(`There is no benchmark "${name}". There are: ${names}.`)
  process.exit(2)
}

const compiler = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${root}`))
const build = spawnSync(process.execPath, [compiler, '-b'], { cwd: root, stdio: 'inherit' })
if (build.status !== 0) {
  console.error('The packages do not build: see above. Benchmarks measure what is built.')
  process.exit(1)
}
// As `npm pack` does: start-up times are those of what users get.
await import('../tooling/bundle-built.ts')
await buildPrograms('built')

const surroundings = lookAround()
const missing = notMeasured(surroundings)
console.log(
  missing.length === 0 ? 'not measured: nothing\n' : `not measured: ${missing.join('; ')}\n`,
)
const sections: Section[] = []
for (const benchmark of chosen) {
  const section = { benchmark, rows: await benchmark.run(surroundings) }
  sections.push(section)
  console.log(renderSection(section))
}
if (name === undefined || flag === '--write') {
  const file = name === undefined ? 'bench.md' : `bench-${name}.md`
  const report = new URL(`../../docs/results/${file}`, import.meta.url)
  mkdirSync(new URL('./', report), { recursive: true })
  writeFileSync(report, renderReport(missing, sections))
  console.log(`Written to ${fileURLToPath(report).slice(root.length)}.`)
}
