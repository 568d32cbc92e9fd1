import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is in use after a collection, in bytes: on the heap, in buffers, or, where an engine keeps it elsewhere, at all. */
export function usedBytes(where: 'heap' | 'process' = 'heap'): number {
  // What one collection makes unreachable, the next one takes.
  for (let rounds = 0; rounds < 3; rounds++) collect()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return where === 'process' ? rss : heapUsed + arrayBuffers
}
