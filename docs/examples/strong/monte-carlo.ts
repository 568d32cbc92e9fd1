import { latch } from '@joinery/consensus'
import { counter, type Spaces } from '@joinery/crdt-objects'

const Hits = counter()
const dartsAtOnce = 1_000

/** Throws darts at a square together with others, and gives pi as all of them have found it. */
export async function estimatePi(
  spaces: Spaces,
  functions: number,
  darts: number,
  random: () => number,
): Promise<number> {
  const space = await spaces.space('monte-carlo')
  const hits = await space.open('hits', Hits, { mode: 'linearizable' })
  const ready = await space.open('ready', latch(functions))
  for (let thrown = 0; thrown < darts; thrown += dartsAtOnce) {
    let within = 0
    for (let i = 0; i < dartsAtOnce; i++) if (random() ** 2 + random() ** 2 <= 1) within++
    await hits.addAndGet(within)
  }
  await ready.countDown()
  await ready.wait({ timeoutMs: 60_000 })
  return (4 * (await hits.read())) / (functions * darts)
}
