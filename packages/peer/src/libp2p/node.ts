/*
 * The one place where libp2p is put together. Its defaults are for an open network of strangers; these settings are
 * for a cluster whose members trust each other and may all be on one host, and each departs from a default for a
 * measured reason.
 */
import '../polyfill.ts'
import { noise } from '@libp2p/noise'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, PeerId, PrivateKey } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { joinSignals } from '@joinery/crdt-objects/engine'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import { createLibp2p, type ServiceFactoryMap } from 'libp2p'
import { addressUnavailable, findRefusal, type RefusalReason } from '../errors.ts'
import { Lanes } from '../lanes/lanes.ts'
import { type ClusterIdentity } from '../membership/cluster-identity.ts'
import { type ChannelEvents, DialUnanswered, type Network } from '../network.ts'
import { type Reporter } from '../report.ts'
import { DepartedPeers } from './departed-peers.ts'
import { checkMultiaddrs, hostOf, listenFailure } from './addresses.ts'
import { gossipService, PubsubGossip } from './gossip.ts'
import { membershipEncrypter } from './membership-encrypter.ts'
import { Streams, syncProtocol } from './streams.ts'

const lanesEndMs = 500
/** How long the system at an address has to take a connection. It asks for one each second: beyond, it only asks less often. */
const answerMaxMs = 2000

/** What a node is made of. */
export interface NodeOptions {
  readonly clusterKey: Uint8Array
  readonly cluster: ClusterIdentity
  readonly listen: readonly string[]
  /** Looked at only, for mistakes. */
  readonly bootstrap?: readonly string[] | undefined
  readonly hasGossip: boolean
  /** Where it takes lanes; false for none. Default 0, any free port. */
  readonly lanePort?: number | false | undefined
  readonly handshakeTimeoutMs?: number
  readonly report: Reporter
}

/** A started node whose events are ignored until `connect` says where they go. */
export interface Node extends Network {
  /** @throws JoineryError ADDRESS_UNAVAILABLE */
  connect(events: ChannelEvents): Promise<void>
}

/** Makes a node. It listens, dials and accepts from `connect` on. */
export async function createNode(options: NodeOptions): Promise<Node> {
  checkMultiaddrs('listen', options.listen)
  checkMultiaddrs('bootstrap', options.bootstrap ?? [])
  const privateKey = await generateKeyPair('Ed25519')
  const node = await createLibp2pNode(privateKey, options)
  return new Libp2pNode(node, options)
}

async function createLibp2pNode(privateKey: PrivateKey, options: NodeOptions): Promise<Libp2p> {
  const { clusterKey, cluster, report } = options
  const timeoutMs = options.handshakeTimeoutMs ?? 20_000
  const membership = {
    selfId: peerIdFromPrivateKey(privateKey).toString(),
    clusterKey,
    cluster,
    timeoutMs,
    onRefused: (peer: string, reason: RefusalReason) => {
      report({ kind: 'peer-refused', peer, reason })
    },
  }
  const services: ServiceFactoryMap = { identify: identify(), ping: ping() }
  if (options.hasGossip) services['pubsub'] = gossipService()
  return await createLibp2p({
    privateKey,
    start: false,
    addresses: { listen: [...options.listen] },
    transports: [tcp()],
    connectionEncrypters: [(components) => membershipEncrypter(noise()(components), membership)],
    // The muxer's own buffer has no bound by default; ours in front of it is far smaller.
    streamMuxers: [yamux({ streamOptions: { maxWriteBufferLength: 64 * 2 ** 20 } })],
    connectionManager: {
      maxConnections: 1000,
      // By default 5 connections a second from one address: 16 peers of one host could not meet.
      inboundConnectionThreshold: 1000,
      maxIncomingPendingConnections: 1000,
      inboundUpgradeTimeout: 2 * timeoutMs,
      dialTimeout: 1.5 * timeoutMs,
      // By default 6 s: in a burst of joins a handshake waits for those of all others.
      addressDialTimeout: 1.5 * timeoutMs,
    },
    // The monitor takes a busy peer for a dead one and aborts its connection. Death is ours to tell: see membership.
    connectionMonitor: { pingInterval: 10_000, abortConnectionOnPingFailure: false },
    services,
  })
}

