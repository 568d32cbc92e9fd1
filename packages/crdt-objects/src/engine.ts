export { Reader } from './codec/reader.ts'
export { Slab } from './codec/slab.ts'
export { VALUE_BYTES_MAX } from './codec/snapshot.ts'
export { decodeValue, encodeValue } from './codec/value.ts'
export { Writer } from './codec/writer.ts'
export { ChangeFeed } from './faces/change-feed.ts'
export { DraftObject } from './faces/draft.ts'
export type { DraftWriter } from './faces/draft.ts'
export {
  conditionalVerb,
  invoke,
  isStrongSchema,
  kindOf,
  remoteHandle,
  resolvePlace,
  strongHandle,
  verbMode,
} from './faces/invoke.ts'
export { isLocalHandle } from './faces/local.ts'
export { remotePlaceOf } from './faces/remote-drafts.ts'
export type { RemoteCall, RemoteObject, RemotePlace } from './faces/remote-place.ts'
export type {
  MethodMode,
  StrongAnswer,
  StrongCall,
  StrongClock,
  StrongKind,
  StrongTarget,
} from './faces/strong-target.ts'
export { joinSignals } from './faces/joined-signal.ts'
export { strongChanges } from './faces/strong-changes.ts'
export { untilPasses } from './faces/wait.ts'
export { incarnationOf, isLeased, packReplica, slotOf, unleasedReplica } from './identity.ts'
export type { Identity, ReplicaId } from './identity.ts'
export type { Kind } from './kind.ts'
export type { VerbMode } from './kind-identity.ts'
export { loadEngines } from './leaf-engine.ts'
export { LEAF_ENGINES } from './leaves/engines.ts'
export type { LeafEngine } from './leaf-engine.ts'
export { decodeBatchHeader, decodeStateHeader } from './state/batch-codec.ts'
export type { BatchHeader, StateHeader } from './state/batch-codec.ts'
export type { ReplicaPorts } from './state/context.ts'
export type { Budget } from './state/gate.ts'
export type { Reissued } from './state/reissuer.ts'
export type { Seal } from './state/epochs.ts'
export type { ObjectState } from './state/object-state.ts'
export { SpaceState } from './state/space-state.ts'
export type { Applied } from './state/verdict.ts'
export type { StateEncoding } from './state/state-encoding.ts'
export type { JoiningProgress, StateJoining } from './state/state-joining.ts'
export { strongSchemaOf } from './strong-schema.ts'
export { isKindName, parseDescriptor, unknownTypeIn } from './types/descriptor.ts'
export { decodeBookmark, encodeBookmark } from './bookmark.ts'
export { checkLifetime, lifetimeDiffers } from './check-lifetime.ts'
export { isSameLifetime, lifetimeText } from './lifetime.ts'
export { readLifetime, writeLifetime } from './lifetime-codec.ts'
export { VersionVector } from './version-vector.ts'
export type { Reach } from './version-vector.ts'
