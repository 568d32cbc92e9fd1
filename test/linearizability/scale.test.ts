import assert from 'node:assert/strict'
import type { Operation } from './history.ts'
import { counterModel } from './models/counter.ts'
import { searchLinearization } from './search.ts'
import { checkWitness } from './witness.ts'

/** Clients that are always busy, each adding one: client `n` of round `r` is at place `r * clients + n`. */
function additions(count: number, clients: number): Operation[] {
  return Array.from({ length: count }, (_, n): Operation => {
    const round = Math.floor(n / clients)
    return {
      client: n % clients,
      object: 'counter',
      operation: 'addAndGet',
      arguments: [1],
      kind: 'ok',
      result: n + 1,
      index: n + 1,
      invokedAt: round * 10 + (n % 7),
      returnedAt: round * 10 + 9,
    }
  }).sort((a, b) => a.returnedAt! - b.returnedAt! || ((a.client * 7) % 11) - ((b.client * 7) % 11))
}

describe('The checks of linearizability at scale', () => {
  it('judge 300,000 operations of 256 clients by witness, and find the one that is stale', () => {
    const history = additions(300_000, 256)
    assert.deepEqual(
      checkWitness(history, () => counterModel()),
      { kind: 'ok', operations: 300_000 },
    )
    history[70_000] = { ...history[70_000]!, result: 3 }
    assert.equal(checkWitness(history, () => counterModel()).kind, 'violation')
  })

  it('search 2,000 operations of ten clients within the steps', () => {
    const history = additions(2000, 10)
    assert.equal(searchLinearization(history, () => counterModel()).kind, 'ok')
  })
})
