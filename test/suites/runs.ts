import fastCheck from 'fast-check'

/** How often a costly property is tried: so much less often than others. */
export function runsBy(divisor: number): { readonly numRuns: number } {
  return { numRuns: Math.ceil((fastCheck.readConfigureGlobal().numRuns ?? 100) / divisor) }
}
