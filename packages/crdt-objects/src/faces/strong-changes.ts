import type { Change } from '../change.ts'
import type { WaitOptions } from '../wait-options.ts'
import { joinSignals } from './joined-signal.ts'
import type { StrongTarget } from './strong-target.ts'

/** All of an object may have changed: what changed within it is known where the data is. */
const CHANGED: Change = { origin: 'remote', by: [], detail: [{ path: [] }] }

/**
 * The changes of an object in strong mode, from where it stands when they are asked for: `standing` gives its position.
 * What changes while nobody asks for the next is told as one change. Whoever leaves takes the last wait along.
 */
export function strongChanges(
  target: StrongTarget,
  standing: (options: WaitOptions) => Promise<number>,
  signal: AbortSignal | undefined,
): AsyncIterable<Change> {
  return {
    [Symbol.asyncIterator]: () => {
      const left = new AbortController()
      const joined = joinSignals(signal, left.signal)
      const until = joined.signal
      let position = standing({ signal: until })
      // Who never asks for a change is not told that none can come.
      position.catch(() => undefined)
      return {
        next: async () => {
          try {
            if (!left.signal.aborted) {
              position = position.then((after) => {
                until.throwIfAborted()
                return target.changed(after, { signal: until })
              })
              position.catch(() => undefined)
              await position
              return { done: false, value: CHANGED }
            }
          } catch (error) {
            joined.clear()
            if (!left.signal.aborted) throw error
          }
          return { done: true, value: undefined }
        },
        return: () => {
          left.abort()
          joined.clear()
          return Promise.resolve({ done: true, value: undefined })
        },
      }
    },
  }
}
