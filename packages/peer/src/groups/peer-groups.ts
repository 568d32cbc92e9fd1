import type { GroupMemberSummary, GroupSummary, ObjectSummary } from '@joinery/client/protocol'
import { parseDescriptor } from '@joinery/crdt-objects/engine'
import { toString } from 'uint8arrays/to-string'
import { type StrongHost } from '../gateway/host.ts'
import { ControlClient } from '../identity/control-client.ts'
import { ControlDriver } from '../identity/control-driver.ts'
import { controlPlace } from '../identity/control-object.ts'
import { askKeepers } from '../identity/operator-word.ts'
import { type Membership } from '../membership/membership.ts'
import { type Reporter } from '../report.ts'
import { type SpaceRegistry } from '../spaces/space-registry.ts'
import { lookAt } from './carry-out.ts'
import { ClusterFile } from './cluster-record.ts'
import { type Footing } from './footing.ts'
import { GroupHost } from './group-host.ts'
import type { GroupLook } from './group-request.ts'
import { ledControl } from './led-control.ts'
import { memberMaking } from './member-maker.ts'
import { RoutedLog } from './routed-log.ts'
import { SpaceVisibility } from './space-visibility.ts'
import { StrongObjects } from './strong-objects.ts'
import { Turns } from './turns.ts'

/** What the groups of a peer need of it. */
export interface PeerGroupsPorts {
  readonly selfId: string
  membership(): Membership
  registry(): SpaceRegistry
  readonly report: Reporter
  /** In a space something changed that its members must act on: told where the control group is led. */
  onControlChange?(space: string, revision: number): void
}

export interface PeerGroupsOptions {
  readonly footing: Footing
  readonly directory: string | undefined
  readonly votersMax?: number | undefined
  readonly voterReplaceMs?: number | undefined
}

const votersMaxDefault = 5
const voterReplaceMsDefault = 60_000
const settleMs = 500
const lookMaxMs = 1000
const sweepMaxMs = 5000
const addressesMax = 64

/** Strong mode at one peer: the one place where its parts are put together. */
export class PeerGroups {
  readonly host: GroupHost
  readonly log: RoutedLog
  readonly objects: StrongObjects
  readonly visibility: SpaceVisibility
  /** The way to the group that keeps identities. */
  readonly control: ControlClient
  readonly #driver: ControlDriver
  readonly #ports: PeerGroupsPorts
  readonly #options: PeerGroupsOptions
  readonly #file: ClusterFile

