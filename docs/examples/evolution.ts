import { compatibility, counter, register, renamed, set, struct } from '@joinery/crdt-objects'

const Before = struct({ title: register<string>(), hits: counter() })
const After = struct({ headline: renamed('title', register<string>()), tags: set<string>() })

const { compatible, differences } = compatibility(Before, After)
console.log(compatible)
for (const { path, change } of differences) console.log(`${path.join('.')}: ${change}`)
// true
// title: field-renamed
// hits: field-missing
// tags: field-added
