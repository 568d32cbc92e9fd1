import { parseDescriptor } from '@joinery/crdt-objects/engine'

/** A schema's descriptor as its builders would be written: `map(struct({ hits: counter() }))`. */
export function schemaText(descriptor: string): string {
  try {
    return parseDescriptor(descriptor).text
  } catch {
    // Of a gateway that is newer than this, or of a kind that there are no eventual objects of.
    return callText(descriptor)
  }
}

/** The same of an object in strong mode: one of an eventual kind is told by its mode. */
export function strongSchemaText(descriptor: string): string {
  try {
    return `${parseDescriptor(descriptor).text}, linearizable`
  } catch {
    return callText(descriptor)
  }
}

/** `["lock",1,{"reentrant":true}]` as `lock({ reentrant: true })`; what is no such list is shown as it is. */
function callText(descriptor: string): string {
  try {
    const parts: unknown = JSON.parse(descriptor)
    if (!Array.isArray(parts)) return descriptor
    const [name, version, ...args] = parts as readonly unknown[]
    if (typeof name !== 'string') return descriptor
    const call = `${name.replace(/^object:/, '')}(${args.map(argumentText).join(', ')})`
    return version === undefined || version === 1
      ? call
      : `${call}, version ${JSON.stringify(version)}`
  } catch {
    return descriptor
  }
}

function argumentText(arg: unknown): string {
  if (typeof arg !== 'object' || arg === null || Array.isArray(arg)) return JSON.stringify(arg)
  const members = Object.entries(arg).map(([key, value]) => `${key}: ${argumentText(value)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
