import { type Reach, withClient } from './gateway-client.ts'
import { table } from './table.ts'

/** Lists the peers that the gateway's peer knows. */
export async function peers(reach: Reach): Promise<void> {
  await withClient(reach, async ({ inspect }) => {
    const rows = (await inspect.peers()).map(({ id, addresses, connected, self }) => {
      return [id, self ? 'this one' : connected ? 'connected' : 'away', addresses]
    })
    console.log(table(['peer', 'state', 'addresses'], rows))
  })
}
