// typedoc runs as a check: what a user can import must be documented. It writes nothing.
import { readdirSync, readFileSync } from 'node:fs'

/** Every source that a package exports. */
const entryPoints = readdirSync('packages').flatMap((name) => {
  const { exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  return Object.values(exports).map((entry) => `packages/${name}/${entry['@joinery/source']}`)
})

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  entryPoints,
  tsconfig: 'test/tsconfig.json',
  emit: 'none',
  // Its links are the repository's, and mean nothing beside an API.
  readme: 'none',
  disableSources: true,
  skipErrorChecking: true,
  excludeExternals: true,
  excludePrivate: true,
  treatWarningsAsErrors: true,
  logLevel: 'Warn',
  validation: { notDocumented: true, notExported: false, invalidLink: true },
  requiredToBeDocumented: ['Variable', 'Function', 'Class', 'Interface', 'TypeAlias', 'Method'],
}
