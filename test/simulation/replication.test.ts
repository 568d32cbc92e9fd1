import { strict as assert } from 'node:assert'
import { simulate } from './simulation.ts'
import { loadObjects } from './workload.ts'

const seeds = 100

describe('replicas over a network that drops, repeats, reorders, cuts and parts', () => {
  before(loadObjects)

  const happened = { lost: 0, words: 0, fenced: 0, reissued: 0, alone: 0, seals: 0, snapshots: 0 }
  const kinds = Object.keys(happened) as (keyof typeof happened)[]

  for (let first = 1; first <= seeds; first += 25) {
    const last = first + 24
    it(`converge to what the oracle says: 5 replicas, seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) {
        const report = simulate({ seed, peers: 5 })
        for (const kind of kinds) happened[kind] += report[kind]
      }
    })
  }

  it('did so through all that befalls lives', () => {
    for (const kind of kinds) assert.ok(happened[kind] > 0, kind)
  })

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
      assert.ok(asks > 0, 'gaps are asked for')
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
