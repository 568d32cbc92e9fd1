import fastCheck from 'fast-check'
import { Churn } from '#test/suites/churn.ts'
import { drawnSteps } from '#test/suites/history.ts'
import { drawsFrom } from '#test/suites/operations.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'

const steps = drawnSteps({ integers: 6, most: 60 })

describe('epochs', () => {
  before(loadAllEngines)

  for (const [title, schema] of schemaByTitle) {
    it(`fold what sealed lives left, and nobody can tell: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, (drawn) => {
          const churn = new Churn(schema)
          for (const step of drawn) churn.step(drawsFrom(step))
          churn.finish()
        }),
        runsOf(title, 'epochs', 3),
      )
    })
  }
})
