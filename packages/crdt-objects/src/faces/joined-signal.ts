/** Fires with the first of several signals, until it is cleared. */
export interface JoinedSignal {
  readonly signal: AbortSignal
  /** Takes it off the others. */
  readonly clear: () => void
}

/**
 * One signal for several. It has to be cleared once nobody waits any more: one of them may live as long as the process,
 * and would hold a trace of every wait, as `AbortSignal.any` of Node 20 leaves one. Ours, and no library's, because a
 * program that opens no document loads no module but these.
 */
export function joinSignals(...sources: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const joined = new AbortController()
  const follow = (): void => {
    for (const source of sources) if (source?.aborted) joined.abort(source.reason)
  }
  for (const source of sources) source?.addEventListener('abort', follow)
  follow()
  const clear = (): void => {
    for (const source of sources) source?.removeEventListener('abort', follow)
  }
  return { signal: joined.signal, clear }
}
