import { strict as assert } from 'node:assert'
import { simulate } from './simulation.ts'
import { loadObjects } from './workload.ts'

const seeds = 200

describe('replicas over a network that drops, repeats, reorders, cuts and parts', function () {
  this.timeout(120_000)
  before(loadObjects)

  for (let first = 1; first <= seeds; first += 25) {
    const last = first + 24
    it(`converge to what the oracle says: 5 replicas, seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) simulate({ seed, peers: 5 })
    })
  }

  it('fetch what a gap shows to be missing, with no periodic digest to find it', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { asks } = simulate({
        seed,
        peers: 5,
        incidents: false,
        lastWords: true,
        weather: { dropped: 0.3, repeated: 0.1, late: 0.1, cut: 0 },
        limits: { digestTicks: 2 ** 30 },
      })
      assert(asks > 0, 'gaps are asked for')
    }
  })

  it('converge when gossip brings nothing at all', () => {
    for (let seed = 1; seed <= 10; seed++) {
      simulate({ seed, peers: 5, weather: { dropped: 1, repeated: 0, late: 0, cut: 0 } })
    }
  })

  it('converge at 24 replicas too', () => {
    simulate({ seed: 1, peers: 24, chaosMs: 5_000 })
  })

  it('do the same for the same seed', () => {
    assert.deepEqual(simulate({ seed: 7, peers: 5 }), simulate({ seed: 7, peers: 5 }))
  })
})
