import { EtcdClient } from '../etcd/etcd-client.ts'
import { runLoad } from './load.ts'
import { answer, readOptions, serve } from './parent.ts'
import { type EtcdVerb, type StrongLoad } from './strong-load.ts'

const { port } = readOptions<{ port: number }>()
const etcd = new EtcdClient(port)
const value = 'x'.repeat(64)
const lease = await etcd.grantLease(600)
const marks = new Map<string, number>()

/** Adds one by reading and putting if nothing has changed, until that holds: etcd knows no addition. */
async function incrementByCompare(): Promise<void> {
  for (;;) {
    const current = (await etcd.get('number')) ?? '0'
    if (await etcd.compareAndPut('number', current, `${Number(current) + 1}`)) return
  }
}

/** As `client.lock()` of the usual library: a lease of its own for each. */
async function lockWithLease(number: number): Promise<void> {
  const own = await etcd.grantLease(10)
  if (!(await etcd.create(`lock-${number % 64}`, 'held', own))) throw new Error('the lock is held')
  await etcd.revokeLease(own)
}

async function lockWithKeptLease(number: number): Promise<void> {
  const key = `kept-${number % 64}`
  if (!(await etcd.create(key, 'held', lease))) throw new Error('the lock is held')
  await etcd.delete(key)
}

async function compareAndSet(number: number): Promise<void> {
  const key = `marked-${number % 1000}`
  const mark = marks.get(key)
  marks.set(key, number)
  if (mark === undefined) await etcd.put(key, `${number}`)
  else if (!(await etcd.compareAndPut(key, `${mark}`, `${number}`)))
    throw new Error(`${key} has another value`)
}

const calls: Readonly<Record<EtcdVerb, (number: number) => Promise<unknown>>> = {
  set: (number) => etcd.put(`key-${number % 1000}`, value),
  get: (number) => etcd.get(`key-${number % 1000}`),
  cas: compareAndSet,
  increment: () => etcd.put('plain', value),
  'increment-by-compare': incrementByCompare,
  lock: lockWithLease,
  'lock-kept': lockWithKeptLease,
}

await etcd.put('number', '0')
serve<StrongLoad<EtcdVerb>>(async ({ verb, ...load }) => await runLoad(load, calls[verb]))
answer({})
