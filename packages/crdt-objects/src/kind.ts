import type { BatchReader } from './codec/batch-reader.ts'
import type { Place } from './faces/place.ts'
import type { RemotePlace } from './faces/remote-place.ts'
import type { ReplicaContext } from './state/context.ts'
import type { Node, Parent } from './state/node.ts'

/** How a verb is called: one answer, an answer that changes nothing, or a sequence. */
export type VerbMode = 'read' | 'write' | 'stream'

/** All that code needs to know of one kind of object. Shared code asks it, and never branches on its name. */
export interface Kind {
  readonly name: string
  /** What defines the kind, as canonical JSON: equal exactly for equal schemas. */
  readonly descriptor: string
  /** 64-bit hash of the descriptor, 16 hex digits. */
  readonly fingerprint: string
  readonly verbs: ReadonlyMap<string, VerbMode>
  /** What a place reads as while nothing is there. */
  readonly zero: () => unknown
  /** The state of a place with nothing in it, as {@link Kind.decodeWhole} would give it. */
  readonly emptyWhole: () => unknown
  createNode(context: ReplicaContext, parent: Parent, key: string): Node
  decodeDelta(batch: BatchReader): unknown
  decodeWhole(batch: BatchReader): unknown
  local(place: Place): object
  remote(place: RemotePlace): object
}

/** The verbs of every kind. */
export const COMMON_VERBS: readonly (readonly [string, VerbMode])[] = [
  ['read', 'read'],
  ['changes', 'stream'],
]
