import { running } from './running.ts'

/** A parked call that ended without being let go on. */
export interface WithdrawnCall {
  readonly method: string
  readonly args: readonly unknown[]
  /** Who had called. */
  readonly session: string
  /** What its `once` works gave, in their order: what the call did when it arrived, and what may have to be undone. */
  readonly kept: readonly unknown[]
}

/**
 * A class whose objects are kept by a group of voters: every voter runs the same methods in the same order, so the
 * object is there as long as a majority of them is.
 *
 * Fields are the state: values that can be shared (numbers, texts, booleans, `bigint`, `Date`, arrays, plain objects,
 * `Map`, `Set`, `Uint8Array`, `Float64Array`), each with an initial value, none `#private`. The state is a tree: between
 * calls, what was put in two places is two values. Methods are synchronous, and functions of the state, their arguments
 * and the members below: no clock, no `Math.random`, nothing of the process. What a method throws leaves the state as it
 * was before that run.
 */
export abstract class StrongObject {
  /** Agreed time in ms since 1970: the same for every voter, and never back. */
  protected get now(): number {
    return running().nowMs
  }

  /** The session that calls; the empty text in a scheduled method, a hook and the constructor. */
  protected get caller(): string {
    return running().caller
  }

  /** Place of this command in the order of the group; of a call that was parked, of the one that lets it go on. */
  protected get index(): number {
    return running().index
  }

  /** From 0 up to 1, the same for every voter. */
  protected random(): number {
    return running().random()
  }

  /**
   * Parks the call unless the condition holds. The method starts again, calls in order of arrival, when something has
   * changed that it read: a field, or the entries of a `Map` or `Set` that it asked for by `get` and `has`. A write
   * before it, outside of `once`, is an error. Scheduled methods and hooks cannot wait.
   */
  protected waitUntil(condition: boolean): asserts condition {
    running().waitUntil(condition)
  }

  /**
   * Runs `work` on the call's first run, and gives what that gave on every later one: how to arrive, then wait. Several
   * are told apart by their order. What it read wakes nobody.
   */
  protected once<T>(work: () => T): T {
    return running().once(work)
  }

  /**
   * Has a method of this object run later, by agreed time, at least 1 ms from now. It belongs to no session. There is no
   * taking it back: a method that comes too late finds so in the state.
   */
  protected schedule(delayMs: number, method: string, ...args: readonly unknown[]): void {
    running().schedule(delayMs, method, args)
  }

  /** A session has ended that had called this object: gives back what it held. Its parked calls are withdrawn before. */
  protected sessionEnded?(session: string): void

  /** A parked call was given up, by its caller or with its session: undoes its arrival. */
  protected callWithdrawn?(call: WithdrawnCall): void
}
