import assert from 'node:assert/strict'
import { connect } from '@joinery/client'
import { createPeer } from '@joinery/peer'

describe('A space that is being opened', () => {
  it('is no object’s yet to who inspects its peer', async () => {
    await using peer = await createPeer({
      clusterKey: 'a key for tests, and for tests only',
      gateway: {},
    })
    await using client = await connect(peer.gatewayUrl)
    let isOpen = false
    const opening = peer.space('s').then(() => {
      isOpen = true
    })
    let looks = 0
    while (!isOpen) {
      const spaces = await client.inspect.spaces()
      assert.deepEqual(await client.inspect.objects('s'), [])
      for (const { name, objects } of spaces) assert.deepEqual([name, objects], ['s', 0])
      looks += spaces.length
    }
    await opening
    assert.ok(looks > 0)
  })
})
