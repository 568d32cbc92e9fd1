import { type Row } from './figure.ts'

/** How far a benchmark goes: the report, or just far enough to see that it runs. */
export type Size = 'full' | 'tiny'

/** What a benchmark needs of its surroundings. */
export interface Surroundings {
  readonly size: Size
  /** Where `redis-server` is, if it is anywhere. */
  readonly redis: string | undefined
  /** Where `etcd` is, if it is anywhere. */
  readonly etcd: string | undefined
  readonly regimes: readonly Regime[]
}

/** Where processes may run. Latency on one core is a few microseconds, across cores a wake-up: both are true. */
export interface Regime {
  readonly name: string
  /** The core of the process that asks and of the one that answers; undefined where nothing can be pinned. */
  readonly cores: readonly [number | undefined, number | undefined]
}

/** One question, measured. */
export interface Benchmark {
  readonly name: string
  readonly title: string
  /** What exactly is measured, for the report. */
  readonly method: string
  run(surroundings: Surroundings): Promise<Row[]>
}
