import {
  isJoineryError,
  JoineryError,
  type Outcome,
  type Shareable,
  type StrongSchema,
  type WaitOptions,
} from '@joinery/crdt-objects'
import {
  encodeValue,
  joinSignals,
  type StrongAnswer,
  type StrongTarget,
  Writer,
} from '@joinery/crdt-objects/engine'
import { checkCount, checkDelay, checkLease } from './arguments.ts'
import { defineKind } from './define-kind.ts'
import { type Delivery, QueueDelivery } from './delivery.ts'
import type { HoldOptions } from './held.ts'
import { checkWait, type KindBase, KindHandle } from './kind-handle.ts'
import { type DeadEntry, QueueObject, type QueueValue, type Taken } from './queue-object.ts'
import { Tenure } from './tenure.ts'

/** Items that one command puts: many, and never so large that it holds up the others. */
const BATCH_ITEMS_MAX = 1024
const BATCH_BYTES_MAX = 256 * 1024
/** Beyond, a command is refused whatever else is in it. */
const ITEM_BYTES_MAX = 1024 * 1024

export interface QueueOptions {
  /** How many items it has room for, those that are claimed included; `put` waits for room. Default: a million, and `put` fails. */
  readonly capacity?: number | undefined
  /** How often an item is claimed: one that is given back after the last time is dead. Default: for ever. */
  readonly attemptsMax?: number | undefined
}

export interface PutOptions extends WaitOptions {
  /** Nobody gets the item before this time has passed. */
  readonly delayMs?: number | undefined
}

export interface ClaimOptions extends HoldOptions, WaitOptions {}

/** An item that was given back too often. */
export interface DeadItem<T> {
  readonly id: string
  readonly item: T
  readonly attempts: number
}

/** The handle of a queue. */
export interface QueueHandle<T> extends KindBase<QueueValue> {
  /**
   * Puts an item last, once there is room.
   *
   * @throws JoineryError QUEUE_CLOSED, CALL_TIMEOUT, GROUP_BUSY
   */
  put(item: T, options?: PutOptions): Promise<void>
  /** Puts items in their order, many at a time. Of a failure with the outcome `unknown` some are put. */
  putAll(items: Iterable<T>, options?: PutOptions): Promise<void>
  /**
   * Waits for an item, and has it for good: if its taker dies, it is gone.
   *
   * @throws JoineryError QUEUE_CLOSED when none is left and none can come, CALL_TIMEOUT, SESSION_EXPIRED
   */
  take(options?: WaitOptions): Promise<T>
  /** Never waits: `undefined` when none is ready. */
  tryTake(): Promise<T | undefined>
  /**
   * Waits for an item, and has it until it is completed or given back: if its claimer dies, another gets it.
   *
   * @throws JoineryError QUEUE_CLOSED when none is left and none can come, CALL_TIMEOUT, SESSION_EXPIRED
   */
  claim(options?: ClaimOptions): Promise<Delivery<T>>
  /** Claims one item after the other, until the queue is closed and every item is completed or dead. */
  deliveries(options?: ClaimOptions): AsyncIterable<Delivery<T>>
  /** Takes no more items; those that are there are still given out. */
  close(): Promise<void>
  /** The first so many items that are dead. */
  dead(countMax?: number): Promise<readonly DeadItem<T>[]>
  /** Takes the first item that is dead. Never waits. */
  tryTakeDead(): Promise<DeadItem<T> | undefined>
}

export type QueueSchema<T> = StrongSchema<{
  readonly value: QueueValue
  readonly strong: QueueHandle<T>
}>

class Queue<T> extends KindHandle<QueueValue> implements QueueHandle<T> {
  private readonly batchMax: number

  constructor(target: StrongTarget, options: WaitOptions, batchMax: number) {
    super(target, options)
    this.batchMax = batchMax
  }

  protected override remade(options: WaitOptions): this {
    return new Queue<T>(this.target, options, this.batchMax) as this
  }

  async put(item: T, options: PutOptions = {}): Promise<void> {
    await this.putBatch([item], options)
  }

  async putAll(items: Iterable<T>, options: PutOptions = {}): Promise<void> {
    let count = 0
    for (const batch of batchesOf(items, this.batchMax)) {
      try {
        await this.putBatch(batch, options)
      } catch (error) {
        throw count === 0 ? error : putSome(error, count)
      }
      count += batch.length
    }
  }

  async take(options: WaitOptions = {}): Promise<T> {
    const wait = this.waitOf(checkWait('take', options))
    return ((await this.command('take', [], wait, this.untake)).value as Taken).item as T
  }

  async tryTake(): Promise<T | undefined> {
    const { value } = await this.command('tryTake', [], this.options, this.untake)
    return (value as Taken | undefined)?.item as T | undefined
  }

  async claim(options: ClaimOptions = {}): Promise<Delivery<T>> {
    const leaseMs = checkLease(checkWait('claim', options, claimOptions).leaseMs)
    const sentMs = this.target.clock.nowMs()
    const wait = this.waitOf(options)
    const answer = await this.command('claim', [leaseMs], wait, ({ value }) => {
      const { id, attempt } = value as Taken
      // If this is lost too, the session's end gives it back.
      this.command('unclaim', [id, attempt], {}).catch(() => undefined)
    })
    const { id, item, attempt } = answer.value as Taken
    const ask = async (method: string, ...args: readonly unknown[]): Promise<boolean> => {
      return (await this.command(method, [id, attempt, ...args], {})).value === true
    }
    const renew = () => ask('renew', leaseMs)
    const tenure = await Tenure.begin({ target: this.target, leaseMs, sentMs, answer, renew })
    return new QueueDelivery({
      id: this.idOf(id),
      item: item as T,
      attempt,
      tenure,
      complete: () => ask('complete'),
      release: async (delayMs) => await ask('giveBack', checkDelay(delayMs)),
    })
  }

