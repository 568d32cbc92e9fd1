import { installedProgram, runCommand } from './command.ts'

/** One import that the rules of `.dependency-cruiser.cjs` forbid. */
export interface ImportViolation {
  readonly rule: string
  readonly from: string
  readonly to: string
}

interface CruiseReport {
  readonly summary: {
    readonly violations: readonly {
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string }
    }[]
  }
}

/** Cruises the tree at `directory` by its own rules. */
export async function findImportViolations(directory: string): Promise<ImportViolation[]> {
  const { output } = await runCommand(
    installedProgram('depcruise'),
    ['packages', 'test', 'docs', '--output-type', 'json'],
    { directory },
  )
  const report = JSON.parse(output) as CruiseReport
  return report.summary.violations.map(({ from, to, rule }) => ({ from, to, rule: rule.name }))
}
