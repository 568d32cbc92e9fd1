import './polyfill.ts'
import type { GroupSummary } from '@joinery/client/protocol'
import { invalidValue, JoineryError } from '@joinery/crdt-objects'
import { checkLifetime, decodeBookmark } from '@joinery/crdt-objects/engine'
import { readClusterKey } from './cluster-key.ts'
import { DirectDissemination } from './dissemination/direct.ts'
import { type Dissemination } from './dissemination/dissemination.ts'
import { GossipDissemination } from './dissemination/gossip.ts'
import { silentDissemination } from './dissemination/silent.ts'
import { peerRefused } from './errors.ts'
import { safely } from './report.ts'
import { type Gateway } from './gateway/gateway.ts'
import { type HostedOptions } from './gateway/host.ts'
import { createNode, type Node } from './libp2p/node.ts'
import { findFooting, type Footing } from './groups/footing.ts'
import { PeerGroups } from './groups/peer-groups.ts'
import { DialSupervisor } from './membership/dial-supervisor.ts'
import { JoinWatch } from './membership/join-watch.ts'
import { tickMs as membershipTickMs } from './membership/failure-watch.ts'
import { Membership } from './membership/membership.ts'
import { type DisseminationName, type PeerOptions } from './options.ts'
import { type LeaveReport, type Peer, type PeerStatistics } from './peer.ts'
import { inspectPeer } from './spaces/inspection.ts'
import { PeerSpace } from './spaces/local-space.ts'
import { checkSpaceName } from './spaces/names.ts'
import { type SpaceDriver } from './replication/driver.ts'
import { SpaceRegistry } from './spaces/space-registry.ts'

/** What tests may change besides the options: `none` leaves everything to anti-entropy. */
export interface PeerInternals {
  readonly dissemination?: DisseminationName | 'none' | undefined
}

const bootstrapMaxMs = 5000
const meshMaxMs = 1000
const drainDeadlineMs = 5000
const leaveDeadlineMs = 2000
/** How often a hand-over looks whether there still is anybody to take it. */
const takerLookMs = 50
const joinTickMs = 1000

/** A peer: the one place where its parts are put together. */
export class PeerHost implements Peer {
  readonly #node: Node
  readonly #membership: Membership
  readonly #supervisor: DialSupervisor
  readonly #registry: SpaceRegistry
  readonly #groups: PeerGroups
  readonly #joinWatch: JoinWatch
  readonly #hasBootstrap: boolean
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #thawListeners = new Set<(stoodStillMs: number) => void>()
  #gateway: Gateway | undefined
  #onConnected: () => void = () => undefined
  #stopping: Promise<LeaveReport> | undefined

