/** One line of the report. */
export interface Row {
  readonly subject: string
  /** What the processes were pinned to. */
  readonly regime: string
  readonly ours: string
  /** What it is held against, by name, or nothing. */
  readonly against?: string
  /** Ours divided by the other. */
  readonly ratio?: number
  /** What the goal is about, where that is not the ratio. */
  readonly measured?: number
  readonly goal?: Goal
}

/** What is asked of a ratio, or of a figure. */
export interface Goal {
  readonly atLeast?: number
  readonly atMost?: number
  /** Of a figure; a ratio has none. */
  readonly unit?: string
}

/** The middle one. */
export function median(numbers: readonly number[]): number {
  return percentile(numbers, 50)
}

/** The number that `percent` percent of all do not exceed. */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const rank = Math.ceil((percent / 100) * sorted.length) - 1
  return sorted[Math.max(0, rank)] ?? NaN
}

/** Operations a second, in words. */
export function rateText(perSecond: number): string {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toPrecision(3)} M/s`
  if (perSecond >= 1e3) return `${(perSecond / 1e3).toPrecision(3)} k/s`
  return `${perSecond.toFixed(0)} /s`
}

/** A time in words. */
export function timeText(microseconds: number): string {
  if (microseconds >= 10_000) return `${(microseconds / 1000).toFixed(0)} ms`
  if (microseconds >= 1000) return `${(microseconds / 1000).toPrecision(3)} ms`
  return `${microseconds.toPrecision(3)} us`
}

/** A size in words. */
export function sizeText(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toPrecision(3)} MB`
  if (bytes >= 10_000) return `${(bytes / 1000).toPrecision(3)} kB`
  return `${bytes.toFixed(0)} B`
}

/** Half of the samples are below the first time, all but one of a hundred below the second. */
export function spreadText(samplesUs: readonly number[]): string {
  return `p50 ${timeText(median(samplesUs))}, p99 ${timeText(percentile(samplesUs, 99))}`
}

/** Whether it is as asked. */
export function isMet(figure: number, { atLeast, atMost }: Goal): boolean {
  return figure >= (atLeast ?? -Infinity) && figure <= (atMost ?? Infinity)
}
