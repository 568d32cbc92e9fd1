import { lock } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

const Guard = lock()

/** Many read at a time. */
export async function readPrices<R>(spaces: Spaces, read: () => Promise<R>): Promise<R> {
  const guard = await (await spaces.space('shop')).open('price-list', Guard)
  return await guard.request({ mode: 'shared', timeoutMs: 5_000 }, read)
}

/** One writes, while nobody reads. It waits for its turn, and none that came after it is before it. */
export async function writePrices(
  spaces: Spaces,
  write: (fence: bigint) => Promise<void>,
): Promise<void> {
  const guard = await (await spaces.space('shop')).open('price-list', Guard)
  await guard.request({ timeoutMs: 5_000 }, (held) => write(held.fence))
}
