import './polyfill.ts'
import type { GroupSummary } from '@joinery/client/protocol'
import { invalidValue, JoineryError } from '@joinery/crdt-objects'
import { readClusterKey } from './cluster-key.ts'
import { DirectDissemination } from './dissemination/direct.ts'
import { type Dissemination } from './dissemination/dissemination.ts'
import { GossipDissemination } from './dissemination/gossip.ts'
import { silentDissemination } from './dissemination/silent.ts'
import { peerRefused } from './errors.ts'
import { type Report } from './report.ts'
import { type Gateway } from './gateway/gateway.ts'
import { createNode, type Node } from './libp2p/node.ts'
import { findFooting, type Footing } from './groups/footing.ts'
import { PeerGroups } from './groups/peer-groups.ts'
import { DialSupervisor } from './membership/dial-supervisor.ts'
import { JoinWatch } from './membership/join-watch.ts'
import { Membership } from './membership/membership.ts'
import { type DisseminationName, type PeerOptions } from './options.ts'
import { type Peer, type PeerStatistics } from './peer.ts'
import { randomIdentity } from './random-identity.ts'
import { inspectPeer } from './spaces/inspection.ts'
import { PeerSpace } from './spaces/local-space.ts'
import { checkSpaceName } from './spaces/names.ts'
import { SpaceRegistry } from './spaces/space-registry.ts'

/** What tests may change besides the options: `none` leaves everything to anti-entropy. */
export interface PeerInternals {
  readonly dissemination?: DisseminationName | 'none' | undefined
}

const bootstrapMaxMs = 5000
const meshMaxMs = 1000
const drainDeadlineMs = 5000
const membershipTickMs = 1000

/** A peer: the one place where its parts are put together. */
export class PeerHost implements Peer {
  readonly #node: Node
  readonly #membership: Membership
  readonly #supervisor: DialSupervisor
  readonly #registry: SpaceRegistry
  readonly #groups: PeerGroups
  readonly #joinWatch: JoinWatch
  readonly #hasBootstrap: boolean
  readonly #count = { updates: 0, batches: 0, bytes: 0 }
  readonly #timer: NodeJS.Timeout
  #gateway: Gateway | undefined
  #onConnected: () => void = () => undefined
  #stopping: Promise<void> | undefined

