import { isJoineryError } from '@joinery/crdt-objects'
import type { StrongAnswer } from '@joinery/crdt-objects/engine'
import type { Client } from './client.ts'
import { type HandOver } from './hand-over.ts'
import type { ObjectName } from './objects.ts'

/** What a client does with one object, again and again. */
type Step = (client: Client, notes: HandOver) => Promise<unknown>

/** At most between two steps. */
const REST_MS = 80

const small = (client: Client): number => client.random.integer(0, 4)
const key = (client: Client): string => client.random.pick(['a', 'b', 'c'])

/** Some calls have a time limit, and the client gives up at it. */
function limit(client: Client): { readonly timeoutMs: number | undefined } {
  return { timeoutMs: client.random.chance(0.1) ? client.random.integer(5, 300) : undefined }
}

const stepCounter: Step = async (client) => {
  const { random } = client
  if (random.chance(0.5)) return await client.perform('counter', 'read', [], 'read')
  const [verb, given] = random.pick([
    ['add', [small(client)]],
    ['addAndGet', [1]],
    ['addIf', [3, { max: 40 }]],
    ['compareAndSet', [small(client), small(client)]],
  ] as const)
  return await client.perform('counter', verb, given, 'command', limit(client))
}

const stepRegister: Step = async (client) => {
  const { random } = client
  if (random.chance(0.5)) return await client.perform('register', 'read', [], 'read')
  const [verb, given] = random.pick([
    ['set', [small(client)]],
    ['getAndSet', [small(client)]],
    ['compareAndSet', [small(client), small(client)]],
  ] as const)
  return await client.perform('register', verb, given, 'command', limit(client))
}

const stepMap: Step = async (client) => {
  const { random } = client
  if (random.chance(0.5)) return await client.perform('map', 'get', [key(client)], 'read')
  const [verb, given] = random.pick([
    ['set', [key(client), small(client)]],
    ['delete', [key(client)]],
    ['putIfAbsent', [key(client), small(client)]],
    ['compareAndSet', [key(client), small(client), small(client)]],
  ] as const)
  return await client.perform('map', verb, given, 'command', limit(client))
}

const stepLine: Step = async (client, notes) => {
  if (client.random.chance(0.5)) {
    const item = notes.nextItem(client.id)
    const options = { raw: [[item], 0], ...limit(client) }
    return await client.perform('line', 'put', [item], 'command', options)
  }
  const shown = (value: unknown): unknown => (value as { readonly item: unknown } | undefined)?.item
  return await client.perform('line', 'tryTake', [], 'command', { shown, ...limit(client) })
}

const stepLedger: Step = async (client) => {
  if (client.random.chance(0.5)) return await client.perform('ledger', 'read', [], 'read')
  const given = [key(client), key(client), client.random.integer(1, 60)]
  return await client.perform('ledger', 'transfer', given, 'command', limit(client))
}

const stepLock: Step = async (client) => {
  const { random } = client
  const name = random.pick(['lock', 'lock', 'leased'] as const)
  const lock = await client.handle(name)
  const mode = random.chance(0.3) ? 'shared' : 'exclusive'
  const requestedAt = client.nowMs
  const leaseMs = name === 'leased' ? 1_000 : undefined
  const held = await lock.acquire({ mode, leaseMs, timeoutMs: random.integer(50, 2_000) })
  const holding = client.holds(held, { lock: name, mode, requestedAt })
  // Agreed time leaps when a clock is set: who holds it for a time only may lose it early.
  if (name === 'leased') holding.isLost = true
  await client.rest(REST_MS)
  client.givesBack(holding)
  await held.release()
}

const stepWork: Step = async (client, notes) => {
  const { random } = client
  const work = await client.handle('work')
  if (random.chance(0.5)) {
    const item = notes.nextItem(client.id)
    await notes.put(item, () => work.put(item, limit(client)))
    return
  }
  const delivery = await work.claim({ timeoutMs: random.integer(10, 1_000) })
  await client.rest(REST_MS / 3)
  if (random.chance(0.2)) await delivery.release()
  else await notes.complete(delivery.item, () => delivery.complete())
}

const stepBarrier: Step = async (client, notes) => {
  const barrier = await client.handle('barrier')
  const arrivedMs = client.nowMs
  const { round, last } = await barrier.wait({ timeoutMs: client.random.integer(100, 1_500) })
  notes.passed({ round, last, arrivedMs, leftMs: client.nowMs })
}

const stepGate: Step = async (client, notes) => {
  const { random } = client
  if (random.chance(0.4)) {
    const beganMs = client.nowMs
    const target = await client.target('gate')
    const call = { path: [], method: 'raise', mode: 'command', args: [], options: {} } as const
    const answer: StrongAnswer = await target.call(call)
    notes.raised(answer.value as number, beganMs)
    return
  }
  const gate = await client.handle('gate')
  const level = notes.level + random.integer(0, 2)
  const giveUp = new AbortController()
  const stop = client.process.after(random.integer(20, 1_500), () => giveUp.abort())
  try {
    notes.passedGate(level, await gate.with({ signal: giveUp.signal }).pass(level), client.nowMs)
  } finally {
    stop()
  }
}

const stepWatch: Step = async (client) => {
  const lock = await client.handle('lock')
  const giveUp = new AbortController()
  const stop = client.process.after(client.random.integer(20, 500), () => giveUp.abort())
  for await (const _ of lock.changes({ signal: giveUp.signal })) break
  stop()
}

const steps: Readonly<Record<Exclude<ObjectName, 'leased'> | 'watch', Step>> = {
  ...{ counter: stepCounter, register: stepRegister, map: stepMap, line: stepLine },
  ...{ ledger: stepLedger, lock: stepLock, work: stepWork, barrier: stepBarrier },
  ...{ gate: stepGate, watch: stepWatch },
}

export type ScriptName = keyof typeof steps
export const scriptNames = Object.keys(steps) as readonly ScriptName[]

/** Goes on with one object until the client is to stop. What fails as calls may is part of it. */
export async function runScript(name: ScriptName, client: Client, notes: HandOver): Promise<void> {
  while (!client.isStopping) {
    try {
      await steps[name](client, notes)
    } catch (error) {
      if (!isJoineryError(error) && (error as Error).name !== 'AbortError') throw error
    }
    await client.rest(REST_MS)
  }
}