  deliveries(options: ClaimOptions = {}): AsyncIterable<Delivery<T>> {
    checkWait('deliveries', options, claimOptions)
    return {
      [Symbol.asyncIterator]: () => new Deliveries((signal) => this.claimUntil(options, signal)),
    }
  }

  async close(): Promise<void> {
    await this.command('close', [])
  }

  async dead(countMax = 1000): Promise<readonly DeadItem<T>[]> {
    const args = [checkCount('how many items', countMax)]
    const { value } = await this.query('deadItems', args, this.options)
    return (value as readonly DeadEntry[]).map((entry) => this.deadOf(entry))
  }

  async tryTakeDead(): Promise<DeadItem<T> | undefined> {
    const value = (await this.command('tryTakeDead', [])).value as DeadEntry | undefined
    return value === undefined ? undefined : this.deadOf(value)
  }

  private async putBatch(items: readonly T[], options: PutOptions): Promise<void> {
    const { delayMs } = checkWait('put', options, ['delayMs', 'timeoutMs', 'signal'])
    await this.command('put', [items, checkDelay(delayMs)], this.waitOf(options))
  }

  private async claimUntil(options: ClaimOptions, stop: AbortSignal): Promise<Delivery<T>> {
    const { signal, clear } = joinSignals(this.waitOf(options).signal, stop)
    try {
      return await this.claim({ ...options, signal })
    } finally {
      clear()
    }
  }

  private readonly untake = ({ value }: StrongAnswer): void => {
    const taken = value as Taken | undefined
    if (taken === undefined) return
    const { id, item, attempt } = taken
    this.command('untake', [id, item, attempt], {}).catch(() => undefined)
  }

  private idOf(id: number): string {
    return `${this.name}/${id}`
  }

  private deadOf({ id, item, attempts }: DeadEntry): DeadItem<T> {
    return { id: this.idOf(id), item: item as T, attempts }
  }
}

const claimOptions = ['leaseMs', 'timeoutMs', 'signal']

/** Claims for as long as somebody asks. Several may ask at once. */
class Deliveries<T> implements AsyncIterator<Delivery<T>, undefined> {
  private readonly claim: (stop: AbortSignal) => Promise<Delivery<T>>
  private readonly stop = new AbortController()

  constructor(claim: (stop: AbortSignal) => Promise<Delivery<T>>) {
    this.claim = claim
  }

  async next(): Promise<IteratorResult<Delivery<T>, undefined>> {
    if (this.stop.signal.aborted) return { done: true, value: undefined }
    try {
      return { done: false, value: await this.claim(this.stop.signal) }
    } catch (error) {
      const isOver = this.stop.signal.aborted || isJoineryError(error, 'QUEUE_CLOSED')
      this.stop.abort()
      if (!isOver) throw error
      return { done: true, value: undefined }
    }
  }

  return(): Promise<IteratorResult<Delivery<T>, undefined>> {
    this.stop.abort()
    return Promise.resolve({ done: true, value: undefined })
  }
}

/** Items in parts that one command can carry. */
function* batchesOf<T>(items: Iterable<T>, countMax: number): Generator<readonly T[]> {
  let [batch, bytes]: [T[], number] = [[], 0]
  for (const item of items) {
    const writer = new Writer(64, ITEM_BYTES_MAX)
    encodeValue(writer, item)
    const size = writer.length
    if (batch.length === countMax || (batch.length > 0 && bytes + size > BATCH_BYTES_MAX)) {
      yield batch
      ;[batch, bytes] = [[], 0]
    }
    batch.push(item)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

/** The failure of a `putAll` of which `count` items are put: "nothing was applied" would be untrue. */
function putSome(error: unknown, count: number): unknown {
  if (!isJoineryError(error)) return error
  const outcome: Outcome = 'unknown'
  const details = { ...error.details, outcome } as typeof error.details
  const message = `${error.message} The first ${count} items were put.`
  return new JoineryError(error.code, message, details, { cause: error })
}

const build = defineKind<
  [{ readonly capacity: number; readonly attemptsMax: number }],
  QueueSchema<unknown>['~types']
>({
  name: 'queue',
  Class: QueueObject,
  commands: [
    ...['put', 'take', 'tryTake', 'untake', 'close', 'tryTakeDead'],
    ...['claim', 'complete', 'giveBack', 'unclaim', 'renew'],
  ],
  reads: ['deadItems'],
  text: ({ capacity, attemptsMax }) => {
    const options: string[] = []
    if (capacity > 0) options.push(`capacity: ${capacity}`)
    if (attemptsMax > 0) options.push(`attemptsMax: ${attemptsMax}`)
    return options.length === 0 ? 'queue()' : `queue({ ${options.join(', ')} })`
  },
  // A part of the room: all of it would have to be free at once.
  face: (target, options, [{ capacity }]) => {
    const room = capacity === 0 ? Infinity : Math.ceil(capacity / 4)
    return new Queue(target, options, Math.min(room, BATCH_ITEMS_MAX))
  },
})

/** Items that each go to one of those who ask, first in first out. */
export function queue<T = unknown>(options: QueueOptions = {}): QueueSchema<Shareable<T>> {
  const { capacity, attemptsMax } = checkWait('a queue', options, ['capacity', 'attemptsMax'])
  const checked = {
    capacity: capacity === undefined ? 0 : checkCount('the capacity of a queue', capacity),
    attemptsMax: attemptsMax === undefined ? 0 : checkCount('the number of attempts', attemptsMax),
  }
  return build(checked) as unknown as QueueSchema<Shareable<T>>
}
