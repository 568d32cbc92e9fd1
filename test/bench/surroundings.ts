import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Regime, type Size, type Surroundings } from './benchmark.ts'

/** What this machine offers. */
export function lookAround(size: Size = 'full'): Surroundings {
  return { size, redis: findProgram('redis-server'), etcd: findProgram('etcd'), regimes: regimes() }
}

function regimes(): Regime[] {
  if (findProgram('taskset') === undefined) {
    return [{ name: 'not pinned', cores: [undefined, undefined] }]
  }
  const [first = 0, second] = allowedCores()
  const one: Regime = { name: 'one core', cores: [first, first] }
  return second === undefined ? [one] : [one, { name: 'two cores', cores: [first, second] }]
}

/** The cores that this process may run on: a container may have been given others than 0 and 1. */
function allowedCores(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8')
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0'
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, offset) => from + offset)
  })
}

/** What could not be measured here, with its reason. */
export function notMeasured({ redis, etcd, regimes }: Surroundings): string[] {
  const missing: string[] = []
  if (redis === undefined) missing.push('anything against Redis: redis-server is not installed')
  if (etcd === undefined) missing.push('anything against etcd: etcd-server is not installed')
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
