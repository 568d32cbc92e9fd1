import type { SessionId } from './command.ts'

/** A call as an object of a class knows it: all that is kept while it is parked. */
export interface ObjectCall {
  /** Numbers the calls of the group: who came first. */
  readonly arrival: number
  readonly session: SessionId
  readonly sequence: number
  readonly method: string
  readonly args: readonly unknown[]
  /** What its `once` works gave, in their order. */
  readonly kept: unknown[]
}

/** What a method had run later. */
export interface Scheduled {
  readonly delayMs: number
  readonly method: string
  readonly args: readonly unknown[]
}

/** What came of a call that did not park. What it threw is in `error`, as it was thrown. */
export type Result =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
