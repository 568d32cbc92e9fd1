import { JoineryError, invalidValue } from '../errors.ts'
import { checkOptions, checkSignal } from '../options.ts'
import type { WaitOptions } from '../wait-options.ts'
import { joinSignals } from './joined-signal.ts'

/** The longest that a timer runs: beyond, it would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

function limitSignal({ timeoutMs }: WaitOptions): AbortSignal | undefined {
  if (timeoutMs === undefined || timeoutMs === Infinity) return
  if (Number.isNaN(timeoutMs)) throw invalidValue('timeoutMs is a number', timeoutMs)
  return AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(timeoutMs)), TIMER_MS_MAX))
}

/** What a wait rejects with once its signal has fired: the caller's own reason, or CALL_TIMEOUT. */
export function waitFailure(options: WaitOptions): unknown {
  if (options.signal?.aborted === true) return options.signal.reason
  const timeoutMs = options.timeoutMs ?? 0
  return new JoineryError(
    'CALL_TIMEOUT',
    `nothing passed in ${timeoutMs} ms: wait longer, or look at the value`,
    { timeoutMs, outcome: 'not-applied' },
    { retryable: true },
  )
}

/** What `until` needs of a handle. */
export interface Watchable<V> {
  read(): V | Promise<V>
  changes(options: { readonly signal?: AbortSignal | undefined }): AsyncIterable<unknown>
  /** Of remote handles: the same place, read until the signal fires. */
  with?(options: WaitOptions): object
}

/** Resolves with the first value of `source` that passes. */
export async function untilPasses<V>(
  source: Watchable<V>,
  test: (value: V) => boolean,
  options: WaitOptions,
): Promise<V> {
  if (typeof (test as unknown) !== 'function')
    throw invalidValue('until takes a test: a function', test)
  checkOptions('until', options, ['timeoutMs', 'signal'])
  checkSignal(options.signal)
  const { signal, clear } = joinSignals(options.signal, limitSignal(options))
  let changes: AsyncIterator<unknown> | undefined
  try {
    // Listening starts before the first look: a change between the two would be missed.
    changes = source.changes({ signal })[Symbol.asyncIterator]()
    // A read of what is far away may last long, when nothing answers there: it ends with the wait.
    const reading = (source.with?.({ signal }) ?? source) as typeof source
    for (;;) {
      if (signal.aborted) throw waitFailure(options)
      const value = await reading.read()
      if (test(value)) return value
      const step = await changes.next()
      if (step.done === true) throw waitFailure(options)
    }
  } catch (error) {
    throw signal.aborted && error === signal.reason ? waitFailure(options) : error
  } finally {
    clear()
    await changes?.return?.()
  }
}
