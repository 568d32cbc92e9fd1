import { connect } from '@joinery/client'
import { counter, map, max, struct } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

const Pages = map(struct({ visits: counter(), slowestMs: max() }))
const clusterKey = 'whoever knows this is a member of the cluster'

const first = await createPeer({ clusterKey, gateway: { port: 0 } }) // founds the cluster
const second = await createPeer({ clusterKey, bootstrap: first.addresses }) // joins it
const client = await connect(first.gatewayUrl) // a short function needs a gateway only
try {
  const embedded = await (await second.space('shop')).open('pages', Pages)
  embedded.at('/home').visits.add(2) // done at once, in memory; the peers bring it to the others

  const remote = await (await client.space('shop')).open('pages', Pages)
  await remote.at('/home').visits.add(1) // the same call, awaited
  await remote.at('/home').slowestMs.offer(84)

  const home = (await remote.until((pages) => pages.get('/home')?.visits === 3)).get('/home')
  console.log(`/home: ${home?.visits} visits, the slowest took ${home?.slowestMs} ms`)
} finally {
  await client.close()
  await second.stop()
  await first.stop()
}
