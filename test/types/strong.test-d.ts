/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unsafe-call -- schemas are here for their types only, and misuse is what is wanted */
/* The handles of strong kinds, and what of them must not compile. Nothing here runs. */
import {
  barrier,
  type BarrierHandle,
  type DeadItem,
  type Delivery,
  type election,
  type ElectionHandle,
  future,
  type FutureHandle,
  type FutureSchema,
  type Held,
  type latch,
  type LatchHandle,
  lock,
  type LockHandle,
  type LockSchema,
  queue,
  type QueueHandle,
  type QueueSchema,
  semaphore,
  type SemaphoreHandle,
  type sequence,
  type SequenceHandle,
} from '@joinery/consensus'
import {
  type Change,
  counter,
  isJoineryError,
  map,
  type Strong,
  struct,
} from '@joinery/crdt-objects'
import { expectTypeOf } from 'expect-type'

interface Job {
  readonly from: number
  readonly to?: number
}

const Work = queue<Job>({ capacity: 10, attemptsMax: 3 })
const Result = future<ReadonlyMap<string, number>>()

expectTypeOf<Strong<LockSchema>>().toEqualTypeOf<LockHandle>()
expectTypeOf(lock()).toEqualTypeOf<LockSchema>()
expectTypeOf(Work).toEqualTypeOf<QueueSchema<Job>>()
expectTypeOf<Strong<typeof Work>>().toEqualTypeOf<QueueHandle<Job>>()
expectTypeOf(Result).toEqualTypeOf<FutureSchema<ReadonlyMap<string, number>>>()

declare const mutex: Strong<LockSchema>
expectTypeOf(mutex.acquire()).toEqualTypeOf<Promise<Held>>()
expectTypeOf(
  mutex.acquire({ mode: 'shared', leaseMs: 10, timeoutMs: 10 }),
).resolves.toEqualTypeOf<Held>()
expectTypeOf(mutex.tryAcquire({ leaseMs: 10 })).toEqualTypeOf<Promise<Held | undefined>>()
expectTypeOf(mutex.request(() => 1)).toEqualTypeOf<Promise<number>>()
expectTypeOf(mutex.request({ timeoutMs: 1 }, async (held) => held.fence)).toEqualTypeOf<
  Promise<bigint>
>()
expectTypeOf<Held['fence']>().toEqualTypeOf<bigint>()
expectTypeOf<Held['lost']>().toEqualTypeOf<AbortSignal>()
expectTypeOf<Held>().toExtend<AsyncDisposable>()
expectTypeOf(mutex.with({ timeoutMs: 10 }).name).toEqualTypeOf<string>()
expectTypeOf(mutex.read()).resolves.toHaveProperty('mode')
expectTypeOf(mutex.until(({ waiting }) => waiting > 0)).resolves.toHaveProperty('holders')
expectTypeOf(mutex.changes()).toExtend<AsyncIterable<Change>>()

declare const gate: SemaphoreHandle
expectTypeOf(gate).toEqualTypeOf<Strong<ReturnType<typeof semaphore>>>()
expectTypeOf(gate.acquire({ permits: 2 })).toEqualTypeOf<Promise<Held>>()
expectTypeOf(gate.tryAcquire()).toEqualTypeOf<Promise<Held | undefined>>()

declare const turn: BarrierHandle
expectTypeOf(turn).toEqualTypeOf<Strong<ReturnType<typeof barrier>>>()
expectTypeOf(turn.wait({ timeoutMs: 60_000 })).resolves.toEqualTypeOf<{
  readonly round: number
  readonly last: boolean
}>()
expectTypeOf(turn.reset()).toEqualTypeOf<Promise<void>>()

declare const started: LatchHandle
expectTypeOf(started).toEqualTypeOf<Strong<ReturnType<typeof latch>>>()
expectTypeOf(started.countDown()).toEqualTypeOf<Promise<number>>()
expectTypeOf(started.wait()).toEqualTypeOf<Promise<void>>()

declare const result: FutureHandle<ReadonlyMap<string, number>>
expectTypeOf(result).toEqualTypeOf<Strong<typeof Result>>()
expectTypeOf(result.resolve(new Map())).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(result.wait()).toEqualTypeOf<Promise<ReadonlyMap<string, number>>>()
// Opening gives the handle, and not what it will hold.
expectTypeOf<Awaited<typeof result>>().toEqualTypeOf<typeof result>()

