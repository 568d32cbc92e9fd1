import type { Held } from '@joinery/consensus'
import { isJoineryError, type Space, type Spaces, type Strong } from '@joinery/crdt-objects'
import { Random } from '#test/simulation/random.ts'
import { epochKinds, keys, type Kind, locks, schemas, spaceName } from './objects.ts'
import { beginOperation, performing } from './observe.ts'
import { nowUs, type Recorder } from './records.ts'

export interface WorkOptions {
  readonly client: number
  readonly seed: number
  /** When the first epoch began. */
  readonly startUs: number
  readonly epochMs: number
}

/** The part of a lease after which a holder that stood still does not rely on its timers. */
const certainPart = 0.7
const sessionLeaseMs = 10_000
const timeoutsMs = [300, 2_000, 8_000]
const restMsMax = 30

let holdings = 0

/** One client, which does one thing after the other, and writes down each. */
export class Worker {
  isStopped = false
  readonly #spaces: Spaces
  readonly #recorder: Recorder
  readonly #options: WorkOptions
  readonly #random: Random
  readonly #opened = new Map<string, unknown>()
  #space: Space | undefined
  #values = 0
  /** What it saw last in a register: what a comparison may find. */
  #seen = 0

  constructor(spaces: Spaces, recorder: Recorder, options: WorkOptions) {
    this.#spaces = spaces
    this.#recorder = recorder
    this.#options = options
    this.#random = new Random(options.seed)
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      await this.attempt(() => this.#step())
      await new Promise((resolve) => setTimeout(resolve, this.#random.integer(0, restMsMax)))
    }
  }

  /** Failures of operations are written down; what else fails is tried again. */
  async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      // A bug of the product is none of these, and must not pass for a fault of the network.
      if (!isJoineryError(error)) throw error
    }
  }

  async #step(): Promise<void> {
    const draw = this.#random.next()
    if (draw < 0.1) return await this.#hold(this.#random.pick(['guard', 'door'] as const))
    if (draw < 0.2) return await this.#work()
    if (draw < 0.3) {
      const total = await this.open('total', 'counter')
      await this.perform('total', 'addAndGet', [1], (wait) => total.with(wait).addAndGet(1))
      return
    }
    const { startUs, epochMs } = this.#options
    const epoch = Math.floor((nowUs() - startUs) / 1000 / epochMs)
    await this[this.#random.pick(epochKinds)](epoch)
  }

