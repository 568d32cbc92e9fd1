export interface Point {
  readonly x: readonly number[]
  readonly y: 0 | 1
}

export function gradient(points: Iterable<Point>, weights: readonly number[]): Float64Array {
  const sum = new Float64Array(weights.length)
  for (const { x, y } of points) {
    const score = x.reduce((total, xi, i) => total + xi * weights[i]!, 0)
    const error = 1 / (1 + Math.exp(-score)) - y
    for (const [i, xi] of x.entries()) sum[i]! += error * xi
  }
  return sum
}
