import { isJoineryError } from '@joinery/crdt-objects'
import { type Budget, type ReplicaId } from '@joinery/crdt-objects/engine'
import { type Dissemination } from '../dissemination/dissemination.ts'
import { type ControlPort, type DutyPort } from '../identity/control-client.ts'
import { type SpaceEvents } from '../membership/events.ts'
import { type Membership } from '../membership/membership.ts'
import { type PeerOptions } from '../options.ts'
import { tickMs } from '../replication/core/contract.ts'
import { WriteCount } from '../replication/counted-state.ts'
import { SpaceDriver } from '../replication/driver.ts'
import { type Reporter } from '../report.ts'
import { HeapBudget, watchHeap } from './heap-budget.ts'
import { KeeperDuty, type KeptSpaces } from './keeper-duty.ts'
import { bothOf, RateBudget } from './rate-budget.ts'
import { checkWanted, isForAnother, type Wanted } from './wanted.ts'

/** What a registry needs of its surroundings. */
export interface RegistryPorts {
  readonly membership: Membership
  readonly dissemination: Dissemination
  readonly control: ControlPort & DutyPort
  /** Whether this peer stays, and keeps spaces before others do. */
  readonly isKeeper: boolean
  /** Whether nobody can be asked, here or elsewhere, and that has been waited for. */
  isCutOff(): boolean
  readonly report: Reporter
  /** Of what lives in the heap, and of what is written in a second; and what is packed. */
  readonly bounds: Pick<PeerOptions, 'heapBytesMax' | 'writeBytesPerSecondMax' | 'idlePackMs'>
}

interface Opened {
  readonly driver: SpaceDriver
  users: number
  /** Whether one of them is this peer itself, which keeps it for its own sake. */
  isKept: boolean
  /** How many of the others have nobody who is in it, as a gateway whose clients have all gone. */
  idle: number
  /** That it is a member and up to date, shared by all who open the space meanwhile. */
  ready: Promise<void>
  /** Set once it closes: who opens the space then waits, and begins anew. */
  closing?: Promise<void>
}

/** How long opening a space waits to be a member of it, before it begins alone. */
const openMaxMs = 5000
/** The same, where the cluster has been waited for in vain already: for whoever is just being connected. */
const cutOffMaxMs = 100
/** The same, while others have the space, and the group is silent: it may have lost its leader, and be busy. */
const leaderlessMaxMs = 15_000
/** The same, while others have the space, and the group answers. */
const joiningMaxMs = 60_000
/** How long opening a space, once it is a member, waits for what others hold. */
const firstSyncMaxMs = 5000
/** When objects that nobody uses are packed where the heap has a bound: without one there is room. */
const boundedPackMs = 30_000
/** How long closing a space waits for another peer to hold what was written. */
const handOverMaxMs = 2000
/** So many peers keep a space, and so many of them hold what is acknowledged. */
const keepers = { keepers: 3, durability: 2 } as const

/** The spaces that are open at this peer, and the way to them for what comes from the network. */
export class SpaceRegistry implements SpaceEvents, KeptSpaces {
  /** What was written here, in all spaces. */
  readonly count: WriteCount
  readonly #ports: RegistryPorts
  readonly #opened = new Map<string, Opened>()
  readonly #duty: KeeperDuty | undefined
  readonly #budget: Budget | undefined
  readonly #idlePackMs: number
  readonly #endHeapWatch: () => void
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #openings = 0
  #unsent = 0

  constructor(ports: RegistryPorts) {
    this.#ports = ports
    const { control, membership, isKeeper, bounds, report } = ports
    const { heapBytesMax, writeBytesPerSecondMax } = bounds
    this.#idlePackMs = bounds.idlePackMs ?? (heapBytesMax === undefined ? Infinity : boundedPackMs)
    const heap = heapBytesMax === undefined ? undefined : new HeapBudget(heapBytesMax, report)
    const rate =
      writeBytesPerSecondMax === undefined
        ? undefined
        : new RateBudget(writeBytesPerSecondMax, report)
    this.#budget = bothOf(heap, rate)
    this.count = new WriteCount((bytes) => rate?.spend(bytes))
    this.#endHeapWatch = heap ? watchHeap(heap) : () => undefined
    this.#duty = isKeeper ? new KeeperDuty({ control, membership, spaces: this }) : undefined
    this.#scheduleTick()
  }