  async register(epoch: number): Promise<void> {
    const name = `register ${epoch}`
    const handle = await this.open(name, 'register')
    const value = this.#newValue()
    switch (this.#random.integer(0, 3)) {
      case 0: {
        const seen = await this.perform(name, 'read', [], (wait) => handle.with(wait).read())
        this.#seen = seen
        return
      }
      case 1:
        return await this.perform(name, 'set', [value], (wait) => handle.with(wait).set(value))
      case 2:
        this.#seen = await this.perform(name, 'getAndSet', [value], (wait) =>
          handle.with(wait).getAndSet(value),
        )
        return
      default: {
        const expected = this.#seen
        await this.perform(name, 'compareAndSet', [expected, value], (wait) =>
          handle.with(wait).compareAndSet(expected, value),
        )
      }
    }
  }

  async counter(epoch: number): Promise<void> {
    const name = `counter ${epoch}`
    const handle = await this.open(name, 'counter')
    const n = this.#random.integer(1, 5)
    switch (this.#random.integer(0, 3)) {
      case 0:
        await this.perform(name, 'read', [], (wait) => handle.with(wait).read())
        return
      case 1:
        return await this.perform(name, 'add', [n], (wait) => handle.with(wait).add(n))
      case 2:
        await this.perform(name, 'addAndGet', [n], (wait) => handle.with(wait).addAndGet(n))
        return
      default: {
        const bounds = { max: 200 }
        await this.perform(name, 'addIf', [n, bounds], (wait) => handle.with(wait).addIf(n, bounds))
      }
    }
  }

  async map(epoch: number): Promise<void> {
    const handle = await this.open(`map ${epoch}`, 'map')
    const key = this.#random.pick(keys)
    const name = `map ${epoch}/${key}`
    const value = this.#newValue()
    switch (this.#random.integer(0, 3)) {
      case 0:
        await this.perform(name, 'get', [key], (wait) => handle.with(wait).get(key))
        return
      case 1:
        return await this.perform(name, 'set', [key, value], (wait) =>
          handle.with(wait).set(key, value),
        )
      case 2:
        await this.perform(name, 'putIfAbsent', [key, value], (wait) =>
          handle.with(wait).putIfAbsent(key, value),
        )
        return
      default:
        await this.perform(name, 'take', [key], (wait) => handle.with(wait).take(key))
    }
  }

  async set(epoch: number): Promise<void> {
    const handle = await this.open(`set ${epoch}`, 'set')
    const member = this.#random.pick(keys)
    const name = `set ${epoch}/${member}`
    const verb = this.#random.pick(['has', 'addIfAbsent', 'deleteIfPresent'] as const)
    await this.perform(name, verb, [member], (wait) => handle.with(wait)[verb](member))
  }

  async queue(epoch: number): Promise<void> {
    const name = `queue ${epoch}`
    const handle = await this.open(name, 'queue')
    if (this.#random.chance(0.5)) {
      const item = this.#newValue()
      return await this.perform(name, 'put', [item], (wait) => handle.put(item, wait))
    }
    await this.perform(name, 'tryTake', [], (wait) => handle.with(wait).tryTake())
  }

  /** Takes a lock, and writes its fence where the lock says who may. */
  async #hold(name: keyof typeof locks): Promise<void> {
    const [guard, ledger] = await Promise.all([
      this.open(name, 'lock'),
      this.open('ledger', 'register'),
    ])
    const leaseMs = locks[name]
    const requestedAt = nowUs()
    const options = { timeoutMs: this.#random.pick(timeoutsMs) }
    const held = await guard.acquire(leaseMs === 0 ? options : { ...options, leaseMs })
    const acquiredAt = nowUs()
    const id = holdings++
    const { client } = this.#options
    this.#recorder.write({
      ...{ kind: 'held', id, lock: name, client, fence: String(held.fence) },
      ...{ requestedAt, acquiredAt },
    })
    try {
      const fence = Number(held.fence)
      // One lock guards the ledger; the other is held for nothing.
      if (name === 'guard') {
        await this.perform('ledger', 'set', [fence], (wait) => ledger.with(wait).set(fence))
      }
      await new Promise((resolve) => setTimeout(resolve, this.#random.integer(0, 20)))
    } finally {
      // Written down before it is given back.
      const at = nowUs()
      const certainUs = (leaseMs === 0 ? sessionLeaseMs : leaseMs) * 1000 * certainPart
      const isLost = held.lost.aborted || at - acquiredAt > certainUs
      this.#recorder.write({ kind: 'released', id, at, isLost })
      await this.#release(held)
    }
  }

  /** Until it is given back: nobody else would get it. */
  async #release(held: Held): Promise<void> {
    for (let isReleased = false; !isReleased;) {
      await this.attempt(async () => {
        await held.release()
        isReleased = true
      })
    }
  }

  /** Puts an item, or claims one and completes it. */
  async #work(): Promise<void> {
    const items = await this.open('items', 'work')
    if (this.#random.chance(0.5)) {
      const item = this.#newValue()
      return await this.perform('items', 'put', [item], (wait) => items.put(item, wait))
    }
    await this.claimOne(items, { leaseMs: 2_000, timeoutMs: this.#random.pick(timeoutsMs) })
  }

  async claimOne(
    items: Strong<(typeof schemas)['work']>,
    options: { readonly leaseMs: number; readonly timeoutMs: number },
  ): Promise<void> {
    const delivery = await items.claim(options)
    const { item, attempt } = delivery
    await this.perform('items', 'complete', [item, attempt], () => delivery.complete())
  }

  /** Does an operation, and writes down what it sees of it. */
  async perform<R>(
    object: string,
    operation: string,
    given: readonly unknown[],
    work: (wait: { readonly timeoutMs: number }) => PromiseLike<R>,
  ): Promise<R> {
    const { client } = this.#options
    const operating = beginOperation(this.#recorder, { client, object, operation }, given)
    const { op } = operating
    const wait = { timeoutMs: this.#random.pick(timeoutsMs) }
    try {
      const result = await performing.run(operating, async () => await work(wait))
      this.#recorder.write({ kind: 'end', op, result, at: nowUs(), index: operating.index })
      return result
    } catch (error) {
      const { code, details } = isJoineryError(error) ? error : { code: 'none', details: {} }
      const { outcome } = details as { readonly outcome?: unknown }
      this.#recorder.write({ kind: 'fail', op, at: nowUs(), outcome, code })
      throw error
    }
  }

  async open<K extends Kind>(name: string, kind: K): Promise<Strong<(typeof schemas)[K]>> {
    let handle = this.#opened.get(name)
    if (handle === undefined) {
      this.#space ??= await this.#spaces.space(spaceName)
      const schema = schemas[kind]
      handle =
        'strongKind' in schema
          ? await this.#space.open(name, schema)
          : await this.#space.open(name, schema, { mode: 'linearizable' })
      this.#opened.set(name, handle)
    }
    return handle as Strong<(typeof schemas)[K]>
  }

  #newValue(): number {
    return this.#options.client * 1_000_000 + ++this.#values
  }
}
