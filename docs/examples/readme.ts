import { connect } from '@joinery/client'
import { lock } from '@joinery/consensus'
import { counter, map, max, struct } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

const Pages = map(struct({ visits: counter(), slowestMs: max() }))
const clusterKey = 'whoever knows this is a member of the cluster'

const first = await createPeer({ clusterKey, gateway: { port: 0 } }) // founds the cluster
const second = await createPeer({ clusterKey, bootstrap: first.addresses }) // joins it
const client = await connect(first.gatewayUrl) // a short function needs a gateway only
try {
  const shop = await second.space('shop')
  const embedded = await shop.open('pages', Pages)
  embedded.at('/home').visits.add(2) // done at once, in memory; the peers bring it to the others

  const remoteShop = await client.space('shop')
  const remote = await remoteShop.open('pages', Pages)
  await remote.at('/home').visits.add(1) // the same call, awaited
  await remote.at('/home').slowestMs.offer(84)

  const home = (await remote.until((pages) => pages.get('/home')?.visits === 3)).get('/home')
  console.log(`/home: ${home?.visits} visits, the slowest took ${home?.slowestMs} ms`)

  // Strong mode: voters put the calls in one order. Of two who want the last mug, one gets it.
  const mugs = await shop.open('mugs', counter(), { mode: 'linearizable' })
  const remoteMugs = await remoteShop.open('mugs', counter(), { mode: 'linearizable' })
  await mugs.addAndGet(1)
  const sold = await Promise.all([mugs, remoteMugs].map((each) => each.addIf(-1, { min: 0 })))
  const till = await remoteShop.open('till', lock())
  await till.request(() => console.log(`sold: ${sold.filter(Boolean).length}`)) // one at a time
} finally {
  await client.close()
  await second.stop()
  await first.stop()
}
