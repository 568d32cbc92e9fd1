import type { BatchReader } from '../codec/batch-reader.ts'
import { encodeFingerprint } from '../codec/fingerprint.ts'
import { invalidValue } from '../errors.ts'
import { toJson } from '../faces/local.ts'
import type { ConditionalVerb, Kind, SchemaDifference } from '../kind.ts'
import type { VerbMode } from '../kind-identity.ts'
import { COMMON_VERBS } from '../kind.ts'
import type { LeafEngine } from '../leaf-engine.ts'
import type { Schema, SchemaTypes } from '../schema.ts'
import type { ReplicaContext } from '../state/context.ts'
import type { Incoming, Node, Parent } from '../state/node.ts'

/** What a kind brings of its own; its name, arguments and verbs decide the rest. */
export interface KindDefinition<N extends Node> extends Omit<
  Kind,
  | 'descriptor'
  | 'fingerprint'
  | 'family'
  | 'verbs'
  | 'conditional'
  | 'engines'
  | 'validates'
  | 'text'
  | 'union'
  | 'compare'
  | 'createNode'
  | 'read'
  | 'reading'
  | 'load'
> {
  createNode(context: ReplicaContext, parent: Parent, key: string): N
  read(node: N): unknown
  load?(batch: BatchReader, node: N, incoming: Incoming): Iterable<undefined>
  reading?(node: N | undefined): unknown
  /** What besides the name defines the kind: JSON. */
  readonly args: readonly unknown[]
  /** What besides the name defines the family, where that is less. */
  readonly familyArgs?: readonly unknown[]
  readonly engines?: readonly LeafEngine[]
  readonly validates?: boolean
  /** For people; without it, the name and arguments. */
  readonly text?: string
  /** Without it, kinds of the family are all the same. */
  readonly union?: Kind['union']
  readonly compare?: Kind['compare']
  readonly verbs: Readonly<Record<string, VerbMode>>
  readonly conditional?: Readonly<Record<string, ConditionalVerb>>
}

/** How long descriptors are, and how deep their arrays nest, at the most. */
const LENGTH_MAX = 64 * 1024
const NESTING_MAX = 33
/** How much of a value in a schema is shown. */
const TEXT_LENGTH_MAX = 60

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
export function defineKind<N extends Node>(definition: KindDefinition<N>): Kind {
  const { args, familyArgs = args, engines = [], validates = false, ...own } = definition
  const descriptor = JSON.stringify([definition.name, ...args])
  const problem = descriptorProblem(descriptor)
  if (problem !== undefined) throw invalidValue(`a schema that others could not read: ${problem}`)
  const kind: Kind = {
    text: `${definition.name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`,
    union: () => kind,
    compare: (other, path) => compareWhole(kind, other, path),
    ...own,
    descriptor,
    fingerprint: encodeFingerprint(descriptor),
    family: JSON.stringify([definition.name, ...familyArgs]),
    engines,
    validates,
    verbs: new Map([...COMMON_VERBS, ...Object.entries(own.verbs)]),
    conditional: new Map(Object.entries(own.conditional ?? {})),
  }
  return kind
}

/** Two kinds without parts: the same, or not. */
export function compareWhole(
  first: Kind,
  second: Kind,
  path: readonly string[],
): readonly SchemaDifference[] {
  if (first.descriptor !== second.descriptor) return [differentKind(first, second, path)]
  if (first === second || !(first.validates || second.validates)) return []
  return [{ path, change: 'validator', compatible: true }]
}

/** That two kinds stand where one should. */
export function differentKind(
  first: Kind,
  second: Kind,
  path: readonly string[],
): SchemaDifference {
  return { path, change: 'kind', compatible: false, first: first.text, second: second.text }
}

/** A schema over a kind: its types exist in the type system only, and each builder states them. */
export function schemaOf<T extends SchemaTypes>(kind: Kind): Schema<T> {
  return Object.freeze({ kind }) as Schema<T>
}

/** The descriptor of a kind as JSON, to stand in the arguments of another. */
export function descriptorJson(kind: Kind): unknown {
  return JSON.parse(kind.descriptor) as unknown
}

/** The family of a kind as JSON, to stand in the arguments of another. */
export function familyJson(kind: Kind): unknown {
  return JSON.parse(kind.family) as unknown
}

/** A value that is part of a schema, for people: not all of it, if it is long. */
export function valueText(value: unknown): string {
  const text = JSON.stringify(toJson(value)) ?? 'undefined'
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`
}

/** The kind of a schema that a user gave to a builder. */
export function kindOfSchema(schema: unknown, what: string): Kind {
  const kind = (schema as { readonly kind?: Partial<Kind> } | null | undefined)?.kind
  if (typeof kind?.descriptor === 'string') return kind as Kind
  throw invalidValue(`${what} is a schema, such as counter() or set()`, schema)
}
