import { describeOracle } from '#test/suites/oracle.ts'
import { schemaByTitle } from '#test/suites/schemas.ts'

describe('the oracle', () => {
  for (const [title, schema] of schemaByTitle) describeOracle(title, schema)
})