  get drivers(): SpaceDriver[] {
    return [...this.#opened.values()].map(({ driver }) => driver)
  }

  /** Updates that were written to spaces that are closed now, and that nobody is known to hold. */
  get unsent(): number {
    return this.#unsent
  }

  find(name: string): SpaceDriver | undefined {
    return this.#opened.get(name)?.driver
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /**
   * Opens `name`, or joins those who have; each call is to be followed by one of `release`.
   *
   * @throws JoineryError GROUP_BUSY, SPACE_LIFETIME_DIFFERS, SPACE_ENDED
   */
  async acquire(name: string, wanted: Wanted = {}, signal?: AbortSignal): Promise<SpaceDriver> {
    const driver = await this.#acquire(name, wanted, signal, false)
    try {
      checkWanted(driver, wanted)
    } catch (error) {
      await this.#release(driver)
      throw error
    }
    return driver
  }

  /** Nobody is in it through one of the openings, which goes on all the same; or somebody is again. */
  idle(driver: SpaceDriver, isIdle: boolean): void {
    const opened = this.#openedOf(driver)
    if (opened !== undefined) this.#change(opened, () => (opened.idle += isIdle ? 1 : -1))
  }

  /** The spaces that this peer keeps for their own sake. */
  get kept(): string[] {
    return [...this.#opened].flatMap(([name, { isKept }]) => (isKept ? [name] : []))
  }

  /** Opens `name` for its own sake, unless it is already. What fails is only not done. */
  async keep(name: string, signal: AbortSignal): Promise<void> {
    if (this.#isStopped || this.#opened.get(name)?.isKept === true) return
    try {
      await this.#acquire(name, {}, signal, true)
    } catch (error) {
      // Others have taken all slots, or there is nobody to begin from.
      if (!signal.aborted && !isJoineryError(error)) throw error
    }
  }

  /** Keeps `name` no longer; its users still have it. */
  async letGo(name: string): Promise<void> {
    const opened = this.#opened.get(name)
    if (opened?.isKept !== true) return
    opened.isKept = false
    await this.#release(opened.driver)
  }

  async #acquire(
    name: string,
    wanted: Wanted,
    signal: AbortSignal | undefined,
    isToKeep: boolean,
  ): Promise<SpaceDriver> {
    for (let closing = this.#closingOf(name); closing; closing = this.#closingOf(name)) {
      await abortable(closing, signal)
    }
    const found = this.#opened.get(name)
    const opened = found ?? this.#open(name, wanted, isToKeep)
    if (found !== undefined) {
      this.#change(found, () => {
        found.users++
        if (isToKeep) found.isKept = true
      })
    }
    try {
      await abortable(opened.ready, signal)
    } catch (error) {
      if (isToKeep) opened.isKept = false
      await this.#release(opened.driver)
      if (found === undefined || !isForAnother(error)) throw error
      return await this.#acquire(name, wanted, signal, isToKeep)
    }
    return opened.driver
  }

  #closingOf(name: string): Promise<void> | undefined {
    return this.#opened.get(name)?.closing
  }

