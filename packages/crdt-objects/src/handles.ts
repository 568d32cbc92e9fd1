import type { Change } from './change.ts'
import type { WaitOptions } from './wait-options.ts'
import type { Schema, ValueOf } from './schema.ts'
import type { StrongSchema } from './strong-schema.ts'

/** Where the data of a handle is: in this process, behind a gateway, or in the order of a group of voters. */
export type Face = 'local' | 'remote' | 'strong'

/** An answer: at once where the data is, a promise elsewhere. */
export type Answer<P extends Face, T> = P extends 'local' ? T : Promise<T>

/** A sequence: iterable where the data is, asynchronously iterable elsewhere. `for await` runs over both. */
export type Sequence<P extends Face, T> = P extends 'local' ? Iterable<T> : AsyncIterable<T>

/** The change events of an object of schema `S`. */
export type ChangeOf<S extends Schema> = Change & { readonly '~schema'?: S }

/** What every handle has, on every face. A handle is an address: holding one creates, sends and keeps nothing. */
export interface HandleBase<P extends Face, V> {
  /** The object's name, and the path below it. */
  readonly name: string
  /** A snapshot of the value: plain, immutable data. */
  read(): Answer<P, V>
  /**
   * Resolves with the first value that passes `test`.
   *
   * @throws JoineryError CALL_TIMEOUT
   */
  until(test: (value: V) => boolean, options?: WaitOptions): Promise<V>
  /** Changes from now on. A slow reader gets merged changes; an abort throws the signal's reason, `break` ends it. */
  changes(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<Change>
}

/** What a handle has besides where the data is. */
export interface LocalBase<V> {
  /** A snapshot of the value, as {@link HandleBase.read}. */
  readonly value: V
  /** Calls `listener` after each change. Disposing the result, or aborting `signal`, ends it. */
  subscribe(
    listener: (change: Change) => void,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Disposable
  /** The value as JSON: maps as objects, sets as arrays. */
  toJSON(): unknown
}

/** What a handle has besides where the data is not: options for its calls. */
export interface RemoteBase {
  /** The same place, whose calls take these options. */
  with(options: WaitOptions): this
}

/** What a handle of this face has besides the verbs: on `Local`, `L` too. */
export type Extra<P extends Face, V, L = unknown> = P extends 'local'
  ? LocalBase<V> & L
  : RemoteBase

/** Verbs that a handle has on `Strong` only: one order is what makes their answers true. */
export type Ordered<P extends Face, C> = P extends 'strong' ? C : unknown

/** Adds and subtracts integers; concurrent amounts sum. */
export type CounterHandle<P extends Face> = HandleBase<P, number> & {
  /** @throws JoineryError COUNTER_OVERFLOW beyond 2^53 - 1, VALUE_INVALID for what is no integer. */
  add(n?: number): Answer<P, void>
  subtract(n?: number): Answer<P, void>
} & Ordered<P, OrderedCounter> &
  Extra<P, number>

/** What a counter has in strong mode besides. All throw COUNTER_OVERFLOW and VALUE_INVALID as `add` does. */
export interface OrderedCounter {
  set(value: number): Promise<void>
  /** Gives the sum after the addition. */
  addAndGet(n?: number): Promise<number>
  /** Gives what was there before. */
  getAndSet(value: number): Promise<number>
  /** Sets `value` if `expected` is there; tells whether it did. */
  compareAndSet(expected: number, value: number): Promise<boolean>
  /** Adds if the sum is then within the bounds, which belong to them; tells whether it did. */
  addIf(n: number, bounds: CounterBounds): Promise<boolean>
}

/** What a sum must not pass. */
export interface CounterBounds {
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** True while an `enable` stands that no `disable` has seen: of two concurrent calls, `enable` wins. */
export type FlagHandle<P extends Face> = HandleBase<P, boolean> & {
  enable(): Answer<P, void>
  disable(): Answer<P, void>
} & Ordered<P, OrderedFlag> &
  Extra<P, boolean>

/** What a flag has in strong mode besides. */
export interface OrderedFlag {
  /** Sets `value` if `expected` is there; tells whether it did. */
  compareAndSet(expected: boolean, value: boolean): Promise<boolean>
}

/** Holds the last value written, by hybrid logical clock, then replica. */
export type RegisterHandle<P extends Face, T, V> = HandleBase<P, V> & {
  set(value: T): Answer<P, void>
  /** The concurrently written values that lost, latest first. The next `set` ends the conflict. */
  conflicts(): Answer<P, readonly T[]>
} & Ordered<P, OrderedRegister<T, V>> &
  Extra<P, V>

/** What a register has in strong mode besides. Values are compared by structure. */
export interface OrderedRegister<T, V> {
  /** Sets `value` if `expected` is what it reads as; tells whether it did. */
  compareAndSet(expected: V, value: T): Promise<boolean>
  /** Gives what it read as before. */
  getAndSet(value: T): Promise<V>
}

/** Keeps the greatest (or smallest) number offered. */
export type ExtremumHandle<P extends Face> = HandleBase<P, number | undefined> & {
  /** An offer that does not improve on the value seen here is no update. */
  offer(n: number): Answer<P, void>
} & Extra<P, number | undefined>

/** A set of values, equal by structure. Of a concurrent `add` and `delete`, `add` wins. */
export type SetHandle<P extends Face, T> = HandleBase<P, ReadonlySet<T>> & {
  add(value: T): Answer<P, void>
  delete(value: T): Answer<P, void>
  clear(): Answer<P, void>
  has(value: T): Answer<P, boolean>
  count(): Answer<P, number>
  values(): Sequence<P, T>
} & Ordered<P, OrderedSet<T>> &
  Extra<P, ReadonlySet<T>, { readonly size: number } & Iterable<T>>

/** What a set has in strong mode besides. */
export interface OrderedSet<T> {
  /** Tells whether the value was not there, and is now. */
  addIfAbsent(value: T): Promise<boolean>
  /** Tells whether the value was there, and is no more. */
  deleteIfPresent(value: T): Promise<boolean>
}

interface MapBase<P extends Face, V> {
  /** Removes what this side has seen of the entry; what others do to it concurrently survives. */
  delete(key: string): Answer<P, void>
  clear(): Answer<P, void>
  get(key: string): Answer<P, V | undefined>
  has(key: string): Answer<P, boolean>
  count(): Answer<P, number>
  keys(): P extends 'local' ? MapIterator<string> : AsyncIterable<string>
  values(): P extends 'local' ? MapIterator<V> : AsyncIterable<V>
  entries(): P extends 'local' ? MapIterator<[string, V]> : AsyncIterable<readonly [string, V]>
}

/** A map of plain values; each key holds the last value written. */
export type ValueMapHandle<P extends Face, V> = HandleBase<P, ReadonlyMap<string, V>> &
  MapBase<P, V> & { set(key: string, value: V): Answer<P, void> } & Ordered<P, OrderedMap<V>> &
  Extra<P, ReadonlyMap<string, V>, ReadonlyMap<string, V>>

/** What a map of plain values has in strong mode besides. Values are compared by structure. */
export interface OrderedMap<V> {
  /** Sets the value unless the key has one; tells whether it did. `get` tells what is there. */
  putIfAbsent(key: string, value: V): Promise<boolean>
  /** Sets `value` if `expected` is what `get` gives, `undefined` for no entry; tells whether it did. */
  compareAndSet(key: string, expected: V | undefined, value: V): Promise<boolean>
  /** Removes the entry, and gives its value; `undefined` when there is none. */
  take(key: string): Promise<V | undefined>
}

/** A map of objects. An entry is there while something in it is; `at` names a place and creates nothing. */
export type MapHandle<P extends Face, S extends Schema> = HandleBase<
  P,
  ReadonlyMap<string, ValueOf<S>>
> &
  MapBase<P, ValueOf<S>> & { at(key: string): HandleOn<P, S> } & Extra<
    P,
    ReadonlyMap<string, ValueOf<S>>,
    ReadonlyMap<string, ValueOf<S>>
  >

type StructValue<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> }

/** The fields of a struct. */
export type Fields = Readonly<Record<string, Schema>>

/** A fixed set of fields, each a property unless a handle's own member has that name: then `at(field)`. */
export type StructHandle<P extends Face, F extends Fields> = Omit<
  { readonly [K in keyof F]: HandleOn<P, F[K]> },
  StructMember
> &
  HandleBase<P, StructValue<F>> & {
    at<K extends keyof F & string>(field: K): HandleOn<P, F[K]>
    /** Phantom: never there at run time. */
    readonly '~fields'?: F
  } & Extra<P, StructValue<F>>

/** Names that a handle uses itself, on either face: fields that have them are reached by `at`. */
export type StructMember =
  | keyof HandleBase<Face, unknown>
  | keyof LocalBase<unknown>
  | 'with'
  | 'at'
  | 'call'
  | 'send'
  | 'stream'
  | 'callOf'
  | 'find'
  | 'make'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable'

/** The handle of schema `S` on face `P`. */
export type HandleOn<P extends Face, S extends Schema> = P extends 'local'
  ? Local<S>
  : P extends 'remote'
    ? Remote<S>
    : Strong<S>

/** The handle of an object whose data is in this process. */
export type Local<S extends Schema> = S['~types']['local']
/** The handle of an object behind a gateway. */
export type Remote<S extends Schema> = S['~types']['remote']
/** The handle of an object in strong mode: the same embedded in a peer and through a gateway. */
export type Strong<S extends Schema | StrongSchema> = S['~types']['strong']
/** Any handle of `S`: write `await` before each call, and the code runs on all of them. */
export type HandleOf<S extends Schema> = Local<S> | Remote<S> | Strong<S>
