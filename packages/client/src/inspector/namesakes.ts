import { isJoineryError } from '@joinery/crdt-objects'
import { parseDescriptor } from '@joinery/crdt-objects/engine'
import type { Client, ObjectSummary } from '../index.ts'
import { printable } from './printable.ts'
import { schemaText } from './schema-text.ts'

/** Says, beside what is shown, that a name has several objects: peers that were apart may make two of different kinds. */
export async function tellNamesakes(
  inspect: Client['inspect'],
  space: string,
  name: string,
): Promise<void> {
  const descriptors = (await eventualObjects(inspect, space))
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

async function eventualObjects(
  inspect: Client['inspect'],
  space: string,
): Promise<readonly ObjectSummary[]> {
  try {
    return await inspect.objects(space)
  } catch (error) {
    // A space may be known by its objects in strong mode alone, whose names are theirs.
    if (isJoineryError(error, 'OBJECT_NOT_FOUND')) return []
    throw error
  }
}

function family(descriptor: string): string {
  try {
    return parseDescriptor(descriptor).family
  } catch {
    // Of a gateway that is newer than this.
    return descriptor
  }
}
