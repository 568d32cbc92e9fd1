import { nowNs } from './parent.ts'

/** So many calls, so many of them at a time. */
export interface LoadSize {
  readonly count: number
  readonly inFlight: number
}

/** Calls of one verb. */
export interface Load extends LoadSize {
  readonly verb: 'add' | 'set' | 'get'
}

/** How fast it went. */
export interface LoadResult {
  readonly perSecond: number
  /** Of each call; of a part of them when many are in flight. */
  readonly samplesUs: readonly number[]
}

/** Keeps `inFlight` calls under way until `count` are answered. */
export async function runLoad(
  { count, inFlight }: LoadSize,
  call: (number: number) => Promise<unknown>,
): Promise<LoadResult> {
  const samplesUs: number[] = []
  let next = 0
  const keepCalling = async (): Promise<void> => {
    while (next < count) {
      const number = next++
      const startNs = nowNs()
      await call(number)
      if (inFlight === 1 || number % 16 === 0) samplesUs.push((nowNs() - startNs) / 1000)
    }
  }
  const startNs = nowNs()
  await Promise.all(Array.from({ length: inFlight }, keepCalling))
  return { perSecond: (count * 1e9) / (nowNs() - startNs), samplesUs }
}
