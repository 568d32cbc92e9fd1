import type { StrongSchema, StrongTypes, WaitOptions } from '@joinery/crdt-objects'
import type { StrongTarget } from '@joinery/crdt-objects/engine'
import type { StrongClass } from '../class-definition.ts'
import { defineStrongKind, methodNames } from '../define-strong-kind.ts'

/** A kind that comes with the package. */
export interface KindDefinition<A extends readonly unknown[]> {
  readonly name: string
  readonly Class: StrongClass
  /** All that handles call, beside `read`. What else the class has is its own affair. */
  readonly commands: readonly string[]
  readonly reads?: readonly string[] | undefined
  text(...args: A): string
  face(target: StrongTarget, options: WaitOptions, args: A): object
}

/** As `defineStrongKind`, for classes whose methods are mostly not for callers. */
export function defineKind<A extends readonly unknown[], T extends StrongTypes>({
  commands,
  ...definition
}: KindDefinition<A>): (...args: A) => StrongSchema<T> {
  const called = new Set([...commands, ...(definition.reads ?? []), 'read'])
  const internal = [...methodNames(definition.Class)].filter((name) => !called.has(name))
  return defineStrongKind<A, T>({ ...definition, internal })
}
