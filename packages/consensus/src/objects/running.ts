/** What a method may ask of the host while it runs. A host gives one for each run. */
export interface Running {
  /** Agreed time, ms since 1970. */
  readonly nowMs: number
  /** Session of the call; the empty text in a timer's, a hook and a constructor. */
  readonly caller: string
  /** Place of the running command in the order of the group. */
  readonly index: number
  random(): number
  waitUntil(condition: boolean): void
  once<T>(work: () => T): T
  schedule(delayMs: number, method: string, args: readonly unknown[]): void
}

/**
 * Methods are synchronous, and a host runs one at a time: so the run that is under way needs no place in the object,
 * whose own fields are its state and nothing else.
 */
let current: Running | undefined

/** The run that is under way. */
export function running(): Running {
  if (current === undefined) {
    throw new Error(
      'waitUntil, once, now, random, caller, index and schedule are for methods that a host runs',
    )
  }
  return current
}

/** Runs `work` with `run` behind the members of `StrongObject`. */
export function runWith<T>(run: Running, work: () => T): T {
  const outer = current
  current = run
  try {
    return work()
  } finally {
    current = outer
  }
}
