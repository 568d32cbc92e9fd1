import { describeOracle } from '#test/suites/oracle.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'

describe('the oracle', () => {
  before(loadAllEngines)
  for (const [title, schema] of schemaByTitle) describeOracle(title, schema)
})
