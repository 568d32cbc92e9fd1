// Loaded before every test: properties draw from one seed, the same in every run unless asked.
import './quick-assert.ts'
import fastCheck from 'fast-check'

/** The seed of everything random in the tests: SEED in the environment, or a fixed one. */
export const seed = readInteger('SEED', 20_250_101)

/** How much longer than usual a property is tried: LAW_SCALE in the environment, or once. */
export const lawScale = readInteger('LAW_SCALE', 1)

/** SHRINK=0: that a property fails is enough, and its smallest counterexample, which takes minutes, is not asked for. */
const endOnFailure = process.env['SHRINK'] === '0'

fastCheck.configureGlobal({ seed, numRuns: 100 * lawScale, endOnFailure })

function readInteger(name: string, fallback: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be an integer, got "${text}"`)
  return value
}
