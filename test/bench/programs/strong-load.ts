import { counter, map, type Spaces } from '@joinery/crdt-objects'
import { lock } from '@joinery/consensus'
import { type LoadSize } from './load.ts'

/** What is measured of objects in strong mode. */
export type StrongVerb = 'set' | 'get' | 'cas' | 'increment' | 'lock' | 'lock-after-write'
/** What of it is measured of etcd, and what has no counterpart here. */
export type EtcdVerb =
  Exclude<StrongVerb, 'lock-after-write'> | 'increment-by-compare' | 'lock-kept'

/** So many calls of a verb, so many of them at a time. */
export interface StrongLoad<V extends string = StrongVerb> extends LoadSize {
  readonly verb: V
}

const value = 'x'.repeat(64)
const linearizable = { mode: 'linearizable' } as const

/** The calls that are measured, embedded and through a gateway alike. */
export async function strongCalls(
  spaces: Spaces,
): Promise<Readonly<Record<StrongVerb, (number: number) => Promise<unknown>>>> {
  const space = await spaces.space('bench')
  const total = await space.open('number', counter(), linearizable)
  const table = await space.open('table', map<string>(), linearizable)
  const marked = await space.open('marked', map<number>(), linearizable)
  const locks = await Promise.all(
    Array.from({ length: 64 }, (_, i) => space.open(`lock-${i}`, lock())),
  )
  const eventual = await space.open('eventual', counter())
  const marks = new Map<string, number>()
  const lockAndUnlock = async (number: number): Promise<void> => {
    const held = await locks[number % 64]!.acquire()
    await held.release()
  }
  return {
    set: (number) => table.set(`key-${number % 1000}`, value),
    get: (number) => table.get(`key-${number % 1000}`),
    increment: () => total.addAndGet(1),
    async cas(number) {
      // Others count on other keys.
      const key = `${process.pid}-${number % 1000}`
      const mark = marks.get(key)
      marks.set(key, number)
      if (!(await marked.compareAndSet(key, mark, number)))
        throw new Error(`${key} has another value`)
    },
    lock: lockAndUnlock,
    // Whoever locks next is to see it: it is held elsewhere before the first command leaves.
    async 'lock-after-write'(number) {
      await eventual.add(1)
      await lockAndUnlock(number)
    },
  }
}