  constructor(ports: PeerGroupsPorts, options: PeerGroupsOptions) {
    const { footing, directory } = options
    const { report } = ports
    const turns = new Turns(() => this.host.directory.size === 0)
    this.#ports = ports
    this.#options = options
    this.#file = new ClusterFile(directory, footing.record)
    this.host = new GroupHost(
      {
        links: {
          send: (peer, bytes, isBulk) => ports.membership().sendOnLink(peer, bytes, isBulk),
          queueBytesOf: (peer) => ports.membership().queueBytesOf(peer),
          defer: queueMicrotask,
        },
        ...memberMaking(this.#file, directory, turns.defer),
        file: this.#file,
        report,
        now: () => performance.now(),
        clusterId: () => toString(footing.cluster.id ?? new Uint8Array(0), 'hex'),
      },
      {
        isCandidate: footing.isCandidate,
        isDurable: directory !== undefined,
        votersMax: options.votersMax ?? votersMaxDefault,
        voterReplaceMs: options.voterReplaceMs ?? voterReplaceMsDefault,
        settleMs,
      },
    )
    this.log = new RoutedLog(this.host.requests)
    this.visibility = new SpaceVisibility({
      find: (space) => ports.registry().find(space),
      hasOther: (space) => ports.membership().neighboursOf(space).length > 0,
      report,
    })
    this.objects = new StrongObjects(this.log, this.visibility)
    this.control = new ControlClient(this.objects.caller)
    this.#driver = new ControlDriver({
      ...{ control: this.control, report, now: () => performance.now() },
      sweep: async (space) => await this.log.endSpace(space, { timeoutMs: sweepMaxMs }),
      led: () => ledControl(this.host.memberOf(controlPlace.group)),
      onChange: (space, revision) => ports.onControlChange?.(space, revision),
    })
  }

  /** Begins with what the peer stands on. */
  async start(): Promise<void> {
    const { beginning } = this.#options.footing
    if (beginning === 'found') await this.host.found()
    else if (beginning === 'restore') await this.host.restore()
    this.#driver.start()
  }

  /** What a gateway of this peer serves. */
  get served(): StrongHost {
    return {
      ...{ log: this.log, visibility: this.visibility },
      ask: (request, settle) => this.log.ask({ ...request, isForClient: true }, settle),
      groups: async () => await this.groups(),
      objects: async (space) => await this.#objectsOf(space),
      replaceVoter: async (group, node) => {
        await this.log.replaceVoter(group, node, { timeoutMs: lookMaxMs })
      },
      keepers: async (space, isWordGiven) => await askKeepers(this.control, space, isWordGiven),
    }
  }

  /** Every group as its leader sees it; where none answers, as the member here does. */
  async groups(): Promise<readonly GroupSummary[]> {
    const looks = await Promise.all(this.#groups().map(async (group) => await this.#look(group)))
    return looks.map(({ group, leader, term, voters, learners, applied, sessions, parked }) => ({
      ...{ group, leader, term, applied, sessions, parked },
      voters: voters.map((node) => this.#summaryOf(group, node)),
      learners: learners.map((node) => this.#summaryOf(group, node)),
    }))
  }

  /** To be called from time to time: remembers where the members listen that will be back, for when all restart. */
  keepAddresses(): void {
    if (this.#options.directory === undefined || this.host.groupCount === 0) return
    const durable = new Set<string>()
    for (const [peer, { isDurable }] of this.host.directory.peers) if (isDurable) durable.add(peer)
    const now = this.#ports
      .membership()
      .neighbours.filter(({ id }) => durable.has(id))
      .flatMap(({ addresses }) => addresses.map(withoutPeerId))
    const known = this.#file.record.addresses
    if (now.every((address) => known.includes(address))) return
    const addresses = [...new Set([...now, ...known])].slice(0, addressesMax)
    this.#file.change({ addresses }).catch((error: unknown) => {
      this.#ports.report({ kind: 'group-storage-failed', group: undefined, error })
    })
  }

  /** Gives back what the peer's session holds, and hands over to the other voters. */
  async leave(): Promise<void> {
    this.#driver.stop()
    await this.objects.close()
    await this.host.handOver()
  }

  async stop(): Promise<void> {
    this.#driver.stop()
    await this.host.stop()
  }

  #groups(): number[] {
    return Array.from({ length: this.host.groupCount }, (_, group) => group)
  }

  async #objectsOf(space: string): Promise<readonly ObjectSummary[]> {
    const options = { timeoutMs: lookMaxMs }
    const lists = this.#groups().map(async (group) => await this.log.list(group, space, options))
    return (await Promise.all(lists))
      .flat()
      .map(({ name, descriptor }) => ({ name, descriptor, fingerprint: fingerprintOf(descriptor) }))
  }

  #summaryOf(group: number, node: number): GroupMemberSummary {
    const isOwn = this.host.memberOf(group)?.node.id === node
    const peer = isOwn ? this.#ports.selfId : this.host.directory.peerOf(node)
    return { node, peer: peer ?? '' }
  }

  async #look(group: number): Promise<GroupLook> {
    try {
      return await this.log.look(group, { timeoutMs: lookMaxMs })
    } catch {
      const member = this.host.memberOf(group)
      return member === undefined ? unseen(group) : lookAt(group, member)
    }
  }
}

function unseen(group: number): GroupLook {
  return {
    ...{ group, leader: 0, term: 0, voters: [], learners: [] },
    ...{ applied: 0, position: 0, sessions: 0, parked: 0 },
  }
}

/** A peer that starts again has another id at the same address. */
function withoutPeerId(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '')
}

/** Of classes there is none: their descriptors alone tell them apart. */
function fingerprintOf(descriptor: string): string {
  try {
    return parseDescriptor(descriptor).fingerprint
  } catch {
    return ''
  }
}
