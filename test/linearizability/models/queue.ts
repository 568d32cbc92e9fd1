import { answering, keyOfValue, refused, unknownOperation, type Model } from '../model.ts'

/** Items from `from` up to `to` of a list that several states share: it only grows, and each sees its own part. */
interface QueueState {
  readonly items: unknown[]
  readonly from: number
  readonly to: number
}

/**
 * First in, first out: `put(item)`, `putAll(items)`, `take` (waits while there is none), `tryTake`, `count`. A `take`
 * whose outcome is unknown may have taken an item that nobody saw.
 */
export function queueModel(): Model<QueueState> {
  return {
    initial: { items: [], from: 0, to: 0 },
    isRead: ({ operation }) => operation === 'count',
    keyOf: ({ items, from, to }) => keyOfValue(items.slice(from, to)),
    step(state, operation) {
      const isEmpty = state.from === state.to
      switch (operation.operation) {
        case 'put':
          return withItems(state, [operation.arguments[0]])
        case 'putAll':
          return withItems(state, operation.arguments[0] as readonly unknown[])
        case 'take':
          return isEmpty
            ? refused
            : answering(operation, state.items[state.from], afterFirst(state))
        case 'tryTake':
          return isEmpty
            ? answering(operation, undefined, state)
            : answering(operation, state.items[state.from], afterFirst(state))
        case 'count':
          return answering(operation, state.to - state.from, state)
        default:
          return unknownOperation('queue', operation)
      }
    },
  }
}

function afterFirst({ items, from, to }: QueueState): QueueState {
  return { items, from: from + 1, to }
}

function withItems({ items, from, to }: QueueState, added: readonly unknown[]): QueueState {
  // Another state has gone on from here already, and these places are its own.
  const own = items.length === to ? items : items.slice(from, to)
  const start = own === items ? from : 0
  own.push(...added)
  return { items: own, from: start, to: own.length }
}
