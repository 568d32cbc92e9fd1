import { answering, keyOfValue, unknownOperation, type Model } from '../model.ts'

const reads = new Set(['has', 'count', 'values'])

/**
 * `has(value)`, `count`, `values` (in any order), `add(value)`, `delete(value)`, `clear`, `addIfAbsent(value)`,
 * `deleteIfPresent(value)`. A state is the members' texts.
 */
export function setModel(): Model<ReadonlySet<string>> {
  return {
    initial: new Set(),
    isRead: ({ operation }) => reads.has(operation),
    keyOf: (state) => [...state].sort().join('\n'),
    step(state, operation) {
      const member = keyOfValue(operation.arguments[0])
      const isMember = state.has(member)
      const added = (): ReadonlySet<string> => (isMember ? state : new Set([...state, member]))
      const deleted = (): ReadonlySet<string> =>
        isMember ? new Set([...state].filter((other) => other !== member)) : state
      switch (operation.operation) {
        case 'has':
          return answering(operation, isMember, state)
        case 'count':
          return answering(operation, state.size, state)
        case 'values': {
          const seen = operation.result
          const result = Array.isArray(seen) ? seen.map(keyOfValue).sort() : seen
          return answering({ ...operation, result }, [...state].sort(), state)
        }
        case 'add':
          return added()
        case 'delete':
          return deleted()
        case 'clear':
          return new Set()
        case 'addIfAbsent':
          return answering(operation, !isMember, added())
        case 'deleteIfPresent':
          return answering(operation, isMember, deleted())
        default:
          return unknownOperation('set', operation)
      }
    },
  }
}
