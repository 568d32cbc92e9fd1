import type { BatchReader } from './codec/batch-reader.ts'
import type { Place } from './faces/place.ts'
import type { RemotePlace } from './faces/remote-place.ts'
import type { KindIdentity, VerbMode } from './kind-identity.ts'
import type { LeafEngine } from './leaf-engine.ts'
import type { ReplicaContext } from './state/context.ts'
import type { Incoming, Node, Parent } from './state/node.ts'

/** All that code needs to know of one kind of object. Shared code asks it, and never branches on its name. */
export interface Kind extends KindIdentity {
  /** As its builders would be written, for people: `map(struct({ hits: counter() }))`. */
  readonly text: string
  readonly verbs: ReadonlyMap<string, VerbMode>
  /** Verbs that an object in strong mode has besides: by name, what each does with the local handle of its place. */
  readonly conditional: ReadonlyMap<string, ConditionalVerb>
  /** What must be loaded before a node is made or bytes are decoded. */
  readonly engines: readonly LeafEngine[]
  /** Whether it refuses some values that its descriptor would let pass. */
  readonly validates: boolean
  /** How names that this process gave to fields follow from those that others know; absent where they are the same. */
  readonly view?: KindView | undefined
  /** The kind that sees all that this one and another of the same family see. */
  union(other: Kind): Kind
  /** Where `other` differs from this kind; `path` is where they are compared. */
  compare(other: Kind, path: readonly string[]): readonly SchemaDifference[]
  /** What a place reads as while nothing is there. */
  readonly zero: () => unknown
  /** The state of a place with nothing in it, as {@link Kind.decodeWhole} would give it. */
  readonly emptyWhole: () => unknown
  createNode(context: ReplicaContext, parent: Parent, key: string): Node
  /** What a node of the same family reads as: plain, immutable data. */
  read(node: Node): unknown
  /** All that handles read of a place, where that is more than its value; undefined stands for one with nothing in it. */
  reading?(node: Node | undefined): unknown
  decodeDelta(batch: BatchReader): unknown
  decodeWhole(batch: BatchReader): unknown
  /** Of a kind whose places have places below them. */
  readonly branching?: Branching | undefined
  /** Reads a state into a place where nothing is kept, and pauses where it yields: for places that may be large. */
  load?(batch: BatchReader, node: Node, incoming: Incoming): Iterable<undefined>
  local(place: Place): object
  /** The handle of what is elsewhere; with the conditional verbs where `place.object` says that its calls are ordered. */
  remote(place: RemotePlace): object
}

/** How places below a place are named, and of what kinds they are. */
export interface Branching {
  /** Whether they can be removed. */
  readonly removes: boolean
  /** Reads which one a part of a state is of. */
  readKey(batch: BatchReader): string
  kindAt(key: string): Kind
  /** The place as a step of a path. */
  step(key: string): string
}

/** A verb that is a function of what is there: it reads, and writes by the verbs of every face. */
export type ConditionalVerb = (handle: never, args: readonly unknown[]) => unknown

/** One difference between two schemas. */
export interface SchemaDifference {
  /** The way to it: names of fields, and `*` for the entries of a map. */
  readonly path: readonly string[]
  /**
   * - `kind`: another kind of object, or other arguments of it
   * - `field-missing`, `field-added`: a field that only the first, only the second has
   * - `field-renamed`: one field under two names
   * - `validator`: other values are refused
   */
  readonly change: 'kind' | 'field-missing' | 'field-added' | 'field-renamed' | 'validator'
  /** Whether objects can be shared in spite of it. */
  readonly compatible: boolean
  /** What the first schema has there, for people. */
  readonly first?: string
  /** What the second has. */
  readonly second?: string
}

/** From the names of fields that others know to those of this process. */
export interface KindView {
  value(value: unknown): unknown
  path(path: readonly string[]): readonly string[]
}

/** The verbs of every kind. */
export const COMMON_VERBS: readonly (readonly [string, VerbMode])[] = [
  ['read', 'read'],
  ['changes', 'stream'],
]