declare const work: Strong<typeof Work>
expectTypeOf(work.put({ from: 1 }, { delayMs: 10, timeoutMs: 1 })).toEqualTypeOf<Promise<void>>()
expectTypeOf(work.take()).toEqualTypeOf<Promise<Job>>()
expectTypeOf(work.tryTake()).toEqualTypeOf<Promise<Job | undefined>>()
expectTypeOf(work.claim({ leaseMs: 10 })).toEqualTypeOf<Promise<Delivery<Job>>>()
expectTypeOf(work.deliveries({ leaseMs: 10 })).toEqualTypeOf<AsyncIterable<Delivery<Job>>>()
expectTypeOf(work.dead()).toEqualTypeOf<Promise<readonly DeadItem<Job>[]>>()
expectTypeOf<Delivery<Job>['id']>().toEqualTypeOf<string>()
expectTypeOf<Delivery<Job>['item']>().toEqualTypeOf<Job>()
expectTypeOf<Delivery<Job>>().toExtend<AsyncDisposable>()

declare const seat: ElectionHandle
expectTypeOf(seat).toEqualTypeOf<Strong<ReturnType<typeof election>>>()
expectTypeOf(seat.campaign({ leaseMs: 10 })).toEqualTypeOf<Promise<Held>>()
expectTypeOf(seat.leader()).resolves.toEqualTypeOf<
  { readonly session: string; readonly fence: bigint } | undefined
>()

declare const orders: SequenceHandle
expectTypeOf(orders).toEqualTypeOf<Strong<ReturnType<typeof sequence>>>()
expectTypeOf(orders.next()).toEqualTypeOf<Promise<number>>()
expectTypeOf(orders.reserve(3)).resolves.toEqualTypeOf<{
  readonly first: number
  readonly last: number
}>()

/** Details are typed by the code. */
export function details(error: unknown): void {
  if (isJoineryError(error, 'BARRIER_BROKEN')) {
    expectTypeOf(error.details).toEqualTypeOf<{
      readonly round: number
      readonly reason: 'left' | 'reset'
    }>()
  }
  if (isJoineryError(error, 'FUTURE_REJECTED')) {
    expectTypeOf(error.details.reason).toEqualTypeOf<unknown>()
  }
}

const Callbacks = queue<() => void>()
declare const callbacks: Strong<typeof Callbacks>
const Task = future<{ run(): void }>()
declare const task: Strong<typeof Task>

/** What must not compile. */
export async function misuse(): Promise<void> {
  // @ts-expect-error a semaphore has a number of permits
  semaphore()
  // @ts-expect-error a barrier has a number of parties
  barrier('three')
  // @ts-expect-error no such option
  lock({ fair: true })
  // @ts-expect-error strong kinds do not nest
  map(lock())
  // @ts-expect-error strong kinds do not nest
  struct({ turn: barrier(3) })
  // @ts-expect-error no such mode
  await mutex.acquire({ mode: 'read' })
  // @ts-expect-error `try…` never waits
  await mutex.tryAcquire({ timeoutMs: 10 })
  // @ts-expect-error the work comes last
  await mutex.request(() => 1, {})
  // @ts-expect-error a lock has no value to set
  await mutex.set(1)
  // @ts-expect-error a handle of an object elsewhere has no value
  mutex.value
  // @ts-expect-error what is held is given back, not the lock
  await mutex.release()
  // @ts-expect-error a fence is a bigint
  const fence: number = (await mutex.acquire()).fence
  // @ts-expect-error a future is waited for by `wait`
  await result.then()
  // @ts-expect-error not of the values
  await result.resolve(new Map([['a', 'b']]))
  // @ts-expect-error not of the items
  await work.put({ to: 1 })
  // @ts-expect-error a delivery is completed, not the queue
  await work.complete()
  // @ts-expect-error functions cannot be shared
  await callbacks.put(() => {})
  // @ts-expect-error functions cannot be shared
  await task.resolve({ run() {} })
  // @ts-expect-error a latch counts by numbers
  await started.countDown('1')
  // @ts-expect-error no such option
  await turn.wait({ timeout: 10 })
}