  private constructor(
    node: Node,
    footing: Footing,
    options: PeerOptions,
    internals: PeerInternals,
  ) {
    const report = options.onReport ?? (() => undefined)
    const { bootstrap = [], directory, votersMax, voterReplaceMs } = options
    this.#node = node
    this.#hasBootstrap = bootstrap.length > 0
    this.#groups = new PeerGroups(
      {
        ...{ selfId: node.id, report },
        membership: () => this.#membership,
        registry: () => this.#registry,
      },
      { footing, directory, votersMax, voterReplaceMs },
    )
    this.#supervisor = new DialSupervisor(
      {
        selfId: node.id,
        dial: (address, signal) => node.dial(address, signal),
        isConnected: (peer) => this.#membership.isConnected(peer),
        random: () => Math.random(),
      },
      [...new Set([...bootstrap, ...footing.record.addresses])],
    )
    this.#joinWatch = new JoinWatch(bootstrap, () => performance.now(), report)
    this.#membership = new Membership({
      selfId: node.id,
      addresses: () => node.addresses,
      now: () => performance.now(),
      report,
      learn: (member) => {
        this.#supervisor.learn(member)
      },
      forget: (peer) => {
        this.#supervisor.forget(peer)
      },
      onConnected: () => {
        this.#joinWatch.onConnected()
        this.#onConnected()
      },
      onLost: (peer) => {
        this.#supervisor.onLost(peer)
      },
      spaces: {
        onNeighbourUp: (space, peer) => this.#registry.onNeighbourUp(space, peer),
        onNeighbourDown: (space, peer) => this.#registry.onNeighbourDown(space, peer),
        onMessage: (space, peer, bytes) => this.#registry.onMessage(space, peer, bytes),
        onBatch: (space, peer, batch) => this.#registry.onBatch(space, peer, batch),
        onAnnounced: (space, peer, origin, last) =>
          this.#registry.onAnnounced(space, peer, origin, last),
      },
      links: this.#groups.host.links,
    })
    this.#registry = new SpaceRegistry({
      membership: this.#membership,
      dissemination: this.#createDissemination(internals.dissemination ?? options.dissemination),
      identity: options.identity ?? randomIdentity,
      report,
      count: this.#count,
    })
    this.#timer = setInterval(() => {
      this.#membership.tick()
      this.#joinWatch.tick()
      this.#groups.keepAddresses()
    }, membershipTickMs)
    this.#timer.unref()
  }

  /** Starts a peer whose options have been checked. */
  static async start(options: PeerOptions, internals: PeerInternals = {}): Promise<PeerHost> {
    options.signal?.throwIfAborted()
    const clusterKey = await readClusterKey(options.clusterKey, process.env)
    const { bootstrap = [], dissemination = 'gossip', voter, groups, directory } = options
    const footing = await findFooting({ bootstrap, voter, groups, directory })
    const node = await createNode({
      clusterKey,
      cluster: footing.cluster,
      listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'],
      lanePort: options.lanePort,
      bootstrap,
      hasGossip: (internals.dissemination ?? dissemination) === 'gossip',
      report: options.onReport ?? (() => undefined),
    })
    const peer = new PeerHost(node, footing, options, internals)
    try {
      await peer.#begin(options)
    } catch (error) {
      await peer.stop()
      throw error
    }
    return peer
  }

  get id(): string {
    return this.#node.id
  }

  get addresses(): readonly string[] {
    return this.#node.addresses
  }

  get gatewayUrl(): string | undefined {
    return this.#gateway?.url
  }

  async space(
    name: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<PeerSpace> {
    checkSpaceName(name)
    if (this.#stopping !== undefined) {
      throw new JoineryError('SPACE_ENDED', 'The peer is stopped.', { space: name })
    }
    const driver = await this.#registry.acquire(name, options.signal)
    return new PeerSpace(driver, this.#registry, this.#groups.objects)
  }

  async drain(
    options: { readonly deadlineMs?: number | undefined } = {},
  ): Promise<{ readonly complete: boolean; readonly unsent: number }> {
    const { deadlineMs = drainDeadlineMs } = options
    if (!(deadlineMs >= 0)) throw invalidValue('deadlineMs is a number of at least 0', deadlineMs)
    const { drivers } = this.#registry
    await Promise.all(
      drivers.map(async (driver) => {
        driver.seal()
        if (driver.unconfirmed === 0 || !this.#mayHandOver(driver.name)) return
        // What is not held in time is told below.
        await driver.flush({ replicas: 2, timeoutMs: deadlineMs }).catch(() => undefined)
      }),
    )
    const unsent = drivers.reduce((total, driver) => total + driver.unconfirmed, 0)
    return { complete: unsent === 0, unsent }
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#end()
    await this.#stopping
  }

  statistics(): PeerStatistics {
    const { bytesSent, bytesReceived, lanes } = this.#node
    const peers = this.#membership.neighbours.length
    return { ...this.#count, peers, lanes, bytesSent, bytesReceived }
  }

  /** The groups of the cluster, as their leaders see them. */
  async groups(): Promise<readonly GroupSummary[]> {
    return await this.#groups.groups()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopping === undefined) {
      // First, so that no client writes any more what would then be lost.
      await this.#gateway?.close()
      await this.drain()
    }
    await this.stop()
  }

  #createDissemination(name: DisseminationName | 'none' = 'gossip'): Dissemination {
    if (name === 'none') return silentDissemination
    if (name === 'direct') return new DirectDissemination(this.#membership)
    return new GossipDissemination(this.#node.gossip!, this.#membership, {
      onBatch: (space, peer, batch) => this.#registry.onBatch(space, peer, batch),
      onAnnounced: (space, peer, origin, last) =>
        this.#registry.onAnnounced(space, peer, origin, last),
    })
  }

  async #begin(options: PeerOptions): Promise<void> {
    const { signal } = options
    await this.#groups.start()
    await this.#node.connect(this.#membership)
    signal?.throwIfAborted()
    signal?.addEventListener('abort', () => void this.stop(), { once: true })
    this.#supervisor.start()
    if (this.#hasBootstrap) await this.#reachCluster()
    signal?.throwIfAborted()
    if (options.gateway === undefined) return
    // A client is only told that the gateway failed: the cause must not be lost with nobody listening.
    const report = options.onReport ?? warnOfFault
    // Only a peer with a gateway loads what it takes.
    const { createGateway } = await import('./gateway/gateway.ts')
    this.#gateway = await createGateway({
      spaces: {
        space: (name) => this.space(name),
        inspect: this.#inspect(),
        strong: this.#groups.served,
      },
      options: options.gateway,
      onFault: (error) => {
        report({ kind: 'gateway-fault', error })
      },
    })
  }

  #inspect(): ReturnType<typeof inspectPeer> {
    return inspectPeer({
      self: () => ({ id: this.id, addresses: this.addresses }),
      registry: this.#registry,
      membership: this.#membership,
      knownMembers: () => this.#supervisor.members,
    })
  }

  /** Waits for the first member, and then a moment for the others it tells of. */
  async #reachCluster(): Promise<void> {
    const startMs = performance.now()
    let reachedMs: number | undefined
    for (;;) {
      const now = performance.now()
      if (this.#membership.neighbours.length > 0) {
        reachedMs ??= now
        if (this.#supervisor.missing === 0 || now - reachedMs > meshMaxMs) return
      } else {
        const { refusal } = this.#supervisor
        if (refusal !== undefined) throw peerRefused(refusal)
        if (this.#stopping !== undefined) return
        if (now - startMs > bootstrapMaxMs) {
          this.#joinWatch.onAlone()
          return
        }
      }
      await this.#connectedWithin(20)
    }
  }

  async #connectedWithin(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#onConnected = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Whether waiting may bring a peer that takes what was written to `space`. */
  #mayHandOver(space: string): boolean {
    if (this.#membership.neighboursOf(space).length > 0) return true
    const isAlone = this.#membership.neighbours.length === 0
    return isAlone && (this.#hasBootstrap || this.#supervisor.missing > 0)
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer)
    await this.#gateway?.close()
    this.#supervisor.stop()
    // Before anything is waited for: what was not sealed by now must not leave by luck of timing.
    this.#registry.stop()
    await this.#groups.leave()
    this.#membership.leave()
    // The word leaves with the end of this turn.
    await new Promise((resolve) => setImmediate(resolve))
    await this.#node.stop()
    await this.#groups.stop()
  }
}

function warnOfFault(report: Report): void {
  if (report.kind !== 'gateway-fault') return
  process.emitWarning(report.error instanceof Error ? report.error : String(report.error))
}
