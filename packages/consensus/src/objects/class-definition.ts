import type { MethodMode } from '@joinery/crdt-objects/engine'
import type { StrongObject } from './strong-object.ts'

/** A class of strong objects, whatever its constructor takes. */
export type StrongClass = new (...args: never[]) => StrongObject

/** Fields of an object by name, as they were kept. */
export type FieldRecord = Readonly<Record<string, unknown>>

/** All that a host needs to know of a class. */
export interface ClassDefinition {
  /** First item of its descriptors: `lock`, `object:bank.Account`. */
  readonly name: string
  readonly Class: StrongClass
  /** Those that callers may call. */
  readonly methods: ReadonlyMap<string, MethodMode>
  /** Those that `schedule` may name: all methods. */
  readonly scheduled: ReadonlySet<string>
  readonly version: number
  /** The fields of this version, made from those of an older one. */
  readonly migrate?: ((fields: FieldRecord, version: number) => FieldRecord) | undefined
}

const definitionByName = new Map<string, ClassDefinition>()

/** The class of that name, if this process has defined it. */
export function definedClass(name: string): ClassDefinition | undefined {
  return definitionByName.get(name)
}

/** Makes a class known to the hosts of this process. False: the name is taken by another class. */
export function registerClass(definition: ClassDefinition): boolean {
  const known = definitionByName.get(definition.name)
  if (known !== undefined) {
    return known.Class === definition.Class && known.version === definition.version
  }
  definitionByName.set(definition.name, definition)
  return true
}