class Libp2pNode implements Node {
  readonly id: string
  readonly gossip: PubsubGossip | undefined
  readonly #node: Libp2p
  readonly #options: NodeOptions
  readonly #lanes = new Lanes()
  readonly #departed: DepartedPeers
  #streams: Streams | undefined

  constructor(node: Libp2p, options: NodeOptions) {
    this.#node = node
    this.#options = options
    this.#departed = new DepartedPeers(node)
    this.id = node.peerId.toString()
    this.gossip = options.hasGossip
      ? new PubsubGossip(node.services['pubsub'] as GossipSub, () => node.getConnections())
      : undefined
  }

  get addresses(): readonly string[] {
    return this.#node.getMultiaddrs().map((address) => address.toString())
  }

  get bytesSent(): number {
    return (this.#streams?.bytesSent ?? 0) + (this.gossip?.bytesSent ?? 0)
  }

  get bytesReceived(): number {
    return (this.#streams?.bytesReceived ?? 0) + (this.gossip?.bytesReceived ?? 0)
  }

  get lanes(): number {
    return this.#lanes.count
  }

  async connect(events: ChannelEvents): Promise<void> {
    const streams = new Streams(events, this.#lanes)
    this.#streams = streams
    this.#node.addEventListener('connection:open', ({ detail }: CustomEvent<Connection>) => {
      streams.onConnection(detail)
    })
    this.#node.addEventListener('connection:close', ({ detail }: CustomEvent<Connection>) => {
      streams.onConnectionClosed(detail)
    })
    this.#node.addEventListener('peer:disconnect', ({ detail }: CustomEvent<PeerId>) => {
      this.#departed.left(detail)
    })
    // Before the start, so that the first peer to ask already finds the protocol.
    await this.#node.handle(
      syncProtocol,
      (stream, connection) => {
        streams.onStream(stream, connection)
      },
      // One is meant; room for a second lets it be seen and answered, and not silently dropped.
      { maxInboundStreams: 2, maxOutboundStreams: 2 },
    )
    try {
      await this.#listenForLanes()
      await this.#node.start()
    } catch (error) {
      throw listenFailure(error)
    }
    this.#departed.start()
  }

  /** Before the start, so that the first connection is already offered a lane. */
  async #listenForLanes(): Promise<void> {
    const { lanePort = 0, listen } = this.#options
    if (lanePort === false) return
    const addressByHost = new Map(listen.map((address) => [hostOf(address), address]))
    for (const [host, address] of addressByHost) {
      if (host === undefined) continue
      try {
        await this.#lanes.listen(host, lanePort)
      } catch (error) {
        throw addressUnavailable(address, codeOf(error), error) ?? error
      }
    }
  }

  async dial(address: string, signal: AbortSignal, isAnew = false): Promise<string> {
    this.#departed.dialled(address)
    const unanswered = new AbortController()
    const timer = setTimeout(() => unanswered.abort(), answerMaxMs)
    const either = joinSignals(signal, unanswered.signal)
    try {
      const connection = await this.#node.dial(multiaddr(address), {
        signal: either.signal,
        force: isAnew,
        onProgress: ({ type }) => {
          // From here on a process is at work, which may be busy.
          if (type === 'upgrader:encrypt-outbound-connection') clearTimeout(timer)
        },
      })
      return connection.remotePeer.toString()
    } catch (error) {
      if (unanswered.signal.aborted || isUnreachable(error))
        throw new DialUnanswered(address, error)
      throw findRefusal(error) ?? error
    } finally {
      clearTimeout(timer)
      either.clear()
    }
  }

  async stop(): Promise<void> {
    this.#departed.stop()
    // First: what was said last travels by them, and a connection that closes takes its lane along.
    await this.#lanes.close(lanesEndMs)
    await this.#node.stop()
  }
}

function isUnreachable(error: unknown): boolean {
  return ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'].includes(codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
