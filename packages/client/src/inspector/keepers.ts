import { type Reach, withClient } from './gateway-client.ts'
import { printable } from './printable.ts'

/** Shows who keeps a space; with `isToReplace` gives the word that those who are gone do not come back. */
export async function keepers(reach: Reach, space: string, isToReplace: boolean): Promise<void> {
  await withClient(reach, async ({ inspect }) => {
    const { keepers: kept, gone, mayLose } = await inspect.keepers(space)
    console.log(`keepers: ${list(kept)}`)
    if (gone.length === 0) return
    console.log(`gone: ${list(gone)}`)
    if (mayLose.length > 0)
      console.log(
        `If they do not come back, acknowledged writes of these may be lost: ${list(mayLose)}`,
      )
    else console.log('Others take their places by themselves: nothing is lost.')
    if (!isToReplace) return
    const { replaced = [] } = await inspect.replaceKeepers(space)
    console.log(`keepers now: ${list(replaced)}`)
  })
}

function list(lives: readonly string[]): string {
  return lives.length === 0 ? 'nobody' : lives.map(printable).join(', ')
}
