import {
  type StrongSchema,
  type StrongTypes,
  type WaitOptions,
  invalidValue,
} from '@joinery/crdt-objects'
import type { MethodMode, StrongKind, StrongTarget } from '@joinery/crdt-objects/engine'
import { strongSchemaOf } from '@joinery/crdt-objects/engine'
import { type FieldRecord, type StrongClass, registerClass } from './class-definition.ts'
import { encodeClassDescriptor } from './class-descriptor.ts'
import { StrongObject } from './strong-object.ts'

/** Methods that only the host calls. */
const HOOKS: ReadonlySet<string> = new Set(['constructor', 'sessionEnded', 'callWithdrawn'])

/** A kind of strong object: a class, and the handle that callers have of it. */
export interface StrongKindDefinition<A extends readonly unknown[]> {
  /** First item of its descriptors: `lock`, `object:bank.Account`. */
  readonly name: string
  /** Its constructor is given what the builder was. */
  readonly Class: StrongClass
  /** Methods that change nothing: they take no place in the order. */
  readonly reads?: readonly string[] | undefined
  /** Methods for `schedule` and the class itself: no caller can call them. */
  readonly internal?: readonly string[] | undefined
  readonly version?: number | undefined
  readonly migrate?: ((fields: FieldRecord, version: number) => FieldRecord) | undefined
  /** As its builder would be written, for people. */
  text(...args: A): string
  /** The handle of an object; `with` makes another by the same function. */
  face(target: StrongTarget, options: WaitOptions, args: A): object
}

/**
 * Makes a class known to the hosts of this process, and gives the builder of its schemas. Builders check and complete
 * their arguments before they call it: equal arguments, once completed, are equal objects.
 *
 * @throws JoineryError VALUE_INVALID for a name that another class has, and for what is no class of strong objects
 */
export function defineStrongKind<A extends readonly unknown[], T extends StrongTypes>(
  definition: StrongKindDefinition<A>,
): (...args: A) => StrongSchema<T> {
  const { name, Class, version = 1, migrate } = definition
  const methods = methodModes(definition)
  const scheduled = methodNames(Class)
  const isKnown = registerClass({ name, Class, methods, scheduled, version, migrate })
  if (!isKnown) {
    const reason = 'a class has a name of its own, and this is that of another class or version'
    throw invalidValue(reason, name.replace(/^object:/, ''))
  }
  return (...args) => {
    const kind: StrongKind = {
      name,
      descriptor: encodeClassDescriptor({ name, version, args }),
      text: definition.text(...args),
      methods,
      face: (target, options) => definition.face(target, options, args),
    }
    return strongSchemaOf<T>(kind)
  }
}

/** The methods of a class and of those it extends, up to `StrongObject`. */
export function methodNames(Class: StrongClass): ReadonlySet<string> {
  const names = new Set<string>()
  let prototype: object | null = Class.prototype as object
  while (prototype !== null && prototype !== StrongObject.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function' && !HOOKS.has(name)) names.add(name)
    }
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  if (prototype === null)
    throw invalidValue('a class of strong objects extends StrongObject', Class)
  return names
}

/** The methods of a class that callers may call, and how. */
export function methodModes(
  definition: Pick<StrongKindDefinition<never>, 'Class' | 'reads' | 'internal'>,
): ReadonlyMap<string, MethodMode> {
  const { Class, reads = [], internal = [] } = definition
  const all = methodNames(Class)
  for (const name of [...reads, ...internal]) {
    if (!all.has(name)) throw invalidValue('`reads` names methods of the class', name)
  }
  const methods = new Map<string, MethodMode>()
  for (const name of all) {
    if (internal.includes(name)) continue
    methods.set(name, name === 'read' || reads.includes(name) ? 'read' : 'command')
  }
  return methods
}
