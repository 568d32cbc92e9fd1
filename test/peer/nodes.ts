import { createNode, type Node, type NodeOptions } from '#peer/libp2p/node.ts'
import { ClusterIdentity } from '#peer/membership/cluster-identity.ts'
import { type Channel, type ChannelEvents } from '#peer/network.ts'
import { type Report } from '#peer/report.ts'

/** A node that notes what happens on its channels. */
export interface ObservedNode extends Node {
  readonly channels: Set<Channel>
  readonly frames: Uint8Array[]
  readonly invalid: string[]
  readonly reports: Report[]
  readonly address: string
}

/** For what may take long on a busy machine: it ends only what hangs, and mocha says where. */
export function unlessItHangs(): AbortSignal {
  return AbortSignal.timeout(60_000)
}

/** Starts a node on loopback, of a founded cluster unless another is given. */
export async function startNode(
  options: Partial<NodeOptions & Pick<ChannelEvents, 'onFrame' | 'onOpened'>> = {},
): Promise<ObservedNode> {
  const reports: Report[] = []
  const node = await createNode({
    clusterKey: new Uint8Array(32).fill(7),
    cluster: ClusterIdentity.found(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    hasGossip: false,
    report: (report) => reports.push(report),
    ...options,
  })
  const channels = new Set<Channel>()
  const frames: Uint8Array[] = []
  const invalid: string[] = []
  await node.connect({
    onOpened: (channel) => {
      channels.add(channel)
      options.onOpened?.(channel)
    },
    onClosed: (channel) => channels.delete(channel),
    onFrame: (channel, frame) => {
      frames.push(frame.slice())
      options.onFrame?.(channel, frame)
    },
    onInvalid: (_, reason) => invalid.push(reason),
    onOverflow: () => undefined,
    onDrained: () => undefined,
  })
  return Object.assign(node, {
    channels,
    frames,
    invalid,
    reports,
    get address() {
      return node.addresses[0]!
    },
  })
}
