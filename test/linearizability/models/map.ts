import { answering, isSame, keyOfValue, unknownOperation, type Model } from '../model.ts'

const reads = new Set(['get', 'has', 'count', 'keys'])

/**
 * `get(key)`, `has(key)`, `count`, `keys` (in any order), `set(key, value)`, `delete(key)`, `clear`,
 * `putIfAbsent(key, value)`, `compareAndSet(key, expected, value)`, `take(key)`.
 *
 * Where only operations of one key are used, give each key as an object of its own: far less is to be searched.
 */
export function mapModel(): Model<ReadonlyMap<string, unknown>> {
  return {
    initial: new Map(),
    isRead: ({ operation }) => reads.has(operation),
    keyOf: (state) => keyOfValue([...state].sort(([a], [b]) => (a < b ? -1 : 1))),
    step(state, operation) {
      const [key, first, second] = operation.arguments as [string, unknown, unknown]
      const value = state.get(key)
      const put = (next: unknown): ReadonlyMap<string, unknown> => new Map(state).set(key, next)
      const without = (): ReadonlyMap<string, unknown> => {
        if (!state.has(key)) return state
        const rest = new Map(state)
        rest.delete(key)
        return rest
      }
      switch (operation.operation) {
        case 'get':
          return answering(operation, value, state)
        case 'has':
          return answering(operation, state.has(key), state)
        case 'count':
          return answering(operation, state.size, state)
        case 'keys': {
          const seen = operation.result
          const result = Array.isArray(seen) ? seen.toSorted() : seen
          return answering({ ...operation, result }, [...state.keys()].sort(), state)
        }
        case 'set':
          return put(first)
        case 'delete':
          return without()
        case 'clear':
          return new Map()
        case 'putIfAbsent':
          return answering(operation, !state.has(key), state.has(key) ? state : put(first))
        case 'compareAndSet': {
          const matches = isSame(value, first)
          return answering(operation, matches, matches ? put(second) : state)
        }
        case 'take':
          return answering(operation, value, without())
        default:
          return unknownOperation('map', operation)
      }
    },
  }
}
