import { type Reach, withClient } from './gateway-client.ts'
import { schemaText } from './schema-text.ts'
import { table } from './table.ts'

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
    const rows = objects.map(({ name, descriptor }) => [`${space}/${name}`, schemaText(descriptor)])
    console.log(table(['object', 'schema'], rows))
  })
}
