import { future, queue } from '@joinery/consensus'
import { map, type Spaces } from '@joinery/crdt-objects'

type Counts = ReadonlyMap<number, number>

const Work = queue<{ from: number; to: number }>({ attemptsMax: 3 })
const Parts = map<Counts>()
const Result = future<Counts>()
/** The job and all that is in it goes when nobody has been in it for a minute. */
const lifetime = { leaseMs: 60_000 }

/** Puts the parts of the job, and waits for whoever finishes it. */
export async function coordinator(spaces: Spaces): Promise<Counts> {
  const job = await spaces.space('flights', { lifetime })
  const work = await job.open('work', Work)
  await work.putAll(Array.from({ length: 20 }, (_, i) => ({ from: i * 100, to: (i + 1) * 100 })))
  await work.close()
  return await (await job.open('result', Result)).wait({ timeoutMs: 120_000 })
}

/** Does parts as long as there are any. A part whose worker dies is another's. */
export async function worker(spaces: Spaces, hourOf: (row: number) => number): Promise<void> {
  const job = await spaces.space('flights', { lifetime })
  const [work, parts, result] = await Promise.all([
    job.open('work', Work),
    job.open('parts', Parts),
    job.open('result', Result),
  ])
  for await (const delivery of work.deliveries({ leaseMs: 10_000 })) {
    const counts = new Map<number, number>()
    for (let row = delivery.item.from; row < delivery.item.to; row++) {
      counts.set(hourOf(row), (counts.get(hourOf(row)) ?? 0) + 1)
    }
    await parts.set(delivery.id, counts) // a second attempt writes the same entry
    await delivery.complete() // carries what was written before it
  }
  // The queue is closed and every part completed: all of them are here.
  await result.resolve(total((await parts.read()).values())) // the first to resolve wins
}

function total(parts: Iterable<Counts>): Counts {
  const sums = new Map<number, number>()
  for (const part of parts) {
    for (const [hour, count] of part) sums.set(hour, (sums.get(hour) ?? 0) + count)
  }
  return sums
}
