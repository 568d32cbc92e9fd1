import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replay } from '#test/conformance/replay.ts'

const directory = join(import.meta.dirname, 'scripts')

/** REWRITE=1 takes what is printed now for what is expected: look at the diff before you believe it. */
const isRewriting = process.env['REWRITE'] === '1'

describe('scripts of Raft groups', () => {
  const files = readdirSync(directory).filter((file) => file.endsWith('.txt'))
  for (const file of files.sort()) {
    it(`${file.replace('.txt', '').replaceAll('-', ' ')}, step by step`, () => {
      const path = join(directory, file)
      const text = readFileSync(path, 'utf8')
      const { difference, rewritten, total } = replay(text)
      if (isRewriting) {
        writeFileSync(path, rewritten)
      } else if (difference !== undefined) {
        const { step, actual } = difference
        assert.equal(actual, step.expected, `${file}:${step.line}: ${step.command}`)
      }
      assert.ok(total > 0)
    })
  }
})
