import { lock, semaphore } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

const Fork = lock()

/** Where a philosopher sits, among how many. */
export interface Seat {
  readonly seat: number
  readonly seats: number
}

/** Whoever holds a fork takes only forks of greater number besides: nobody waits in a circle. */
export async function dineInOrder(
  spaces: Spaces,
  { seat, seats }: Seat,
  meals: number,
  eat: () => Promise<void>,
): Promise<void> {
  const table = await spaces.space('table')
  const numbers = [seat, (seat + 1) % seats].sort((a, b) => a - b)
  const [first, second] = await Promise.all(numbers.map((n) => table.open(`fork ${n}`, Fork)))
  for (let meal = 0; meal < meals; meal++) {
    await first!.request(() => second!.request(eat))
  }
}

/** One seat is always empty, so somebody can eat: then the order of forks does not matter. */
export async function dineByInvitation(
  spaces: Spaces,
  { seat, seats }: Seat,
  meals: number,
  eat: () => Promise<void>,
): Promise<void> {
  const table = await spaces.space('table')
  const [left, right, invited] = await Promise.all([
    table.open(`fork ${seat}`, Fork),
    table.open(`fork ${(seat + 1) % seats}`, Fork),
    table.open('invited', semaphore(seats - 1)),
  ])
  for (let meal = 0; meal < meals; meal++) {
    await invited.request(() => left.request(() => right.request(eat)))
  }
}
