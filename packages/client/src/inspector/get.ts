import { parseObjectPath, type Reach, withClient } from './gateway-client.ts'
import { toJson } from './json.ts'
import { tellNamesakes } from './namesakes.ts'
import { render } from './render.ts'

/** Shows the value of an object. */
export async function get(
  reach: Reach,
  path: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const { space, object } = parseObjectPath(path)
  await withClient(reach, async ({ inspect }) => {
    const found = await inspect.find(space, object)
    await tellNamesakes(inspect, space, object)
    const value = await found.read()
    console.log(options.json === true ? JSON.stringify(toJson(value), null, 2) : render(value))
  })
}
