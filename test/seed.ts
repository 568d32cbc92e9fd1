// Loaded before every test: properties draw from one seed, the same in every run unless asked.
import fastCheck from 'fast-check'

/** The seed of everything random in the tests: SEED in the environment, or a fixed one. */
export const seed = readInteger('SEED', 20_250_101)

/** How much longer than usual a property is tried: LAW_SCALE in the environment, or once. */
export const lawScale = readInteger('LAW_SCALE', 1)

fastCheck.configureGlobal({ seed, numRuns: 100 * lawScale })

function readInteger(name: string, fallback: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be an integer, got "${text}"`)
  return value
}
