import assert from 'node:assert/strict'
import { frameBytesMax } from '@joinery/client/protocol'
import { WebSocket } from 'ws'
import { openSocket as openOnNode } from '#client/websocket/node.ts'
import { openSocket as openOnPlatform } from '#client/websocket/platform.ts'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { encodeFrame, hello } from '#test/fixtures/raw-client.ts'

const adapters = { 'on Node': openOnNode, 'of the platform': openOnPlatform }

for (const [where, openSocket] of Object.entries(adapters)) {
  describe(`The WebSocket ${where}`, () => {
    const rig = new GatewayRig()
    const platform = globalThis as { WebSocket?: unknown }
    const original = platform.WebSocket

    before(() => {
      platform.WebSocket = WebSocket
    })
    after(() => {
      platform.WebSocket = original
    })
    afterEach(() => rig.end())

    it('opens, carries frames both ways, and says when it is closed', async () => {
      const { url } = await rig.gateway()
      const events: string[] = []
      const socket = openSocket(url, frameBytesMax, {
        opened: () => {
          events.push('opened')
          socket.send(encodeFrame(hello()))
        },
        frame: (bytes) => {
          assert.ok(bytes instanceof Uint8Array)
          events.push('frame')
          socket.close()
        },
        closed: () => events.push('closed'),
      })
      await eventually(() => assert.deepEqual(events, ['opened', 'frame', 'closed']))
      // What a closed socket is given is dropped.
      socket.send(encodeFrame(hello()))
    })

    it('says why it could not open, once', async () => {
      const reasons: string[] = []
      const closed = ({ why }: { readonly why: string }): void => void reasons.push(why)
      const events = { opened: () => {}, frame: () => {}, closed }
      openSocket('ws://127.0.0.1:1', frameBytesMax, events)
      await eventually(() => assert.equal(reasons.length, 1))
    })

    it('can be dropped at once', async () => {
      const { url } = await rig.gateway()
      let closed = 0
      const socket = openSocket(url, frameBytesMax, {
        opened: () => socket.terminate(),
        frame: () => {},
        closed: () => (closed += 1),
      })
      await eventually(() => assert.equal(closed, 1))
    })
  })
}
