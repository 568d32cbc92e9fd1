import { accessSync, constants } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Regime, type Size, type Surroundings } from './benchmark.ts'

/** What this machine offers. */
export function lookAround(size: Size = 'full'): Surroundings {
  return { size, redis: findProgram('redis-server'), regimes: regimes() }
}

function regimes(): Regime[] {
  if (findProgram('taskset') === undefined) {
    return [{ name: 'not pinned', cores: [undefined, undefined] }]
  }
  const one: Regime = { name: 'one core', cores: [0, 0] }
  return availableParallelism() < 2 ? [one] : [one, { name: 'two cores', cores: [0, 1] }]
}

/** What could not be measured here, with its reason. */
export function notMeasured({ redis, regimes }: Surroundings): string[] {
  const missing: string[] = []
  if (redis === undefined) missing.push('anything against Redis: redis-server is not installed')
  if (regimes.some(({ cores }) => cores[0] === undefined)) {
    missing.push('the pinned regimes: taskset is not installed')
  } else if (regimes.length < 2) missing.push('two cores: this machine has one')
  return missing
}

function findProgram(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not here.
    }
  }
  return undefined
}
