import type { StrongAnswer, StrongTarget } from '@joinery/crdt-objects/engine'
import type { StrongSchema, Strong } from '@joinery/crdt-objects'
import { StrongCaller } from '#consensus/caller/index.ts'
import type { Held } from '#consensus/objects/kinds/held.ts'
import type { Holding } from '#test/linearizability/fencing.ts'
import type { Random } from '#test/simulation/random.ts'
import type { AttemptParts } from './attempt.ts'
import { ClientProcess } from './client-process.ts'
import { ClientRoute } from './client-route.ts'
import { claimOf, type HistoryRecorder } from './history-recorder.ts'
import { descriptorOf, schemas, type ObjectName } from './objects.ts'
import type { Plan } from './plan.ts'
import type { SimulatedGroup } from './simulated-group.ts'

type OpenHolding = { -readonly [K in keyof Holding]: Holding[K] }

interface ClientParts {
  readonly id: number
  readonly plan: Plan
  readonly group: SimulatedGroup
  readonly recorder: HistoryRecorder
  readonly holdings: OpenHolding[]
  readonly touched: () => void
}

/** The name of the space that all objects are in. */
const SPACE = 'simulation'

/** One client: its process, its way to the group, and what it does. */
export class Client {
  readonly id: number
  readonly process: ClientProcess
  readonly way: AttemptParts
  readonly random: Random
  readonly caller: StrongCaller
  /** It begins nothing more. */
  isStopping = false
  readonly #parts: ClientParts
  readonly #route: ClientRoute
  readonly #targets = new Map<ObjectName, Promise<StrongTarget>>()
  readonly #numbers = new Map<ObjectName, number>()
  readonly #held = new Map<OpenHolding, Held>()
  #sessions = 0

  constructor(parts: ClientParts) {
    const { id, plan, group, touched } = parts
    this.id = id
    this.random = group.random
    this.#parts = parts
    this.process = new ClientProcess(group.clock, plan.driftMax * Math.cos(id + plan.seed), touched)
    this.way = {
      ...{ group, process: this.process, random: group.random, hint: 0 },
      losses: { lost: plan.lostRequests, repeated: plan.repeatedRequests },
      unreachable: new Set(),
    }
    this.#route = new ClientRoute(this.way)
    this.caller = new StrongCaller(
      {
        log: this.#route,
        clock: this.process.clock,
        random: () => this.random.next(),
        newSession: () => `${id.toString(16)}f${(++this.#sessions).toString(16)}`.padStart(32, '0'),
      },
      { leaseMs: plan.leaseMs },
    )
  }

  get nowMs(): number {
    return this.#parts.group.clock.nowMs
  }

  /** Waits a little: at most `msMax`. */
  async rest(msMax: number): Promise<void> {
    await this.process.sleep(this.random.integer(1, msMax))
  }

  /** The object, which is opened the first time. */
  target(name: ObjectName): Promise<StrongTarget> {
    let opening = this.#targets.get(name)
    if (opening === undefined) {
      opening = this.#open(name)
      this.#targets.set(name, opening)
    }
    return opening
  }

  async handle<N extends ObjectName>(
    name: N,
  ): Promise<(typeof schemas)[N] extends StrongSchema ? Strong<(typeof schemas)[N]> : never> {
    const schema = schemas[name]
    if (!('strongKind' in schema)) throw new TypeError(`${name} has no handle of its own`)
    return schema.strongKind.face(await this.target(name), {}) as never
  }

  /** Does an operation, and records it. `raw` are the arguments as the object takes them. */
  async perform(
    object: ObjectName,
    operation: string,
    given: readonly unknown[],
    mode: 'read' | 'command',
    { raw = given, shown = (value) => value, timeoutMs }: PerformOptions = {},
  ): Promise<StrongAnswer | undefined> {
    const target = await this.target(object)
    const number = this.#numbers.get(object)!
    const before = this.#route.lastCalls.get(number)
    const sentAs = () => {
      const last = this.#route.lastCalls.get(number)
      const isNew = last?.session !== before?.session || last?.sequence !== before?.sequence
      return isNew ? last : undefined
    }
    const record = this.#parts.recorder.begin({
      ...{ client: this.id, object, operation, arguments: given },
      ...{ invokedAt: this.nowMs, isRead: mode === 'read', sentAs },
    })
    try {
      const call = { path: [], method: operation, mode, args: raw, options: { timeoutMs } }
      const answer = await target.call(call)
      record.result = shown(answer.value)
      record.index = answer.index
      record.returnedAt = this.nowMs
      record.kind = 'ok'
      return answer
    } catch (error) {
      record.claim = claimOf(error)
      const sent = sentAs()
      Object.assign(record, { sentAs: () => sent })
      return undefined
    }
  }

  /** What is held from now on is to be checked. */
  holds(held: Held, about: Pick<Holding, 'lock' | 'mode' | 'requestedAt'>): OpenHolding {
    const holding: OpenHolding = {
      ...{ ...about, client: this.id, fence: held.fence, acquiredAt: this.nowMs },
      ...{ releasedAt: undefined, isLost: false },
    }
    this.#parts.holdings.push(holding)
    this.#held.set(holding, held)
    return holding
  }

  /** It is about to be given back. */
  givesBack(holding: OpenHolding): void {
    const held = this.#held.get(holding)
    if (held === undefined) return
    this.#held.delete(holding)
    holding.releasedAt = this.nowMs
    // Whoever stood still meanwhile learns late of what it lost.
    const { resumedMs, isPaused } = this.process
    holding.isLost ||= held.lost.aborted || isPaused || resumedMs >= holding.requestedAt
  }

  /** Its process is gone, and says nothing more. */
  die(): void {
    for (const holding of [...this.#held.keys()]) this.givesBack(holding)
    this.process.die()
  }

  async #open(name: ObjectName): Promise<StrongTarget> {
    const descriptor = descriptorOf(name)
    for (;;) {
      try {
        const target = await this.caller.target({ space: SPACE, name, descriptor })
        const { object } = await this.#route.openObject(SPACE, name, descriptor)
        this.#numbers.set(name, object)
        return target
      } catch {
        await this.rest(100)
      }
    }
  }
}

interface PerformOptions {
  readonly raw?: readonly unknown[]
  readonly shown?: (value: unknown) => unknown
  readonly timeoutMs?: number | undefined
}
