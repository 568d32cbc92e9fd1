import { vector } from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'

export interface Point {
  readonly x: readonly number[]
  readonly y: 0 | 1
}

export async function gradient(
  space: LocalSpace,
  points: Iterable<Point>,
  weights: readonly number[],
): Promise<Float64Array> {
  const total = await space.open('gradient', vector(weights.length))
  const sum = new Float64Array(weights.length)
  for (const { x, y } of points) {
    const score = x.reduce((total, xi, i) => total + xi * weights[i]!, 0)
    const error = 1 / (1 + Math.exp(-score)) - y
    for (const [i, xi] of x.entries()) sum[i]! += error * xi
  }
  total.add(sum)
  return total.value
}
