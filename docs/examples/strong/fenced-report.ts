import { lock } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

/** A store outside of Joinery. It refuses who holds the lock no more, though he may not know it yet. */
export class ReportStore {
  text = ''
  #fence = 0n

  write(text: string, fence: bigint): void {
    if (fence < this.#fence) throw new Error(`fence ${fence} is of a former holder`)
    this.#fence = fence
    this.text = text
  }
}

/** Writes the report while nobody else does. */
export async function writeReport(
  spaces: Spaces,
  store: ReportStore,
  make: (lost: AbortSignal) => Promise<string>,
): Promise<void> {
  const guard = await (await spaces.space('reports')).open('writer', lock())
  await guard.request({ timeoutMs: 5_000 }, async (held) => {
    const text = await make(held.lost) // ends early when the lock is lost
    store.write(text, held.fence)
  })
}
