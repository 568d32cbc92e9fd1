/** A pair of what is chosen and what is found. */
export type Point = readonly [x: number, y: number]

/** The straight line that misses the points least, by least squares. */
export function fitLine(points: readonly Point[]): {
  readonly base: number
  readonly slope: number
} {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  const along = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const across = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = along / across
  return { base: meanY - slope * meanX, slope }
}

/** The power with which y grows: y = c x^power, by least squares of logarithms. */
export function fitPower(points: readonly Point[]): number {
  return fitLine(points.map(([x, y]) => [Math.log(x), Math.log(y)])).slope
}
