import { parseDescriptor } from '@joinery/crdt-objects/engine'
import type { Client } from '../index.ts'
import { printable } from './printable.ts'
import { schemaText } from './schema-text.ts'

/** Says, beside what is shown, that a name has several objects: peers that were apart may make two of different kinds. */
export async function tellNamesakes(
  inspect: Client['inspect'],
  space: string,
  name: string,
): Promise<void> {
  const descriptors = (await inspect.objects(space))
    .filter((object) => object.name === name)
    .map(({ descriptor }) => descriptor)
  if (descriptors.length < 2) return
  // Every peer shows the same one of them: that with the first family.
  const schemas = descriptors
    .sort((a, b) => (family(a) < family(b) ? -1 : 1))
    .map((descriptor) => schemaText(descriptor))
  const text = `${schemas.length} objects of different kinds share the name ${space}/${name}: ${schemas.join(' and ')}.`
  console.error(`note: ${printable(`${text} Shown is the ${schemas[0]}.`)}`)
}

function family(descriptor: string): string {
  try {
    return parseDescriptor(descriptor).family
  } catch {
    // Of a gateway that is newer than this.
    return descriptor
  }
}
