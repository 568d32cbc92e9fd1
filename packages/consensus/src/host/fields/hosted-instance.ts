import { notShareable } from './plain-value.ts'
import type { StrongObject } from '../../objects/strong-object.ts'
import { Recorder } from './recorder.ts'

/** An object of a class whose fields are behind a recorder. */
export interface HostedInstance {
  readonly instance: StrongObject
  readonly recorder: Recorder
  /** Names of the fields, in the order of their numbers. */
  readonly fields: readonly string[]
}

const RECORDER = Symbol('recorder')

interface Recorded {
  readonly [RECORDER]: Recorder
}

/** Accessors of the fields by number: all instances share them, so an engine sees few shapes. */
const accessors: PropertyDescriptor[] = []

function accessorOf(field: number): PropertyDescriptor {
  return (accessors[field] ??= {
    enumerable: true,
    get(this: Recorded): unknown {
      return this[RECORDER].readField(field)
    },
    set(this: Recorded, value: unknown) {
      this[RECORDER].writeField(field, value)
    },
  })
}

/**
 * An object with the methods of the class and these fields. No constructor runs, so it has none of the class's `#private`
 * members: state that nobody can keep is found at its first use. It takes no further fields.
 *
 * @throws Error for fields that are no values
 */
export function hostInstance(
  prototype: object,
  fields: readonly string[],
  values: readonly unknown[],
): HostedInstance {
  const recorder = new Recorder(values)
  const instance = Object.create(prototype) as StrongObject
  Object.defineProperty(instance, RECORDER, { value: recorder })
  for (const [number, field] of fields.entries()) {
    if (field === '__proto__') throw notShareable('a field cannot be named', field)
    Object.defineProperty(instance, field, accessorOf(number))
  }
  Object.preventExtensions(instance)
  return { instance, recorder, fields }
}
