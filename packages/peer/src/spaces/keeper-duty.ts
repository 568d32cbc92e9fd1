/*
 * What a peer that stays does for spaces that nobody here uses: it opens those that too few of its kind have open, and
 * keeps them while they exist. So what peers wrote that come and go is there when the last of them is gone.
 *
 * The control group says which they are. It is asked from time to time, while there is anything to keep or to let go of,
 * and soon after it is known to have changed. Several may be told the same: who then finds that enough others keep a
 * space lets go of it.
 */
import { isJoineryError } from '@joinery/crdt-objects'
import { joinSignals } from '@joinery/crdt-objects/engine'
import { type DutyPort } from '../identity/control-client.ts'
import { type KeeperDuty as Duty } from '../identity/keeper-plan.ts'
import { type Membership } from '../membership/membership.ts'

/** What the duty needs of its peer. */
export interface KeeperDutyPorts {
  readonly control: DutyPort
  readonly membership: Pick<Membership, 'spacesElsewhere'>
  readonly spaces: KeptSpaces
}

/** The spaces that a peer keeps for their own sake. */
export interface KeptSpaces {
  readonly kept: readonly string[]
  /** Opens one; settles when that is done, or given up. */
  keep(space: string, signal: AbortSignal): Promise<void>
  /** Ends that. */
  letGo(space: string): Promise<void>
}

const askEveryMs = 2000
/** What changes together is asked for once, and what changes all the time no more often than this. */
const askSoonMs = 250
const openingsMax = 4
const askMaxMs = 5000
/** Whom a space could be taken over from may be gone by now. */
const openMaxMs = 30_000

/** Keeps spaces at one peer. */
export class KeeperDuty {
  readonly #ports: KeeperDutyPorts
  readonly #stopped = new AbortController()
  /** Spaces that are being opened. Invariant: at most `openingsMax`. */
  readonly #opening = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #isAsking = false
  /** Whether the timer is of a change. */
  #isSoon = false

  constructor(ports: KeeperDutyPorts) {
    this.#ports = ports
    this.#schedule(askEveryMs)
  }

  /** Something changed that may be of concern. */
  soon(): void {
    if (this.#isSoon || this.#stopped.signal.aborted) return
    this.#isSoon = true
    this.#schedule(askSoonMs)
  }

  stop(): void {
    this.#stopped.abort()
    clearTimeout(this.#timer)
  }

  /** With jitter: keepers that started together would all open the same. */
  #schedule(delayMs: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped.signal.aborted) return
    const jittered = delayMs * (0.5 + Math.random())
    this.#timer = setTimeout(() => void this.#look(), jittered).unref()
  }

  async #look(): Promise<void> {
    this.#isSoon = false
    const { control, membership, spaces } = this.#ports
    const isConcerned = spaces.kept.length > 0 || membership.spacesElsewhere().size > 0
    if (isConcerned && !this.#isAsking) {
      this.#isAsking = true
      try {
        this.#fulfil(await control.duty(Math.random(), { timeoutMs: askMaxMs }))
      } catch (error) {
        // Without the group nothing is known: it is asked again.
        if (!isJoineryError(error)) throw error
      } finally {
        this.#isAsking = false
      }
    }
    if (!this.#isSoon) this.#schedule(askEveryMs)
  }

  #fulfil({ wanted, spare }: Duty): void {
    if (this.#stopped.signal.aborted) return
    const { spaces } = this.#ports
    const kept = new Set(spaces.kept)
    for (const space of spare) if (kept.has(space)) void spaces.letGo(space)
    for (const space of wanted) {
      if (this.#opening.size >= openingsMax) return
      if (!kept.has(space) && !this.#opening.has(space)) void this.#keep(space)
    }
  }

  async #keep(space: string): Promise<void> {
    this.#opening.add(space)
    const timeout = AbortSignal.timeout(openMaxMs)
    const { signal, clear } = joinSignals(timeout, this.#stopped.signal)
    try {
      await this.#ports.spaces.keep(space, signal)
    } finally {
      clear()
      this.#opening.delete(space)
    }
    // There may be more.
    this.soon()
  }
}
