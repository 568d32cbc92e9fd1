import { type Reach, withClient } from './gateway-client.ts'
import { schemaText } from './schema-text.ts'
import { printable } from './printable.ts'
import { table, wrapped } from './table.ts'

/** Lists the spaces, or the objects of one. */
export async function list(reach: Reach, space: string | undefined): Promise<void> {
  await withClient(reach, async ({ inspect }) => {
    if (space === undefined) {
      const spaces = await inspect.spaces()
      if (spaces.length === 0)
        return console.log('No spaces yet: one comes into being when a function opens it.')
      const rows = spaces.map(({ name, objects, vectorSize }) => [name, objects, vectorSize])
      return console.log(table(['space', 'objects', 'writers so far'], rows))
    }
    const objects = await inspect.objects(space)
    if (objects.length === 0) return console.log(`The space "${space}" holds no objects yet.`)
    const names = objects.map(({ name }) => printable(`${space}/${name}`))
    const room = schemaRoom(Math.max(...names.map((name) => name.length)))
    const rows = objects.map(({ descriptor }, at) => {
      return [names[at], wrapped(schemaText(descriptor), room)]
    })
    console.log(table(['object', 'schema'], rows))
  })
}

/** What is left of a terminal's width for schemas beside their names; a file has lines of any length. */
function schemaRoom(nameWidth: number): number {
  const { columns } = process.stdout as { readonly columns?: number }
  // Three borders, and a space at each side of both cells.
  return columns === undefined ? Infinity : Math.max(20, columns - nameWidth - 7)
}
