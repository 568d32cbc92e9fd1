import { barrier } from '@joinery/consensus'
import { map, vector } from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'

export type Point = readonly [x: number, y: number]

/** One for each round and cluster: the sum of x, that of y, and how many points. */
const Sums = map(vector(3))

/** Finds the centres of clusters of points, of which each worker has its own. Moves `centres`. */
export async function kMeans(
  space: LocalSpace,
  points: readonly Point[],
  workers: number,
  centres: Point[],
  rounds: number,
): Promise<void> {
  const sums = await space.open('sums', Sums)
  const turn = await space.open('turn', barrier(workers))
  for (let round = 0; round < rounds; round++) {
    const mine = centres.map((): [number, number, number] => [0, 0, 0])
    for (const [x, y] of points) {
      const sum = mine[nearest(centres, x, y)]!
      sum[0] += x
      sum[1] += y
      sum[2] += 1
    }
    for (const [cluster, sum] of mine.entries()) sums.at(`${round}/${cluster}`).add(sum)
    await turn.wait({ timeoutMs: 60_000 }) // what the others added before is visible after
    for (const cluster of centres.keys()) {
      const [x = 0, y = 0, count = 0] = sums.at(`${round}/${cluster}`).value
      if (count > 0) centres[cluster] = [x / count, y / count]
    }
  }
}

function nearest(centres: readonly Point[], x: number, y: number): number {
  const distances = centres.map(([cx, cy]) => (cx - x) ** 2 + (cy - y) ** 2)
  return distances.indexOf(Math.min(...distances))
}
