export type { Bookmark } from './bookmark.ts'
export { JoineryError, invalidValue, isJoineryError } from './errors.ts'
export type { ErrorCode, ErrorDetails, Outcome } from './errors.ts'
export type {
  Answer,
  ChangeOf,
  CounterBounds,
  CounterHandle,
  ExtremumHandle,
  Face,
  Fields,
  FlagHandle,
  HandleBase,
  HandleOf,
  HandleOn,
  Local,
  LocalBase,
  MapHandle,
  Ordered,
  OrderedCounter,
  OrderedFlag,
  OrderedMap,
  OrderedRegister,
  OrderedSet,
  RegisterHandle,
  Remote,
  RemoteBase,
  Sequence,
  SetHandle,
  Strong,
  StructHandle,
  ValueMapHandle,
} from './handles.ts'
export type { LogHandle } from './handles/log.ts'
export type { RefHandle } from './handles/ref.ts'
export type { HistogramHandle, HistogramValue } from './handles/histogram.ts'
export type { MatrixHandle } from './handles/matrix.ts'
export type { MomentsHandle } from './handles/moments.ts'
export type { VectorHandle } from './handles/vector.ts'
export type { MomentsValue } from './sums/moments-sums.ts'
export type { Change, ChangedPlace, SequenceStep } from './change.ts'
export { compatibility } from './compatibility.ts'
export type { Compatibility } from './compatibility.ts'
export type { Draft, Transaction } from './drafts.ts'
export type { Identity, ReplicaId } from './identity.ts'
export type { ConditionalVerb, Kind, KindView, SchemaDifference } from './kind.ts'
export type { KindIdentity, VerbMode } from './kind-identity.ts'
export type { LeafEngine } from './leaf-engine.ts'
export type { Lifetime } from './lifetime.ts'
export type { Schema, SchemaTypes, ValueOf } from './schema.ts'
export type {
  FlushOptions,
  LinearizableOptions,
  OpenOptions,
  Space,
  SpaceFace,
  SpaceOptions,
  Spaces,
} from './space.ts'
export type { BloomHandle } from './handles/bloom.ts'
export type { DistinctHandle } from './handles/distinct.ts'
export type {
  DocumentChangeOptions,
  DocumentDraft,
  DocumentHandle,
  DocumentValue,
} from './handles/document.ts'
export type { DocumentEdit, DocumentPath } from './leaves/automerge/edits.ts'
export type { HistoryEntry } from './leaves/automerge/history-document.ts'
export type { QuantilesHandle, QuantilesValue } from './handles/quantiles.ts'
export type { Ranked, TopKHandle } from './handles/top-k.ts'
export type { UserTypeHandle } from './handles/user-type.ts'
export type {
  MethodMode,
  StrongAnswer,
  StrongCall,
  StrongKind,
  StrongTarget,
} from './faces/strong-target.ts'
export type { StrongSchema, StrongTypes } from './strong-schema.ts'
export { bloom } from './types/bloom.ts'
export type { BloomOptions, BloomSchema } from './types/bloom.ts'
export { counter } from './types/counter.ts'
export type { CounterSchema } from './types/counter.ts'
export { defineType } from './types/define-type.ts'
export type { UserTypeSchema } from './types/define-type.ts'
export { distinct } from './types/distinct.ts'
export type { DistinctOptions, DistinctSchema } from './types/distinct.ts'
export { document } from './types/document.ts'
export type { DocumentSchema } from './types/document.ts'
export { max, min } from './types/extremum.ts'
export type { ExtremumSchema } from './types/extremum.ts'
export { flag } from './types/flag.ts'
export type { FlagSchema } from './types/flag.ts'
export { log } from './types/log.ts'
export type { LogSchema } from './types/log.ts'
export { histogram } from './types/histogram.ts'
export type { HistogramSchema } from './types/histogram.ts'
export type { ListHandle } from './handles/list.ts'
export type { TextHandle, TextMarks, TextSpan } from './handles/text.ts'
export { list } from './types/list.ts'
export type { ListSchema } from './types/list.ts'
export { text } from './types/text.ts'
export type { TextSchema } from './types/text.ts'
export { map } from './types/map.ts'
export type { MapOptions, MapSchema } from './types/map.ts'
export { matrix } from './types/matrix.ts'
export type { MatrixSchema } from './types/matrix.ts'
export { moments } from './types/moments.ts'
export type { MomentsSchema } from './types/moments.ts'
export { quantiles } from './types/quantiles.ts'
export type { QuantilesOptions, QuantilesSchema } from './types/quantiles.ts'
export { ref } from './types/ref.ts'
export type { RefSchema } from './types/ref.ts'
export { register } from './types/register.ts'
export type { RegisterSchema } from './types/register.ts'
export { set } from './types/set.ts'
export type { SetOptions, SetSchema } from './types/set.ts'
export type { Shareable } from './types/shareable.ts'
export { renamed, struct } from './types/struct.ts'
export type { RenamedSchema, StructSchema } from './types/struct.ts'
export { topK } from './types/top-k.ts'
export type { TopKSchema } from './types/top-k.ts'
export type {
  CheckedDefinition,
  NoReserved,
  OperationContext,
  TypeCodec,
  TypeDefinition,
  TypeOperations,
} from './types/type-definition.ts'
export type { ValueMapSchema } from './types/value-map.ts'
export { vector } from './types/vector.ts'
export type { VectorSchema } from './types/vector.ts'
export type { Validator, ValidatorResult } from './validator.ts'
export type { WaitOptions } from './wait-options.ts'
