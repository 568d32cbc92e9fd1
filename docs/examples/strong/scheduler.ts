import { election } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

/** Stands by, and runs the scheduler for as long as it leads. */
export async function lead(
  spaces: Spaces,
  run: (leading: AbortSignal, fence: bigint) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const seat = await (await spaces.space('scheduler')).open('leader', election())
  const held = await seat.campaign({ signal: stop })
  try {
    await run(AbortSignal.any([held.lost, stop]), held.fence)
  } finally {
    await held.release()
  }
}