  private constructor(
    node: Node,
    footing: Footing,
    options: PeerOptions,
    internals: PeerInternals,
  ) {
    const report = safely(options.onReport)
    const { bootstrap = [], directory, votersMax, voterReplaceMs } = options
    this.#node = node
    this.#hasBootstrap = bootstrap.length > 0
    this.#groups = new PeerGroups(
      {
        ...{ selfId: node.id, report },
        membership: () => this.#membership,
        registry: () => this.#registry,
        onControlChange: (space) => this.#registry.onControlChange(space),
      },
      { footing, directory, votersMax, voterReplaceMs },
    )
    this.#supervisor = new DialSupervisor(
      {
        selfId: node.id,
        dial: (address, signal, isAnew) => node.dial(address, signal, isAnew),
        isConnected: (peer) => this.#membership.isConnected(peer),
        random: () => Math.random(),
        isListening: () => node.addresses.length > 0,
      },
      [...new Set([...bootstrap, ...footing.record.addresses])],
    )
    this.#joinWatch = new JoinWatch(bootstrap, () => performance.now(), report)
    this.#membership = new Membership({
      selfId: node.id,
      addresses: () => node.addresses,
      now: () => performance.now(),
      wallNow: () => Date.now(),
      random: () => Math.random(),
      later: (delayMs, task) => {
        setTimeout(task, delayMs).unref()
      },
      onThaw: (stoodStillMs) => {
        this.#supervisor.onThaw()
        this.#registry.onThaw()
        for (const listener of this.#thawListeners) listener(stoodStillMs)
      },
      report,
      learn: (member) => this.#supervisor.learn(member),
      forget: (peer) => this.#supervisor.forget(peer),
      onConnected: () => {
        this.#joinWatch.onConnected()
        this.#onConnected()
      },
      onLost: (peer) => this.#supervisor.onLost(peer),
      onSuspected: (peer) => this.#supervisor.suspect(peer),
      onTrusted: (peer) => this.#supervisor.trust(peer),
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
      control: this.#groups.control,
      isKeeper: options.keeper ?? footing.isCandidate,
      isCutOff: () => this.#joinWatch.isAlone && this.#groups.host.groupCount === 0,
      ...{ report, bounds: options },
    })
    this.#timers = [
      setInterval(() => this.#membership.tick(), membershipTickMs),
      setInterval(() => {
        this.#joinWatch.tick()
        this.#groups.keepAddresses()
      }, joinTickMs),
    ]
    for (const timer of this.#timers) timer.unref()
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
      report: safely(options.onReport),
    })
    const peer = new PeerHost(node, footing, options, internals)
    try {
      await peer.#begin(options)
    } catch (error) {
      await peer.stop({ deadlineMs: 0 })
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

  /** For who measures what is in them. */
  get parts(): { readonly registry: SpaceRegistry; readonly groups: PeerGroups } {
    return { registry: this.#registry, groups: this.#groups }
  }

  async space(name: string, options: HostedOptions = {}): Promise<PeerSpace> {
    checkSpaceName(name)
    const { after, lifetime, signal } = options
    checkLifetime(lifetime)
    const needed = after === undefined ? undefined : decodeBookmark(name, after)
    if (this.#stopping !== undefined) {
      throw new JoineryError('SPACE_ENDED', 'The peer is stopped.', { space: name })
    }
    const driver = await this.#registry.acquire(
      name,
      { lifetime, founded: options.founded },
      signal,
    )
    const space = new PeerSpace(driver, this.#registry, this.#groups.objects)
    if (needed === undefined) return space
    try {
      await space.reach(needed, signal)
    } catch (error) {
      await space.close()
      throw error
    }
    return space
  }

  async drain(
    options: { readonly deadlineMs?: number | undefined } = {},
  ): Promise<{ readonly complete: boolean; readonly unsent: number }> {
    const { complete, unsent } = await this.#handOver(options.deadlineMs ?? drainDeadlineMs)
    return { complete, unsent }
  }

  async stop(options: { readonly deadlineMs?: number | undefined } = {}): Promise<LeaveReport> {
    const { deadlineMs = leaveDeadlineMs } = options
    checkDeadline(deadlineMs)
    this.#stopping ??= this.#end(deadlineMs)
    return await this.#stopping
  }

  /**
   * Has `listener` be called when this peer finds that it stood still: whatever it was granted for a time, a lease for
   * instance, may be another's by now, and is to be asked for before it is relied on. Gives what ends that.
   */
  onThaw(listener: (stoodStillMs: number) => void): () => void {
    this.#thawListeners.add(listener)
    return () => this.#thawListeners.delete(listener)
  }

  statistics(): PeerStatistics {
    const { bytesSent, bytesReceived, lanes } = this.#node
    const peers = this.#membership.neighbours.length
    const { written } = this.#registry.count
    return { ...written, ...this.#supervisor.counts, peers, lanes, bytesSent, bytesReceived }
  }

  /** The groups of the cluster, as their leaders see them. */
  async groups(): Promise<readonly GroupSummary[]> {
    return await this.#groups.groups()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ deadlineMs: drainDeadlineMs })
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
    signal?.addEventListener('abort', () => void this.stop({ deadlineMs: 0 }), { once: true })
    this.#supervisor.start()
    if (this.#hasBootstrap) await this.#reachCluster()
    signal?.throwIfAborted()
    if (options.gateway === undefined) return
    const report = safely(options.onReport)
    // Only a peer with a gateway loads what it takes.
    const { createGateway } = await import('./gateway/gateway.ts')
    this.#gateway = await createGateway({
      spaces: {
        space: (name, options) => this.space(name, options),
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

  /** Waits until another peer holds what was written here, while there is one that may. */
  async #handOver(deadlineMs: number): Promise<LeaveReport> {
    checkDeadline(deadlineMs)
    const { drivers } = this.#registry
    const held = await Promise.all(
      drivers.map(async (driver) => {
        driver.seal()
        // What another peer is known to hold, one at least holds.
        return driver.unconfirmed === 0 ? 1 : await this.#flushToOther(driver, deadlineMs)
      }),
    )
    // What is closed already was handed over to one at least.
    return this.#leaveReport(held.length === 0 ? 1 : Math.min(...held))
  }

  /** `heldBy`, unless nothing was written or something is held by nobody. */
  #leaveReport(heldBy: number): LeaveReport {
    const { drivers, unsent: ofClosed, count } = this.#registry
    const unsent = drivers.reduce((total, driver) => total + driver.unconfirmed, ofClosed)
    const isEmpty = count.updates === 0
    return { complete: unsent === 0, unsent, heldBy: unsent > 0 || isEmpty ? 0 : heldBy }
  }

  /** How many other peers hold what was written to a space; 0 at the deadline, and when nobody is there. */
  async #flushToOther(driver: SpaceDriver, deadlineMs: number): Promise<number> {
    if (deadlineMs === 0 || !this.#mayHandOver(driver.name)) return 0
    const nobodyIsThere = new AbortController()
    const look = setInterval(() => {
      if (!this.#mayHandOver(driver.name)) nobodyIsThere.abort()
    }, takerLookMs)
    try {
      const limits = { timeoutMs: deadlineMs, signal: nobodyIsThere.signal }
      return (await driver.flush({ replicas: 2, ...limits })).replicas - 1
    } catch {
      // What is not held in time is told in the report.
      return 0
    } finally {
      clearInterval(look)
    }
  }

  /** Whether waiting may bring a peer that takes what was written to `space`. */
  #mayHandOver(space: string): boolean {
    if (this.#membership.neighboursOf(space).length > 0) return true
    const isAlone = this.#membership.neighbours.length === 0
    return isAlone && (this.#hasBootstrap || this.#supervisor.missing > 0)
  }

  async #closeAndHandOver(deadlineMs: number): Promise<LeaveReport> {
    // First, so that no client writes any more what would then be lost.
    await this.#gateway?.close()
    return await this.#handOver(deadlineMs)
  }

  async #end(deadlineMs: number): Promise<LeaveReport> {
    const isAtOnce = deadlineMs === 0
    // As a crash would, before anything is waited for: what was not sealed must not leave by luck of timing.
    const report = isAtOnce ? this.#leaveReport(1) : await this.#closeAndHandOver(deadlineMs)
    this.#registry.stop()
    if (isAtOnce) await this.#gateway?.close()
    for (const timer of this.#timers) clearInterval(timer)
    this.#supervisor.stop()
    await this.#groups.leave()
    this.#membership.leave(report.unsent)
    // The word leaves with the end of this turn.
    await new Promise((resolve) => setImmediate(resolve))
    await this.#node.stop()
    await this.#groups.stop()
    return report
  }
}

function checkDeadline(deadlineMs: number): void {
  if (!(deadlineMs >= 0)) throw invalidValue('deadlineMs is a number of at least 0', deadlineMs)
}