  /** Undefined once it is closed: of its name another may be open. */
  #openedOf(driver: SpaceDriver): Opened | undefined {
    const opened = this.#opened.get(driver.name)
    return opened?.driver === driver ? opened : undefined
  }

  /** Changes who has it open; where that is news to the group, it is told. */
  #change(opened: Opened, change: () => void): void {
    const before = isUsed(opened)
    change()
    if (isUsed(opened) !== before) opened.driver.contactNow()
  }

  /** Ends one opening; `wasIdle` if nobody was in the space through it. */
  async release(driver: SpaceDriver, wasIdle = false): Promise<void> {
    const opened = this.#openedOf(driver)
    if (opened === undefined) return
    if (wasIdle) opened.idle--
    const hasLifetime = driver.known?.lifetime !== undefined
    if (opened.users > 1 || !hasLifetime || this.#duty === undefined) {
      await this.#release(driver)
      return
    }
    // It lives on without users: who stays does not give it up with the last of them.
    this.#change(opened, () => (opened.isKept = true))
  }

  /** The last one closes the space, and hands over what it wrote if anybody is there to take it. */
  async #release(driver: SpaceDriver): Promise<void> {
    const opened = this.#openedOf(driver)
    if (opened === undefined) return
    this.#change(opened, () => opened.users--)
    if (opened.users > 0) return
    const { name } = driver
    driver.seal()
    if (driver.unconfirmed > 0 && this.#ports.membership.neighboursOf(name).length > 0) {
      // Whether it was held in time or not, the space is closed now.
      await driver.flush({ replicas: 2, timeoutMs: handOverMaxMs }).catch(() => undefined)
      // Opened again meanwhile.
      if (opened.users > 0 || this.#opened.get(name) !== opened) return
    }
    const unsent = driver.unconfirmed
    opened.closing ??= driver.leave(handOverMaxMs).then((isHandedOver) => {
      // It may have ended meanwhile, which was reported.
      if (this.#opened.get(name) !== opened) return
      if (!isHandedOver) this.#onUnsent(name, unsent)
      this.#close(name)
    })
    await opened.closing
  }

  #onUnsent(space: string, unsent: number): void {
    if (unsent === 0) return
    this.#unsent += unsent
    this.#ports.report({ kind: 'space-closed', space, unsent })
  }

  #close(name: string): void {
    const opened = this.#opened.get(name)
    if (opened === undefined) return
    this.#opened.delete(name)
    opened.driver.stop()
    this.#ports.dissemination.leave(name)
    this.#ports.membership.closeSpace(name)
  }

  /** Where the control group is led, it is known first what members of a space have to act on. */
  onControlChange(space: string): void {
    this.find(space)?.contactNow()
    this.#duty?.soon()
  }

  /** The process stood still: what was granted for a time is asked for again. */
  onThaw(): void {
    for (const driver of this.drivers) driver.contactNow()
  }

  stop(): void {
    this.#isStopped = true
    this.#duty?.stop()
    this.#endHeapWatch()
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

  /** Opens it, for the one who asked. */
  #open(name: string, wanted: Wanted, isKept: boolean): Opened {
    const { membership, dissemination, report, control, isKeeper } = this.#ports
    const driver = new SpaceDriver(
      name,
      {
        ...{ dissemination, control, report, budget: this.#budget },
        now: () => Date.now(),
        idlePackMs: this.#idlePackMs,
        queueBytesOf: (peer) => membership.queueBytesOf(peer),
        sendMessage: (space, peer, bytes, isBulk) => {
          membership.sendMessage(space, peer, bytes, isBulk)
        },
        isUsed: () => isUsed(opened),
        onEnded: (space) => {
          report({ kind: 'space-ended', space, unsent: driver.unconfirmed })
          if (this.#openedOf(driver) !== undefined) this.#close(space)
        },
      },
      { ...keepers, ...wanted, isStable: isKeeper, opening: ++this.#openings },
      this.count,
    )
    // There before anything is asked of the group, which is told whether somebody uses it.
    const opened: Opened = { driver, users: 1, isKept, idle: 0, ready: Promise.resolve() }
    const sync = driver.beginFirstSync()
    // What is only kept begins with what others have, or not at all. And who is only slow to join waits: it would show
    // its users an empty space.
    const mayBeginAlone = (isAnswered: boolean, waitedMs: number): boolean => {
      if (membership.neighboursOf(name).length === 0) return isUsed(opened)
      return isUsed(opened) && waitedMs >= (isAnswered ? joiningMaxMs : leaderlessMaxMs)
    }
    const waitMs = this.#ports.isCutOff() ? cutOffMaxMs : openMaxMs
    opened.ready = driver.open(waitMs, mayBeginAlone).then(async () => {
      await driver.endFirstSync(sync, firstSyncMaxMs)
    })
    // Whoever opens it is told; and if all have given up, nobody is.
    opened.ready.catch(() => undefined)
    this.#opened.set(name, opened)
    dissemination.join(name)
    // Once all have been told, it is known who has the space: their state is waited for.
    void membership.openSpace(name).then(() => {
      sync.expect(membership.neighboursOf(name))
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

/** Whether somebody is in it, and it is not only kept. */
function isUsed({ users, isKept, idle }: Opened): boolean {
  return users > idle + (isKept ? 1 : 0)
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
