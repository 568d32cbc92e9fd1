import { barrier } from '@joinery/consensus'
import { map, type Spaces } from '@joinery/crdt-objects'

const Temperatures = map<number>()

/** Heat on a ring, one function for each cell: in every round a cell takes from its neighbours, and gives to them. */
export async function conduct(
  spaces: Spaces,
  cell: number,
  cells: number,
  start: number,
  rounds: number,
): Promise<number> {
  const space = await spaces.space('ring')
  const temperatures = await space.open('temperatures', Temperatures)
  const turn = await space.open('turn', barrier(cells))
  const [left, right] = [(cell + cells - 1) % cells, (cell + 1) % cells]
  let own = start
  for (let round = 0; round < rounds; round++) {
    // Of this round and the last: who is late by one still finds what it needs.
    await temperatures.set(`${round % 2}/${cell}`, own)
    await turn.wait({ timeoutMs: 60_000 })
    const a = (await temperatures.get(`${round % 2}/${left}`)) ?? NaN
    const b = (await temperatures.get(`${round % 2}/${right}`)) ?? NaN
    own = own / 2 + (a + b) / 4
  }
  return own
}
