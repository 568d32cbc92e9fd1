import { JoineryError, invalidValue } from '@joinery/crdt-objects'
import { Reader, decodeValue } from '@joinery/crdt-objects/engine'
import type { ClassDefinition, FieldRecord } from '../objects/class-definition.ts'
import { definedClass } from '../objects/class-definition.ts'
import { decodeClassDescriptor } from '../objects/class-descriptor.ts'
import type { Running } from '../objects/running.ts'
import { runWith } from '../objects/running.ts'
import type { StrongObject } from '../objects/strong-object.ts'
import { ClassObject } from './class-object.ts'
import { hostInstance } from './fields/hosted-instance.ts'
import type { HostEnvironment, HostedType } from './hosted-object.ts'

const FIELDS_MAX = 4096

/** The classes that this process has defined: built-in kinds, and users' own. */
export const classType: HostedType = { serves, create, restore }

function serves(name: string): boolean {
  return definedClass(name) !== undefined
}

function create(descriptor: string, environment: HostEnvironment): ClassObject {
  const { definition, version, args } = described(descriptor)
  if (version !== definition.version) throw otherVersion(definition, version)
  const { Class } = definition
  const made = runWith(constructing(environment), () => new Class(...(args as never[])))
  const entries = Object.entries(made)
  return hosted(definition, Object.fromEntries(entries), environment)
}

function restore(descriptor: string, state: Uint8Array, environment: HostEnvironment): ClassObject {
  const { definition } = described(descriptor)
  const reader = new Reader(state)
  const version = reader.varint()
  const kept: Record<string, unknown> = {}
  const count = reader.count(2)
  if (count > FIELDS_MAX) reader.fail('fields of an object')
  for (let left = count; left > 0; left--) {
    const field = reader.text()
    if (field === '__proto__' || Object.hasOwn(kept, field)) reader.fail('field of an object')
    kept[field] = decodeValue(reader)
  }
  reader.end()
  if (version === definition.version) return hosted(definition, kept, environment)
  if (version > definition.version || definition.migrate === undefined) {
    throw otherVersion(definition, version)
  }
  const migrate = definition.migrate
  const fields = runWith(constructing(environment), () => migrate(kept, version))
  const migrated = hosted(definition, fields, environment)
  migrated.isMigrated = true
  return migrated
}

function described(descriptor: string): {
  definition: ClassDefinition
  version: number
  args: readonly unknown[]
} {
  const { name, version, args } = decodeClassDescriptor(descriptor)
  const definition = definedClass(name)
  if (definition === undefined) throw typeUnknown(name)
  return { definition, version, args }
}

function hosted(
  definition: ClassDefinition,
  fields: FieldRecord,
  environment: HostEnvironment,
): ClassObject {
  const names = Object.keys(fields)
  if (names.length > FIELDS_MAX) throw invalidValue('fields of an object', names.length)
  const prototype = definition.Class.prototype as StrongObject
  for (const name of names) {
    if (name in prototype)
      throw invalidValue('the class has a method of the name of its field', name)
  }
  const instance = hostInstance(prototype, names, Object.values(fields))
  return new ClassObject(definition, instance, environment)
}

/** What a constructor and a migration may ask. */
function constructing({ nowMs, position }: HostEnvironment): Running {
  const refuse = (): never => {
    throw new Error('a constructor sets fields from its arguments, and does nothing else')
  }
  return {
    nowMs,
    caller: '',
    index: position,
    random: refuse,
    waitUntil: refuse,
    once: refuse,
    schedule: refuse,
  }
}

export function typeUnknown(name: string): JoineryError<'OBJECT_TYPE_UNKNOWN'> {
  const type = name.replace(/^object:/, '')
  const message = `the class ${type} is not defined here: every peer that votes imports its module`
  return new JoineryError('OBJECT_TYPE_UNKNOWN', message, { type })
}

function otherVersion({ name, version }: ClassDefinition, found: number): JoineryError {
  const type = name.replace(/^object:/, '')
  return new JoineryError(
    'OBJECT_TYPE_UNKNOWN',
    `version ${found} of the class ${type} is not defined here, but ${version} is: define it, or a migration`,
    { type },
  )
}
