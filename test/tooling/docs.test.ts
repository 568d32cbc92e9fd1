import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { errorCodes, fencedExamples, headings } from './documents.ts'
import { repositoryRoot } from './repository-copy.ts'

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')

/** Files that are in the tree, or about to be. */
async function listFiles(...patterns: string[]): Promise<string[]> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns]
  const { output } = await runCommand('git', args)
  return output.split('\n').filter((path) => path !== '')
}

const trimmed = (text: string) => text.replace(/[ \t]+$/gm, '').trimEnd()

describe('docs', () => {
  it('show examples as they are in the files that are compiled and run', async () => {
    for (const document of await listFiles('README.md', 'docs/**/*.md', 'packages/*/README.md')) {
      for (const { file, text } of fencedExamples(read(document))) {
        assert.equal(trimmed(text), trimmed(read(file)), `${document} differs from ${file}`)
      }
    }
  })

  it('have one heading for every error code, and none besides', async () => {
    const sources = await listFiles('packages/*/src/errors.ts', 'packages/*/src/**/errors.ts')
    const codes = sources.flatMap((source) => errorCodes(read(source)))
    assert.deepEqual(headings(read('docs/errors.md')).sort(), codes.sort())
  })
})

describe('the comparison of docs', () => {
  const example = ['```ts file=docs/a.ts', 'f()', '```', '```ts', '// docs/b.ts', 'g()', '```']

  it('finds the file that an example names, in the info string or the first line', () => {
    assert.deepEqual(fencedExamples(example.join('\n')), [
      { file: 'docs/a.ts', text: 'f()' },
      { file: 'docs/b.ts', text: 'g()' },
    ])
  })

  it('finds every code that a package declares, and only those', () => {
    const source = `
      /** A: comment with { a brace. */
      export interface ErrorDetails {
        /** B_C: no code. */
        ONE: { readonly inner: { NOT: string } }
        TWO_HALVES: { readonly outcome: Outcome }
      }
      export interface Other { THREE: string }`
    assert.deepEqual(errorCodes(source), ['ONE', 'TWO_HALVES'])
  })

  it('finds headings of the second level', () => {
    assert.deepEqual(headings('# Errors\n## ONE\ntext\n## `TWO`\n### Three\n'), ['ONE', 'TWO'])
  })
})
