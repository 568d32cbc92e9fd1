import { connect } from '@joinery/client'
import { type Bookmark, counter } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

// One function after another, each at another gateway: the bookmark that is passed on makes each see what was before it.
const clusterKey = 'a secret of this cluster'
const first = await createPeer({ clusterKey, gateway: {} })
const second = await createPeer({ clusterKey, gateway: {}, bootstrap: first.addresses })

async function visit(gateway: string, after?: Bookmark): Promise<[number, Bookmark]> {
  await using client = await connect(gateway)
  const space = await client.space('shop', { after })
  const visits = await space.open('visits', counter())
  await visits.add(1)
  return [await visits.read(), space.bookmark]
}

const [one, bookmark] = await visit(first.gatewayUrl)
const [two] = await visit(second.gatewayUrl, bookmark) // without it, this may be 1
console.log(one, two) // 1 2
await second.stop()
await first.stop()
