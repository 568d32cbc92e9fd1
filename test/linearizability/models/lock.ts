import { answering, refused, unknownOperation, type Model } from '../model.ts'

interface LockState {
  /** Undefined: nobody. */
  readonly holder: number | undefined
  /** The greatest fence that is known to have been given. */
  readonly fence: bigint
}

/**
 * An exclusive lock without leases: `acquire` (waits while it is held; answers its fence), `tryAcquire` (its fence or
 * undefined), `release`, each for the client that calls. `fencing.ts` checks locks that may be lost.
 */
export function lockModel(): Model<LockState> {
  return {
    initial: { holder: undefined, fence: 0n },
    isRead: () => false,
    keyOf: ({ holder, fence }) => `${holder} ${fence}`,
    step(state, operation) {
      const { client, kind, result } = operation
      switch (operation.operation) {
        case 'acquire':
        case 'tryAcquire': {
          if (operation.operation === 'tryAcquire' && state.holder !== undefined) {
            return answering(operation, undefined, state)
          }
          if (state.holder !== undefined) return refused
          if (kind !== 'ok') return { holder: client, fence: state.fence }
          const fence = BigInt((result ?? -1) as bigint | number)
          return fence > state.fence ? { holder: client, fence } : refused
        }
        case 'release':
          return state.holder === client ? { holder: undefined, fence: state.fence } : refused
        default:
          return unknownOperation('lock', operation)
      }
    },
  }
}
