import type { Client, ObjectSummary } from '../index.ts'
import { describe } from './failure.ts'
import { type Reach, withClient } from './gateway-client.ts'
import { schemaText, strongSchemaText } from './schema-text.ts'
import { printable } from './printable.ts'
import { table, wrapped } from './table.ts'

/** Lists the spaces, or the objects of one. */
export async function list(reach: Reach, space: string | undefined): Promise<void> {
  await withClient(reach, async ({ inspect }) => {
    if (space === undefined) {
      const spaces = await inspect.spaces()
      if (spaces.length === 0)
        return console.log('No spaces yet: one comes into being when a function opens it.')
      const rows = spaces.map(({ name, objects, vectorSize, lifetime }) => {
        return [name, objects, vectorSize, lifetime]
      })
      return console.log(table(['space', 'objects', 'writers so far', 'lifetime'], rows))
    }
    const objects = await objectsOf(inspect, space)
    if (objects.length === 0) return console.log(`The space "${space}" holds no objects yet.`)
    const names = objects.map(({ name }) => printable(`${space}/${name}`))
    const room = schemaRoom(Math.max(...names.map((name) => name.length)))
    const rows = objects.map(({ text }, at) => [names[at], wrapped(text, room)])
    console.log(table(['object', 'schema'], rows))
  })
}

/** The objects of both modes; without a majority of voters, the eventual ones. */
async function objectsOf(
  inspect: Client['inspect'],
  space: string,
): Promise<readonly ListedObject[]> {
  const [eventual, strong] = await Promise.allSettled([
    inspect.objects(space),
    inspect.strongObjects(space),
  ])
  const strongOnes = strong.status === 'fulfilled' ? strong.value.map(listedStrong) : []
  if (eventual.status === 'rejected') {
    // A space may be known here by its objects in strong mode alone.
    if (strongOnes.length === 0) throw eventual.reason
    return strongOnes
  }
  if (strong.status === 'rejected')
    console.error(
      `note: objects in strong mode cannot be listed: ${printable(describe(strong.reason))}`,
    )
  return [...eventual.value.map(listed), ...strongOnes]
}

interface ListedObject {
  readonly name: string
  readonly text: string
}

function listed({ name, descriptor }: ObjectSummary): ListedObject {
  return { name, text: schemaText(descriptor) }
}

function listedStrong({ name, descriptor }: ObjectSummary): ListedObject {
  return { name, text: strongSchemaText(descriptor) }
}

/** What is left of a terminal's width for schemas beside their names; a file has lines of any length. */
function schemaRoom(nameWidth: number): number {
  const { columns } = process.stdout as { readonly columns?: number }
  // Three borders, and a space at each side of both cells.
  return columns === undefined ? Infinity : Math.max(20, columns - nameWidth - 7)
}
