import { lock, queue } from '@joinery/consensus'
import { counter, map, register, set } from '@joinery/crdt-objects'
import type { Model } from '#test/linearizability/model.ts'
import { counterModel } from '#test/linearizability/models/counter.ts'
import { mapModel } from '#test/linearizability/models/map.ts'
import { queueModel } from '#test/linearizability/models/queue.ts'
import { registerModel } from '#test/linearizability/models/register.ts'
import { setModel } from '#test/linearizability/models/set.ts'

/** The space that all objects are in. */
export const spaceName = 'nemesis'

export const schemas = {
  register: register({ initial: 0 }),
  counter: counter(),
  map: map<number>(),
  set: set<string>(),
  queue: queue<number>(),
  /** Items that are claimed and completed. */
  work: queue<number>(),
  lock: lock(),
}

export type Kind = keyof typeof schemas

/** For each epoch there are new objects, which are small enough to be searched: their names end with its number. */
export const epochKinds = ['register', 'counter', 'map', 'set', 'queue'] as const

/** The keys of maps and the members of sets; each is checked as an object of its own. */
export const keys = ['a', 'b', 'c'] as const

/** Objects of these names live as long as the run. */
export const longLived = { total: 'counter', ledger: 'register', items: 'work' } as const

/** Locks, and how long they are held without being renewed; 0: for as long as the session. */
export const locks = { guard: 1_000, door: 0 } as const

/** Undefined: it is checked otherwise. */
export function modelOf(object: string): Model | undefined {
  const name = object.split(' ')[0]!
  const kind = name in longLived ? longLived[name as keyof typeof longLived] : name
  switch (kind) {
    case 'register':
      return registerModel(0)
    case 'counter':
      return counterModel()
    case 'map':
      return mapModel()
    case 'set':
      return setModel()
    case 'queue':
      return returningQueueModel()
    default:
      return undefined
  }
}

/** A queue to which an item can be given back: it is first again. */
function returningQueueModel(): Model {
  const model = queueModel()
  type State = typeof model.initial
  return {
    initial: model.initial,
    isRead: (operation) => model.isRead(operation),
    keyOf: (state) => model.keyOf(state as State),
    step(state, operation) {
      if (operation.operation !== 'untake') return model.step(state as State, operation)
      const { items, from, to } = state as State
      const all = [operation.arguments[0], ...items.slice(from, to)]
      return { items: all, from: 0, to: all.length }
    },
  }
}
