import { encodeFingerprint } from '../codec/fingerprint.ts'
import { invalidValue } from '../errors.ts'
import type { Kind, VerbMode } from '../kind.ts'
import { COMMON_VERBS } from '../kind.ts'
import type { Schema, SchemaTypes } from '../schema.ts'

/** What a kind brings of its own; its name, arguments and verbs decide the rest. */
export interface KindDefinition extends Omit<Kind, 'descriptor' | 'fingerprint' | 'verbs'> {
  /** What besides the name defines the kind: JSON. */
  readonly args: readonly unknown[]
  readonly verbs: Readonly<Record<string, VerbMode>>
}

/** How long descriptors are, and how deep their arrays nest, at the most. */
const LENGTH_MAX = 64 * 1024
const NESTING_MAX = 33

/** What is wrong with the size of a descriptor, whoever made it. */
export function descriptorProblem(descriptor: string): string | undefined {
  if (descriptor.length > LENGTH_MAX) return 'too long'
  let depth = 0
  for (const [bracket] of descriptor.matchAll(/"(?:[^"\\]|\\.)*"|[[\]]/g)) {
    if (bracket === '[') depth++
    else if (bracket === ']') depth--
    if (depth > NESTING_MAX) return 'nested too deep'
  }
  return undefined
}

/** Completes a kind: its descriptor is its name and arguments as JSON, its fingerprint their hash. */
export function defineKind(definition: KindDefinition): Kind {
  const { args, verbs, ...own } = definition
  const descriptor = JSON.stringify([definition.name, ...args])
  const problem = descriptorProblem(descriptor)
  if (problem !== undefined) throw invalidValue(`a schema that others could not read: ${problem}`)
  return {
    ...own,
    descriptor,
    fingerprint: encodeFingerprint(descriptor),
    verbs: new Map([...COMMON_VERBS, ...Object.entries(verbs)]),
  }
}

/** A schema over a kind: its types exist in the type system only, and each builder states them. */
export function schemaOf<T extends SchemaTypes>(kind: Kind): Schema<T> {
  return Object.freeze({ kind }) as Schema<T>
}

/** The descriptor of a kind as JSON, to stand in the arguments of another. */
export function descriptorJson(kind: Kind): unknown {
  return JSON.parse(kind.descriptor) as unknown
}
