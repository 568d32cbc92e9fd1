import { keys } from './objects.ts'
import type { Worker } from './worker.ts'

/** Reads everything once more, and empties the queues: what was acknowledged has to be there. */
export async function finish(worker: Worker, epochs: number): Promise<void> {
  const total = await worker.open('total', 'counter')
  await worker.perform('total', 'read', [], () => total.read())
  const ledger = await worker.open('ledger', 'register')
  await worker.perform('ledger', 'read', [], () => ledger.read())
  for (let epoch = 0; epoch < epochs; epoch++) await finishEpoch(worker, epoch)
  const items = await worker.open('items', 'work')
  for (;;) {
    const { ready, claimed, delayed } = await items.read()
    if (ready + claimed + delayed === 0) return
    // What a dead client had claimed comes back when its lease is over.
    await worker.attempt(() => worker.claimOne(items, { leaseMs: 2_000, timeoutMs: 3_000 }))
  }
}

async function finishEpoch(worker: Worker, epoch: number): Promise<void> {
  const register = await worker.open(`register ${epoch}`, 'register')
  await worker.perform(`register ${epoch}`, 'read', [], () => register.read())
  const counter = await worker.open(`counter ${epoch}`, 'counter')
  await worker.perform(`counter ${epoch}`, 'read', [], () => counter.read())
  const map = await worker.open(`map ${epoch}`, 'map')
  const set = await worker.open(`set ${epoch}`, 'set')
  for (const key of keys) {
    await worker.perform(`map ${epoch}/${key}`, 'get', [key], () => map.get(key))
    await worker.perform(`set ${epoch}/${key}`, 'has', [key], () => set.has(key))
  }
  const queue = await worker.open(`queue ${epoch}`, 'queue')
  const take = async (): Promise<number | undefined> =>
    await worker.perform(`queue ${epoch}`, 'tryTake', [], () => queue.tryTake())
  while ((await take()) !== undefined);
}
