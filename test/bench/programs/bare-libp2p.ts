/*
 * libp2p with nothing of ours on it: the connection that peers use (TCP, noise, yamux) and the same gossipsub.
 */
import '#peer/polyfill.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { gossipService } from '#peer/libp2p/gossip.ts'
import { identify } from '@libp2p/identify'
import { type Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { answer, nowNs, readOptions, serve } from './parent.ts'

/** What the bare node is told. */
export type BareCommand =
  | { readonly kind: 'echo'; readonly count: number; readonly everyMs: number }
  | { readonly kind: 'publish'; readonly count: number; readonly everyMs: number }
  | { readonly kind: 'receive'; readonly count: number }

/** How a bare node starts. */
export interface BareOptions {
  /** The multiaddr of the node to connect to. */
  readonly dial?: string | undefined
  /** Of a message: 24 at least. */
  readonly payloadBytes?: number
}

const protocol = '/bench/echo/1'
const topic = 'bench'

const { dial, payloadBytes = 64 } = readOptions<BareOptions>()
const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), pubsub: gossipService() },
})
const pubsub = node.services.pubsub
pubsub.subscribe(topic)
await node.handle(protocol, (stream) => {
  stream.addEventListener('message', ({ data }) => {
    stream.send(data.subarray())
  })
})
let stream: Stream | undefined
if (dial !== undefined) {
  stream = await node.dialProtocol(multiaddr(dial), protocol)
  while (pubsub.getSubscribers(topic).length === 0) await sleep(10)
}

serve<BareCommand>(async (command) => {
  switch (command.kind) {
    case 'echo':
      return { samplesUs: await echo(command.count, command.everyMs) }
    case 'publish':
      for (let number = 0; number < command.count; number++) {
        await sleep(command.everyMs)
        await pubsub.publish(topic, stamped(number))
      }
      return {}
    case 'receive':
      return { samplesUs: await receive(command.count) }
  }
})
answer({ addresses: node.getMultiaddrs().map((address) => address.toString()) })

async function echo(count: number, everyMs: number): Promise<number[]> {
  const samplesUs: number[] = []
  for (let number = 0; number < count; number++) {
    await sleep(everyMs)
    const startNs = nowNs()
    await new Promise((resolve) => {
      stream?.addEventListener('message', resolve, { once: true })
      stream?.send(new Uint8Array(payloadBytes))
    })
    samplesUs.push((nowNs() - startNs) / 1000)
  }
  return samplesUs
}

async function receive(count: number): Promise<number[]> {
  const samplesUs: number[] = []
  await new Promise<void>((resolve) => {
    pubsub.addEventListener('gossipsub:message', ({ detail }) => {
      const { data } = detail.msg
      const sentNs = new DataView(data.buffer, data.byteOffset).getFloat64(16)
      samplesUs.push((nowNs() - sentNs) / 1000)
      if (samplesUs.length === count) resolve()
    })
  })
  return samplesUs
}

/** 16 bytes that no other message shares, then the time. */
function stamped(number: number): Uint8Array {
  const data = new Uint8Array(payloadBytes)
  const view = new DataView(data.buffer)
  view.setFloat64(0, nowNs())
  view.setFloat64(8, number)
  view.setFloat64(16, nowNs())
  return data
}
