/* `npm run conformance -- DIRECTORY`: replays every script below a directory, and fails if any prints something else. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replay } from './replay.ts'

const [directory] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: npm run conformance -- DIRECTORY')
  process.exit(2)
}

const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.txt'))
  .sort()
let failed = 0
for (const file of files) {
  const { passed, total, difference } = replay(readFileSync(join(directory, file), 'utf8'))
  console.log(`${passed === total ? 'ok  ' : 'FAIL'} ${file} ${passed}/${total}`)
  if (difference === undefined) continue
  failed++
  const { step, actual } = difference
  console.log(`line ${step.line}: ${step.command}\n--- expected\n${step.expected}`)
  console.log(`--- actual\n${actual}`)
}
console.log(`${files.length - failed}/${files.length} files`)
// A folder without scripts proves nothing.
process.exitCode = failed > 0 || files.length === 0 ? 1 : 0
