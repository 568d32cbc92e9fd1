import { type Benchmark } from './benchmark.ts'
import { embedded } from './embedded.ts'
import { footprint } from './footprint.ts'
import { gateway } from './gateway.ts'
import { objects } from './objects.ts'
import { replication } from './replication.ts'
import { strong } from './strong.ts'

/** In the order of the report. */
export const benchmarks: readonly Benchmark[] = [
  embedded,
  objects,
  replication,
  gateway,
  strong,
  footprint,
]
