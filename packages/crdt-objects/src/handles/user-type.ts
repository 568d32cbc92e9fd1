import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** Functions of whatever states. */
export type Operations = Readonly<Record<string, (...args: never[]) => unknown>>

/** What is left of an operation's parameters, behind the state and the context, for its caller. */
type Args<F extends (...args: never[]) => unknown> =
  Parameters<F> extends readonly [unknown, unknown, ...infer A] ? A : []

/** An object of a type of one's own: its operations are the verbs. */
export type UserTypeHandle<P extends Face, V, O extends Operations> = HandleBase<P, V> & {
  readonly [K in keyof O]: (...args: Args<O[K]>) => Answer<P, void>
} & Extra<P, V>
