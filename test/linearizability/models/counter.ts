import { answering, unknownOperation, type Model } from '../model.ts'

interface Bounds {
  readonly min?: number
  readonly max?: number
}

/** `read`, `add(n)`, `subtract(n)`, `set(n)`, `addAndGet(n)`, `getAndSet(n)`, `compareAndSet(expected, n)`, `addIf(n, bounds)`. */
export function counterModel(initial = 0): Model<number> {
  return {
    initial,
    isRead: ({ operation }) => operation === 'read',
    keyOf: (state) => state,
    step(state, operation) {
      const given = operation.arguments as readonly number[]
      const first = given[0] ?? 1
      switch (operation.operation) {
        case 'read':
          return answering(operation, state, state)
        case 'add':
          return state + first
        case 'subtract':
          return state - first
        case 'set':
          return first
        case 'addAndGet':
          return answering(operation, state + first, state + first)
        case 'getAndSet':
          return answering(operation, state, first)
        case 'compareAndSet':
          return answering(operation, state === first, state === first ? given[1]! : state)
        case 'addIf': {
          const { min = -Infinity, max = Infinity } = (operation.arguments[1] ?? {}) as Bounds
          const isWithin = state + first >= min && state + first <= max
          return answering(operation, isWithin, isWithin ? state + first : state)
        }
        default:
          return unknownOperation('counter', operation)
      }
    },
  }
}
