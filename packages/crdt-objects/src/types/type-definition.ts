import type { HandleBase, LocalBase, RemoteBase } from '../handles.ts'
import type { Shareable } from './shareable.ts'

/** What an operation of a type of one's own may know besides the state. */
export interface OperationContext {
  /** The id of this replica, 16 hex digits: no two replicas have the same. */
  readonly replica: string
  /** The time in ms, with a fraction: later than any that an operation seen here was given, whatever the clock says. */
  readonly now: number
  /** A string that no other call gives, here or elsewhere: a tag for what the operation adds. */
  dot(): string
}

/** How the states of a type travel, where they are no values that can be shared. */
export interface TypeCodec<S> {
  /** Equal states must give equal bytes: that is how an operation that changes nothing is told. */
  readonly encode: (state: S) => Uint8Array
  /** Must take only what {@link TypeCodec.encode} gives, and throw on all else. */
  readonly decode: (bytes: Uint8Array) => S
}

/**
 * The operations of a type, by name. Each gets the state as seen here and gives what it adds to it: a state too, that is
 * then joined to this one here and everywhere. The state it was given, unchanged, adds nothing and is no update.
 */
export type TypeOperations<S> = Readonly<
  Record<string, (state: S, context: OperationContext, ...args: never[]) => S>
>

/**
 * A type of one's own: a join-semilattice with operations. `join` must be associative, commutative and idempotent, with
 * `empty()` joined to any state giving that state; then replicas that have seen the same read the same, in whatever
 * order it came. `S` are its states, `V` is what it reads as, `O` are its operations.
 */
export interface TypeDefinition<S, V, O extends TypeOperations<S>> {
  /** What replicas know the type by: choose one that nobody else will, such as `geometry.interval`. */
  readonly name: string
  /** The state of an object that nobody has written. */
  readonly empty: () => S
  /** The least state that says all that both say. */
  readonly join: (a: S, b: S) => S
  /** What readers get. */
  readonly value: (state: S) => V
  readonly operations: O
  /** Needed where states are no values that can be shared; without it, they travel as they are. */
  readonly codec?: TypeCodec<S> | undefined
}

/** Refuses, at the type level, states that cannot travel and values that cannot be read. */
export type CheckedDefinition<S, V> = ([Shareable<S>] extends [never]
  ? { readonly codec: TypeCodec<S> }
  : unknown) &
  ([Shareable<V>] extends [never] ? { readonly value: (state: S) => never } : unknown)

type Reserved =
  keyof HandleBase<'local', unknown> | keyof LocalBase<unknown> | keyof RemoteBase | 'then' | 'at'

/** Refuses operations that would hide a member of the handle, or make it a promise. */
export type NoReserved<O> = {
  readonly operations: { readonly [K in Extract<keyof O, Reserved>]: never }
}
