import { loadEngines } from '#crdt-objects/engine.ts'
import { list, text } from '#crdt-objects/index.ts'
import { Random } from '#test/simulation/random.ts'
import { lawScale, seed } from '#test/seed.ts'
import { Trimming } from '#test/suites/trimming.ts'
import { listHands, textHands } from './trim-hands.ts'

const parts = 4 * lawScale
const runsEach = 25
const steps = 300

describe('trimmed', () => {
  before(() => loadEngines(text().kind, list().kind))

  const cases = [
    ['text', text(), textHands],
    ['list', list(), listHands],
  ] as const
  for (const [title, schema, hands] of cases) {
    for (let part = 1; part <= parts; part++) {
      it(`${title}: what was deleted is forgotten, early here and late there, and nobody can tell: ${part} of ${parts}`, () => {
        for (let run = (part - 1) * runsEach; run < part * runsEach; run++) {
          const random = new Random(seed + run)
          const trimming = new Trimming(schema, hands)
          for (let step = 0; step < steps; step++) {
            if (step === steps / 2) trimming.onlyFirstWrites = run % 2 === 1
            trimming.step((bound) => random.integer(0, bound - 1))
          }
          trimming.finish()
        }
      })
    }
  }
})
