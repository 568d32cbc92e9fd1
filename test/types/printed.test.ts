// The types of handles as an editor shows them: they must stay readable. After a wanted change, `REWRITE=1 npx mocha
// test/types/printed.test.ts` writes what is shown now.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { repositoryRoot } from '#test/tooling/repository-copy.ts'

const directory = join(repositoryRoot, 'test/types/printed')
const expectedFile = join(directory, 'handles.txt')
/** An editor's tooltip has about as much room. */
const lengthMax = 320

function printedTypes(file: string): string[] {
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
    },
  }
  const config = ts.getParsedCommandLineOfConfigFile(
    join(repositoryRoot, 'test/tsconfig.json'),
    {},
    host,
  )
  assert.ok(config !== undefined)
  const program = ts.createProgram([file], { ...config.options, noEmit: true })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  assert.ok(source !== undefined)
  const module = checker.getSymbolAtLocation(source)
  assert.ok(module !== undefined)
  return checker.getExportsOfModule(module).map((symbol) => {
    const type = checker.getTypeOfSymbolAtLocation(symbol, source)
    return `${symbol.name}: ${checker.typeToString(type, source)}`
  })
}

describe('the printed types of handles', () => {
  it('are those that were agreed, and short', () => {
    const lines = printedTypes(join(directory, 'handles.ts'))
    const text = `${lines.join('\n')}\n`
    if (process.env['REWRITE'] === '1') writeFileSync(expectedFile, text)
    assert.equal(text, readFileSync(expectedFile, 'utf8'))
    assert.ok(lines.length >= 10)
    for (const line of lines) assert.ok(line.length <= lengthMax, line)
  })
})
