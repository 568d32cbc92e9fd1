import { describeLaws } from '#test/suites/laws.ts'
import { schemaByTitle } from '#test/suites/schemas.ts'

for (const [title, schema] of schemaByTitle) describeLaws(title, schema)
