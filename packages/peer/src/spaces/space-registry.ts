import { type Identity } from '@joinery/crdt-objects'
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type Dissemination } from '../dissemination/dissemination.ts'
import { type SpaceEvents } from '../membership/events.ts'
import { type Membership } from '../membership/membership.ts'
import { tickMs } from '../replication/core/contract.ts'
import { type WriteCount } from '../replication/counted-state.ts'
import { SpaceDriver } from '../replication/driver.ts'
import { type Reporter } from '../report.ts'

/** What a registry needs of its surroundings. */
export interface RegistryPorts {
  readonly membership: Membership
  readonly dissemination: Dissemination
  readonly identity: () => Identity
  readonly report: Reporter
  readonly count: WriteCount
}

interface Opened {
  readonly driver: SpaceDriver
  users: number
  /** The first synchronisation, shared by all who open the space meanwhile. */
  readonly ready: Promise<void>
}

/** How long opening a space waits for the state that others hold. */
const firstSyncMaxMs = 5000
/** How long closing a space waits for another peer to hold what was written. */
const handOverMaxMs = 2000

/** The spaces that are open at this peer, and the way to them for what comes from the network. */
export class SpaceRegistry implements SpaceEvents {
  readonly #ports: RegistryPorts
  readonly #opened = new Map<string, Opened>()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(ports: RegistryPorts) {
    this.#ports = ports
    this.#scheduleTick()
  }

  get drivers(): SpaceDriver[] {
    return [...this.#opened.values()].map(({ driver }) => driver)
  }

  find(name: string): SpaceDriver | undefined {
    return this.#opened.get(name)?.driver
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Opens `name`, or joins those who have; each call is to be followed by one of `release`. */
  async acquire(name: string, signal?: AbortSignal): Promise<SpaceDriver> {
    const opened = this.#opened.get(name) ?? this.#open(name)
    opened.users++
    try {
      await abortable(opened.ready, signal)
    } catch (error) {
      await this.release(name)
      throw error
    }
    return opened.driver
  }

  /** The last one closes the space, and hands over what it wrote if anybody is there to take it. */
  async release(name: string): Promise<void> {
    const opened = this.#opened.get(name)
    if (opened === undefined || --opened.users > 0) return
    const { driver } = opened
    driver.seal()
    const { membership, dissemination } = this.#ports
    if (driver.unconfirmed > 0 && membership.neighboursOf(name).length > 0) {
      // Whether it was held in time or not, the space is closed now.
      await driver.flush({ replicas: 2, timeoutMs: handOverMaxMs }).catch(() => undefined)
      // Opened again meanwhile.
      if (opened.users > 0 || this.#opened.get(name) !== opened) return
    }
    this.#opened.delete(name)
    driver.stop()
    dissemination.leave(name)
    membership.closeSpace(name)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    for (const driver of this.drivers) driver.stop()
    this.#opened.clear()
  }

  onNeighbourUp(space: string, peer: string): void {
    this.find(space)?.neighbourUp(peer)
  }

  onNeighbourDown(space: string, peer: string): void {
    this.find(space)?.neighbourDown(peer)
  }

  onMessage(space: string, peer: string, bytes: Uint8Array): void {
    this.find(space)?.message(peer, bytes)
  }

  onBatch(space: string, peer: string, batch: Uint8Array): void {
    this.find(space)?.batch(peer, batch)
  }

  onAnnounced(space: string, peer: string, origin: ReplicaId, last: number): void {
    this.find(space)?.announced(peer, origin, last)
  }

  #open(name: string): Opened {
    const { membership, dissemination, report, identity, count } = this.#ports
    const driver = new SpaceDriver(
      name,
      identity().replica,
      {
        dissemination,
        report,
        now: () => Date.now(),
        sendMessage: (space, peer, bytes, isBulk) => {
          membership.sendMessage(space, peer, bytes, isBulk)
        },
      },
      count,
    )
    let onTold!: (peers: Iterable<string>) => void
    const told = new Promise<Iterable<string>>((resolve) => {
      onTold = resolve
    })
    const opened = { driver, users: 0, ready: driver.firstSync(told, firstSyncMaxMs) }
    this.#opened.set(name, opened)
    dissemination.join(name)
    // Once all have been told, it is known who has the space: their state is waited for.
    void membership.openSpace(name).then(() => {
      onTold(membership.neighboursOf(name))
    })
    return opened
  }

  /** One timer for all spaces, with jitter: peers that started together do not go on in step. */
  #scheduleTick(): void {
    this.#timer = setTimeout(
      () => {
        for (const driver of this.drivers) driver.tick(Math.random())
        this.#scheduleTick()
      },
      tickMs * (0.8 + 0.4 * Math.random()),
    )
    this.#timer.unref()
  }
}

/** `promise`, unless `signal` aborts first: then the signal's own reason. */
async function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await promise
  signal.throwIfAborted()
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}
