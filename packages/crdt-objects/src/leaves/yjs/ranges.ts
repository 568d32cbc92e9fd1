/** Ranges of clocks: start and length by turns. */
export type Ranges = number[]

/** Adds a range of a client's clocks. */
export function addRange(
  ranges: Map<number, Ranges>,
  client: number,
  clock: number,
  length: number,
): void {
  const known = ranges.get(client)
  if (known === undefined) ranges.set(client, [clock, length])
  else known.push(clock, length)
}

/** Sorted, with those that touch as one. */
export function mergeRanges(ranges: Ranges): Ranges {
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0])
  if (pairs.length > 1) pairs.sort(([a], [b]) => a - b)
  const merged: Ranges = []
  for (const [clock, length] of pairs) {
    const start = merged.at(-2)
    const before = merged.at(-1)
    if (start !== undefined && before !== undefined && start + before >= clock) {
      merged[merged.length - 1] = Math.max(before, clock + length - start)
    } else {
      merged.push(clock, length)
    }
  }
  return merged
}
