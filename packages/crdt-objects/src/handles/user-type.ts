import type { Answer, Extra, Face, HandleBase } from '../handles.ts'
import type { OperationContext, TypeOperations } from '../types/type-definition.ts'

/** What is left of an operation's parameters for its caller. */
type Args<F> = F extends (state: never, context: OperationContext, ...args: infer A) => unknown
  ? A
  : never

/** An object of a type of one's own: its operations are the verbs. */
export type UserTypeHandle<P extends Face, V, O extends TypeOperations<never>> = HandleBase<
  P,
  V
> & {
  readonly [K in keyof O]: (...args: Args<O[K]>) => Answer<P, void>
} & Extra<P, V>
