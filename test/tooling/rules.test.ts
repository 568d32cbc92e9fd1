// The rules on imports, purity, length and names hold, and each would notice: for every one a
// violation is planted in a copy (or handed to the linter as text) and must be found.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'
import { runCommand } from './command.ts'
import { findImportViolations, type ImportViolation } from './import-violations.ts'
import { importPlants } from './import-plants.ts'
import { lintPlants, lintAllowed } from './lint-plants.ts'
import { copyRepository, repositoryRoot } from './repository-copy.ts'

const structural = /^(no-restricted-(syntax|globals|properties|imports)|max-lines)$/

/** The linter with these rules alone: the others, and those that need types, take most of its time, and `check` has them. */
const structuralLinter = new ESLint({
  cwd: repositoryRoot,
  overrideConfig: [tseslint.configs.disableTypeChecked],
  ruleFilter: ({ ruleId }) => structural.test(ruleId),
})

describe('rules on imports', () => {
  const planted = new Set(importPlants.map(({ file }) => file))
  let violations: readonly ImportViolation[]

  before(async () => {
    await using copy = await copyRepository()
    for (const { file, text } of importPlants) await copy.plant(file, text)
    violations = await findImportViolations(copy.directory)
  })

  // What the tree itself imports is the same in the copy: one look at all files, which takes seconds, serves for both.
  it('hold in the whole tree', () => {
    assert.deepEqual(
      violations
        .filter(({ from }) => !planted.has(from))
        .map(({ rule, from, to }) => `${rule}: ${from} -> ${to}`),
      [],
    )
  })

  describe('find a planted violation of', () => {
    const ruleNames = new Set<string>()

    before(async () => {
      const { output } = await runCommand(process.execPath, [
        '-p',
        'require("./.dependency-cruiser.cjs").forbidden.map((rule) => rule.name).join()',
      ])
      for (const name of output.trim().split(',')) ruleNames.add(name)
    })

    for (const { rule, file, title } of importPlants) {
      if (rule === undefined) continue
      it(`${rule}: ${title}`, () => {
        const isFound = violations.some((each) => each.rule === rule && each.from === file)
        assert.ok(isFound, `${file} was not found`)
      })
    }

    it('every rule there is', () => {
      const rules = new Set(importPlants.flatMap(({ rule }) => rule ?? []))
      assert.deepEqual([...rules].sort(), [...ruleNames].sort())
    })
  })
})

describe('rules on purity, length and exports', () => {
  // Of tests and docs `check` tells: to parse them all takes as long as the packages do.
  it('hold in all packages', async () => {
    const results = await structuralLinter.lintFiles(['packages'])
    const findings = results.flatMap(({ filePath, messages }) =>
      messages
        .filter(({ ruleId }) => ruleId !== null && structural.test(ruleId))
        .map(({ line, message }) => `${filePath}:${line}: ${message}`),
    )
    assert.deepEqual(findings, [])
  })

  for (const { title, file, text, rule } of lintPlants) {
    it(`find a planted violation: ${title} in ${file}`, async () => {
      const [result] = await structuralLinter.lintText(text, { filePath: file })
      const rules = result?.messages.map(({ ruleId }) => ruleId)
      assert.ok(rules?.includes(rule), `expected ${rule}, got ${JSON.stringify(result?.messages)}`)
    })
  }

  for (const { title, file, text } of lintAllowed) {
    it(`let pass: ${title} in ${file}`, async () => {
      const [result] = await structuralLinter.lintText(text, { filePath: file })
      const rules = result?.messages.filter(({ ruleId }) => structural.test(ruleId ?? ''))
      assert.deepEqual(rules, [])
    })
  }

  it('excuse no file that is gone or short enough', () => {
    const excused = JSON.parse(
      readFileSync(join(import.meta.dirname, 'long-files.json'), 'utf8'),
    ) as Record<string, string>
    for (const [file, reason] of Object.entries(excused)) {
      assert.ok(reason.length > 20, `${file} needs a reason`)
      assert.ok(existsSync(join(repositoryRoot, file)), `${file} is gone`)
      const lines = readFileSync(join(repositoryRoot, file), 'utf8').split('\n').length
      assert.ok(lines > 400, `${file} is short enough now`)
    }
  })
})

describe('rules on names', () => {
  const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.ts$/
  const vague = /^(utils?|helpers?|common|misc|shared)(\.ts)?$/
  const isMisnamed = (path: string) => {
    const parts = path.split('/')
    return !kebabCase.test(parts.at(-1) ?? '') || parts.some((part) => vague.test(part))
  }

  it('hold in the whole tree', async () => {
    const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts']
    const { output } = await runCommand('git', args)
    assert.deepEqual(
      output.split('\n').filter((path) => path !== '' && isMisnamed(path)),
      [],
    )
  })

  for (const path of ['packages/peer/src/VersionVector.ts', 'test/helpers/clock.ts', 'a/util.ts']) {
    it(`find a planted violation: ${path}`, () => assert.ok(isMisnamed(path)))
  }
})
