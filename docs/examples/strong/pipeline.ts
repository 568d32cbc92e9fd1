import { future, latch, queue } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

const Numbers = queue<number>({ capacity: 4 })
const Sum = future<number>()

/** Puts numbers, no more than four ahead of who takes them. */
export async function source(spaces: Spaces, numbers: Iterable<number>): Promise<void> {
  const space = await spaces.space('pipeline')
  const raw = await space.open('raw', Numbers)
  for (const number of numbers) await raw.put(number)
  await raw.close()
}

/** Squares what it gets, until nothing comes any more. Gives how many it was. */
export async function squarer(spaces: Spaces, squarers: number): Promise<number> {
  const space = await spaces.space('pipeline')
  const raw = await space.open('raw', Numbers)
  const squared = await space.open('squared', Numbers)
  const ended = await space.open('ended', latch(squarers))
  let count = 0
  for await (const delivery of raw.deliveries()) {
    await squared.put(delivery.item ** 2)
    await delivery.complete()
    count++
  }
  await ended.countDown()
  await ended.wait()
  await squared.close() // again, it does nothing
  return count
}

/** Adds what arrives, and publishes the sum. */
export async function sink(spaces: Spaces): Promise<void> {
  const space = await spaces.space('pipeline')
  const squared = await space.open('squared', Numbers)
  let sum = 0
  for await (const delivery of squared.deliveries()) {
    sum += delivery.item
    await delivery.complete()
  }
  await (await space.open('sum', Sum)).resolve(sum)
}

export async function sumOfSquares(spaces: Spaces): Promise<number> {
  const space = await spaces.space('pipeline')
  return await (await space.open('sum', Sum)).wait({ timeoutMs: 60_000 })
}
