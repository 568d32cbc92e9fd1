import { parseDescriptor } from '@joinery/crdt-objects/engine'

/** A schema's descriptor as its builders would be written: `map(struct({ hits: counter() }))`. */
export function schemaText(descriptor: string): string {
  try {
    return parseDescriptor(descriptor).text
  } catch {
    // Of a gateway that is newer than this: what it says is shown as it is.
    return descriptor
  }
}
