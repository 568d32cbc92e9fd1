import { describeLaws } from '#test/suites/laws.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'

describe('the laws', () => {
  before(loadAllEngines)
  for (const [title, schema] of schemaByTitle) describeLaws(title, schema)
})
