import { semaphore } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

/** At most four renderings at a time, whatever the number of functions. */
export async function render<R>(spaces: Spaces, work: () => Promise<R>): Promise<R> {
  const licences = await (await spaces.space('studio')).open('licences', semaphore(4))
  return await licences.request(work)
}
