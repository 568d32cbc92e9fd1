import { counter, map, register, type Schema, type StrongSchema } from '@joinery/crdt-objects'
import { barrier, defineObject, lock, queue, StrongObject } from '@joinery/consensus'
import { answering, type Model } from '#test/linearizability/model.ts'
import { counterModel } from '#test/linearizability/models/counter.ts'
import { mapModel } from '#test/linearizability/models/map.ts'
import { queueModel } from '#test/linearizability/models/queue.ts'
import { registerModel } from '#test/linearizability/models/register.ts'

const ACCOUNTS = ['a', 'b', 'c']
const DEPOSIT = 100

/** Moves money, and does all that a class may do besides: agreed time and randomness, and methods for later. */
class Ledger extends StrongObject {
  balances = new Map(ACCOUNTS.map((name) => [name, DEPOSIT]))
  drawn = 0
  lastMs = 0
  settled = 0

  transfer(from: string, to: string, amount: number): boolean {
    this.drawn = (this.drawn + this.random()) % 1
    this.lastMs = this.now
    this.schedule(1 + Math.floor(this.drawn * 500), 'settle')
    const left = (this.balances.get(from) ?? 0) - amount
    if (left < 0 || from === to) return false
    this.balances.set(from, left)
    this.balances.set(to, (this.balances.get(to) ?? 0) + amount)
    return true
  }

  settle(): void {
    this.settled++
  }

  read(): readonly number[] {
    return ACCOUNTS.map((name) => this.balances.get(name) ?? 0)
  }
}

/** Lets pass who asks for a level that was reached. */
class Gate extends StrongObject {
  level = 0
  waiting = 0

  raise(): number {
    return ++this.level
  }

  pass(level: number): number {
    this.once(() => this.waiting++)
    this.waitUntil(this.level >= level)
    this.waiting--
    return this.level
  }

  protected override callWithdrawn(): void {
    this.waiting--
  }

  read(): { readonly level: number; readonly waiting: number } {
    return { level: this.level, waiting: this.waiting }
  }
}

const ledger = defineObject('simulation.Ledger', Ledger, { internal: ['settle'] })
const gate = defineObject('simulation.Gate', Gate)

export const PARTIES = 2

/** The objects of a simulation, by name. */
export const schemas = {
  counter: counter(),
  register: register<number>({ initial: 0 }),
  map: map<number>(),
  line: queue<string>(),
  ledger: ledger(),
  gate: gate(),
  lock: lock(),
  leased: lock(),
  work: queue<string>(),
  barrier: barrier(PARTIES),
} as const satisfies Record<string, Schema | StrongSchema>

export type ObjectName = keyof typeof schemas

export function descriptorOf(name: ObjectName): string {
  const schema = schemas[name]
  return 'kind' in schema ? schema.kind.descriptor : schema.strongKind.descriptor
}

const ledgerModel: Model<readonly number[]> = {
  initial: ACCOUNTS.map(() => DEPOSIT),
  isRead: ({ operation }) => operation === 'read',
  keyOf: (state) => state.join(' '),
  step(state, operation) {
    if (operation.operation === 'read') return answering(operation, state, state)
    const [from, to, amount] = operation.arguments as [string, string, number]
    const isPaid = from !== to && state[ACCOUNTS.indexOf(from)]! >= amount
    const change = (name: string): number =>
      isPaid ? (name === from ? -amount : name === to ? amount : 0) : 0
    const next = state.map((balance, i) => balance + change(ACCOUNTS[i]!))
    return answering(operation, isPaid, next)
  },
}

const models: Readonly<Partial<Record<ObjectName, Model>>> = {
  counter: counterModel(),
  register: registerModel(0),
  map: mapModel(),
  line: queueModel(),
  ledger: ledgerModel,
}

/** What an object is meant to do, of those whose histories are checked as a whole. */
export function modelOf(name: string): Model {
  const model = models[name as ObjectName]
  if (model === undefined) throw new RangeError(`there is no model of ${name}`)
  return model
}
