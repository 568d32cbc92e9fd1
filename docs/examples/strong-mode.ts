/**
 * The tutorial of strong mode, in one process: `docs/guides/strong-mode.md`.
 *
 *   node --import tsx --conditions=@joinery/source docs/examples/strong-mode.ts
 */
import { connect } from '@joinery/client'
import { counter } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'
import { withdraw } from './strong/careful.ts'
import { ReportStore, writeReport } from './strong/fenced-report.ts'
import { total } from './strong/phases.ts'
import { seats } from './strong/seats.ts'
import { failed, order, work } from './strong/thumbnails.ts'

const peer = await createPeer({ clusterKey: 'a secret of this cluster', gateway: { port: 0 } })
const client = await connect(peer.gatewayUrl)
try {
  const store = new ReportStore()
  await writeReport(peer, store, async () => 'first')
  await writeReport(client, store, async () => 'second')
  console.log(store.text)

  await order(peer, ['cat', 'dog', 'broken'])
  const shrink = async (picture: string): Promise<string> => {
    if (picture === 'broken') throw new Error('no picture')
    return `small ${picture}`
  }
  await Promise.all([work(peer, shrink), work(client, shrink)])
  console.log(await failed(client))

  console.log(await Promise.all([total(peer, 2, 0, 20), total(client, 2, 1, 22)]))

  const show = await (await client.space('theatre')).open('tonight', seats(3))
  console.log(await show.hold('ada', 2), await show.buy('ada'), await show.read())

  const balance = await (
    await peer.space('bank')
  ).open('balance', counter(), { mode: 'linearizable' })
  await balance.addAndGet(100)
  console.log(await withdraw(client, 70), await withdraw(peer, 70))
} finally {
  await client.close()
  await peer.stop()
}
