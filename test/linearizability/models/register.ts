import { answering, isSame, keyOfValue, refused, unknownOperation, type Model } from '../model.ts'

/** `read`, `set(value)`, `getAndSet(value)`, `compareAndSet(expected, value)`. */
export function registerModel(initial?: unknown): Model {
  return {
    initial,
    isRead: ({ operation }) => operation === 'read',
    keyOf: keyOfValue,
    step(state, operation) {
      const [first, second] = operation.arguments
      switch (operation.operation) {
        case 'read':
          return answering(operation, state, state)
        case 'set':
          return first
        case 'getAndSet':
          return answering(operation, state, undefined) === refused ? refused : first
        case 'compareAndSet': {
          const matches = isSame(state, first)
          return answering(operation, matches, matches ? second : state)
        }
        default:
          return unknownOperation('register', operation)
      }
    },
  }
}
