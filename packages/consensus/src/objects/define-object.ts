import {
  type Shareable,
  type StrongSchema,
  type WaitOptions,
  invalidValue,
} from '@joinery/crdt-objects'
import type { MethodMode, StrongTarget } from '@joinery/crdt-objects/engine'
import type { FieldRecord, StrongClass } from './class-definition.ts'
import { defineStrongKind, methodModes } from './define-strong-kind.ts'

type Hook = 'sessionEnded' | 'callWithdrawn'
type Method = (...args: never) => unknown

/** Names of the public methods of a class. */
export type MethodName<T> = {
  [K in keyof T]: K extends string & Exclude<keyof T, Hook>
    ? T[K] extends Method
      ? K
      : never
    : never
}[keyof T]

/** A handle of an object of a class: the class's methods, awaited. */
export type ObjectHandle<T> = {
  readonly name: string
  /** The same object, with options for each call. */
  with(options: WaitOptions): ObjectHandle<T>
} & {
  readonly [K in MethodName<T>]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<R>
    : never
}

/** What an object reads as: what its method `read` gives, if it has one. */
export type ObjectValue<T> = T extends { read(): infer V } ? V : undefined

/** The schema of an object of a class. */
export type ObjectSchema<T> = StrongSchema<{
  readonly value: ObjectValue<T>
  readonly strong: ObjectHandle<T>
}>

type IsValue<T> = [T] extends [Shareable<T>] ? true : false
type AreValues<A extends readonly unknown[]> = IsValue<A[number]>
type IsAnswer<R> = [R] extends [undefined | void]
  ? true
  : [Extract<R, PromiseLike<unknown>>] extends [never]
    ? IsValue<R>
    : false

type Reserved = 'name' | 'with' | 'then'

/** What is wrong with a member of a class; `never` if nothing is. */
type Problem<K, M> = K extends Hook
  ? never
  : K extends Reserved
    ? 'a handle has a member of this name'
    : M extends (...args: infer A) => infer R
      ? AreValues<A> extends true
        ? IsAnswer<R> extends true
          ? never
          : 'methods are synchronous, and give what can be shared'
        : 'arguments must be values that can be shared'
      : IsValue<M> extends true
        ? never
        : 'fields must be values that can be shared'

type ProblemsOf<T> = {
  [K in keyof T as [Problem<K, T[K]>] extends [never] ? never : K]: Problem<K, T[K]>
}

/** Refuses, at the type level, a class that no group could host; the message names the member. */
export type CheckedClass<C extends StrongClass> = ([keyof ProblemsOf<InstanceType<C>>] extends [
  never,
]
  ? unknown
  : { readonly problems: ProblemsOf<InstanceType<C>> }) &
  (AreValues<ConstructorParameters<C>> extends true
    ? unknown
    : {
        readonly problems: { readonly constructor: 'arguments must be values that can be shared' }
      })

export interface ObjectOptions<T> {
  /** Methods that change nothing: they take no place in the order. `read` is one by its name. */
  readonly reads?: readonly MethodName<T>[] | undefined
  /** Public methods for `schedule` alone: callers cannot call them. */
  readonly internal?: readonly MethodName<T>[] | undefined
  /** 1 if it is not given. A class whose fields mean something else than before has another version. */
  readonly version?: number | undefined
  /** The fields of this version, from those of an older one: opening the object with the new version applies it. */
  readonly migrate?: ((fields: FieldRecord, version: number) => FieldRecord) | undefined
}

/** What a name may be, so that it reads well in errors and descriptors. */
const NAME = /^[\p{L}\p{N}_.:/-]{1,256}$/u
const RESERVED: ReadonlySet<string> = new Set<Reserved>(['name', 'with', 'then'])

/**
 * Defines a class of strong objects, and gives the builder of its schemas, which takes the constructor's arguments. The
 * class does not travel: peers that vote, and all who open its objects, define it under the same name.
 *
 * @throws JoineryError VALUE_INVALID for a name that another class has, and for what is no class of strong objects
 */
export function defineObject<C extends StrongClass>(
  name: string,
  Class: C & CheckedClass<C>,
  options: ObjectOptions<InstanceType<C>> = {},
): (...args: ConstructorParameters<C>) => ObjectSchema<InstanceType<C>> {
  if (typeof (name as unknown) !== 'string' || !NAME.test(name)) {
    throw invalidValue('a class is named by letters, digits and . _ : / -', name)
  }
  const { version = 1, migrate, reads, internal } = options
  if (!Number.isSafeInteger(version) || version < 1)
    throw invalidValue('versions are 1, 2, …', version)
  const definition = { Class, reads, internal }
  const methods = methodModes(definition)
  for (const method of methods.keys()) {
    if (RESERVED.has(method))
      throw invalidValue('a handle has a member of the name of this method', method)
  }
  const ClassHandle = handleClass(methods)
  return defineStrongKind<ConstructorParameters<C>, ObjectSchema<InstanceType<C>>['~types']>({
    ...definition,
    name: `object:${name}`,
    version,
    migrate,
    text: (...args) => `${name}(${args.map(argumentText).join(', ')})`,
    face: (target, wait) => new ClassHandle(target, wait),
  })
}

/** An argument for people: what JSON does not have is shown by its kind. */
function argumentText(arg: unknown): string {
  const shown = (_: string, value: unknown): unknown =>
    typeof value === 'bigint' ? `${value}n` : value
  return JSON.stringify(arg, shown) ?? 'undefined'
}

/** What all handles of classes have. */
class ObjectFace {
  readonly #target: StrongTarget
  readonly #options: WaitOptions

  constructor(target: StrongTarget, options: WaitOptions) {
    this.#target = target
    this.#options = options
  }

  get name(): string {
    return this.#target.name
  }

  with(options: WaitOptions): ObjectFace {
    const Face = this.constructor as typeof ObjectFace
    return new Face(this.#target, { ...this.#options, ...options })
  }

  static async call(
    face: ObjectFace,
    method: string,
    mode: MethodMode,
    args: readonly unknown[],
  ): Promise<unknown> {
    const call = { path: [], method, mode, args, options: face.#options }
    const { value } = await face.#target.call(call)
    return value
  }
}

/** A class of handles with these methods. */
function handleClass(methods: ReadonlyMap<string, MethodMode>): typeof ObjectFace {
  class ClassHandle extends ObjectFace {}
  for (const [method, mode] of methods) {
    Object.defineProperty(ClassHandle.prototype, method, {
      value: function (this: ObjectFace, ...args: readonly unknown[]): Promise<unknown> {
        return ObjectFace.call(this, method, mode, args)
      },
    })
  }
  return ClassHandle
}
