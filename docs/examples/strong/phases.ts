import { barrier } from '@joinery/consensus'
import { isJoineryError, map, type Spaces } from '@joinery/crdt-objects'

const Parts = map<number>()

/** Each of several functions gives its part; each gets the total, which is the same for all. */
export async function total(
  spaces: Spaces,
  functions: number,
  number: number,
  part: number,
): Promise<number> {
  const space = await spaces.space('phases')
  const parts = await space.open('parts', Parts) // eventual: a local write
  const all = await space.open('all are here', barrier(functions))
  await parts.set(`${number}`, part)
  for (;;) {
    try {
      await all.wait({ timeoutMs: 30_000 })
      break
    } catch (error) {
      // Somebody gave up or died. Whoever takes its place meets us in the next attempt.
      if (!isJoineryError(error, 'BARRIER_BROKEN')) throw error
    }
  }
  // Everybody's part is visible here, though the map is eventual.
  return [...(await parts.read()).values()].reduce((sum, each) => sum + each, 0)
}
