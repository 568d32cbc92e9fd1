import assert from 'node:assert/strict'
import { type Client, connect } from '@joinery/client'
import { type Bookmark, counter } from '@joinery/crdt-objects'
import { createPeer, type Peer, type PeerOptions } from '@joinery/peer'

const clusterKey = 'a key for tests, and for tests only'
const rounds = 20

describe('A bookmark, passed on', () => {
  const ends: AsyncDisposable[] = []

  async function start(options: PeerOptions = {}): Promise<Peer> {
    const peer = await createPeer({ clusterKey, gateway: {}, ...options })
    ends.push(peer)
    return peer
  }

  async function client(peer: Peer): Promise<Client> {
    const connected = await connect(peer.gatewayUrl ?? '')
    ends.push(connected)
    return connected
  }

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end[Symbol.asyncDispose]()
  })

  it('has what its listener was just told of', async () => {
    const a = await start()
    const b = await start({ bootstrap: a.addresses })
    const [here, there] = [await a.space('s'), await b.space('s')]
    const total = await here.open('total', counter())
    const shown = await there.open('total', counter())
    const told = new Promise<Bookmark>((resolve) => {
      shown.subscribe(() => resolve(there.bookmark))
    })
    total.add(1)
    const bookmark = await told
    assert.equal(shown.value, 1)
    assert.equal(bookmark, there.bookmark)
  })

  it('shows at another peer what was written before it, at once', async () => {
    const a = await start()
    const b = await start({ bootstrap: a.addresses })
    const space = await a.space('s')
    const total = await space.open('total', counter())
    // It is open there already, and gets batches when it gets them.
    await b.space('s')
    for (let n = 1; n <= rounds; n++) {
      total.add(1)
      const elsewhere = await b.space('s', { after: space.bookmark })
      assert.equal((await elsewhere.open('total', counter())).value, n)
    }
  })

  it('carries reads and writes of short functions from gateway to gateway', async () => {
    const a = await start()
    const peers = [a, await start({ bootstrap: a.addresses })]
    let after: Bookmark | undefined
    for (let n = 0; n < rounds; n++) {
      const one = await client(peers[n % 2]!)
      const space = await one.space('s', { after })
      const total = await space.open('total', counter())
      assert.equal(await total.read(), n)
      await total.add(1)
      after = space.bookmark
    }
  })

  it('is none of another space, and none at all when it is no bookmark', async () => {
    const peer = await start()
    const { bookmark } = await peer.space('s')
    await assert.rejects(peer.space('t', { after: bookmark }), { code: 'VALUE_INVALID' })
    await assert.rejects(peer.space('t', { after: 'x' as Bookmark }), { code: 'VALUE_INVALID' })
  })
})
