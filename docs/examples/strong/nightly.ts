import { lock } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

/** Writes the report, unless another function is at it. */
export async function nightly(
  spaces: Spaces,
  writeReport: (write: { fence: bigint; signal: AbortSignal }) => Promise<void>,
): Promise<boolean> {
  const space = await spaces.space('cron', { lifetime: 'keep' })
  const once = await space.open('nightly-report', lock())
  const held = await once.tryAcquire({ leaseMs: 30_000 })
  if (held === undefined) return false
  try {
    await writeReport({ fence: held.fence, signal: held.lost })
  } finally {
    await held.release()
  }
  return true
}
