import { barrier } from '@joinery/consensus'
import { counter, isJoineryError, map, type Spaces } from '@joinery/crdt-objects'

const Sums = map(counter())

/** Adds in rounds: nobody begins a round before everybody's amounts of the last one are there. */
export async function addInRounds(
  spaces: Spaces,
  parties: number,
  amounts: readonly number[],
): Promise<number[]> {
  const space = await spaces.space('rounds')
  const sums = await space.open('sums', Sums)
  const turn = await space.open('turn', barrier(parties))
  const totals: number[] = []
  for (const [round, amount] of amounts.entries()) {
    await sums.at(`${round}`).add(amount)
    try {
      await turn.wait({ timeoutMs: 60_000 })
    } catch (error) {
      // Another party is gone: no sum of this round would be right.
      if (isJoineryError(error, 'BARRIER_BROKEN')) return totals
      throw error
    }
    totals.push(await sums.at(`${round}`).read())
  }
  return totals
}
