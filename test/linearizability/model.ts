import type { Operation } from './history.ts'

/** A model's word for what cannot be: the operation is not possible in the state, or not with its result. */
export const refused: unique symbol = Symbol('refused')

/**
 * What an object is meant to do, one operation after the other. States are never changed: a step makes another one.
 *
 * The result of an operation that is not `ok` is not known: any is possible.
 */
export interface Model<State = unknown> {
  readonly initial: State
  /** Whether it leaves every state as it is. */
  isRead(operation: Operation): boolean
  step(state: State, operation: Operation): State | typeof refused
  /** Equal for equal states, and for no others. */
  keyOf(state: State): string | number
}

/** Gives the state if the operation was answered so, or if nobody knows what it was answered. */
export function answering<State>(
  operation: Operation,
  answer: unknown,
  state: State,
): State | typeof refused {
  if (operation.kind !== 'ok' || isSame(operation.result, answer)) return state
  return refused
}

/** Equal as values that can be shared are: by contents. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  return keyOfValue(a) === keyOfValue(b)
}

/** One text for each value; `undefined` and big integers have one too. */
export function keyOfValue(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ??
    'undefined'
  )
}

/** A verb that the model does not know is a mistake of the test. */
export function unknownOperation(kind: string, operation: Operation): never {
  throw new Error(`the model of a ${kind} knows no ${operation.operation}`)
}
