import { queue } from '@joinery/consensus'
import { map, type Spaces } from '@joinery/crdt-objects'

const Pictures = queue<string>({ attemptsMax: 3 })
const Thumbnails = map<string>()

/** Adds pictures to those that are to be made small, and says that no more will come. */
export async function order(spaces: Spaces, pictures: Iterable<string>): Promise<void> {
  const pending = await (await spaces.space('gallery')).open('pending', Pictures)
  await pending.putAll(pictures)
  await pending.close()
}

/** Makes pictures small, as long as there are any. */
export async function work(
  spaces: Spaces,
  shrink: (picture: string) => Promise<string>,
): Promise<void> {
  const space = await spaces.space('gallery')
  const pending = await space.open('pending', Pictures)
  const thumbnails = await space.open('thumbnails', Thumbnails)
  for await (const delivery of pending.deliveries({ leaseMs: 30_000 })) {
    try {
      await thumbnails.set(delivery.item, await shrink(delivery.item)) // twice is as good as once
      await delivery.complete()
    } catch {
      await delivery.release({ delayMs: 100 }) // a later attempt, by whoever asks
    }
  }
}

/** What three attempts could not do. */
export async function failed(spaces: Spaces): Promise<readonly string[]> {
  const pending = await (await spaces.space('gallery')).open('pending', Pictures)
  return (await pending.dead()).map(({ item }) => item)
}
