import { latch } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

/** Every worker says that it is ready; the one that measures waits for all of them. */
export async function ready(spaces: Spaces, workers: number): Promise<void> {
  const all = await (await spaces.space('measurement')).open('ready', latch(workers))
  await all.countDown()
}

export async function whenReady<R>(
  spaces: Spaces,
  workers: number,
  measure: () => Promise<R>,
): Promise<R> {
  const all = await (await spaces.space('measurement')).open('ready', latch(workers))
  await all.wait({ timeoutMs: 30_000 })
  return await measure()
}
