export { JoineryError, invalidValue, isJoineryError } from './errors.ts'
export type { ErrorCode, ErrorDetails, Outcome } from './errors.ts'
export type {
  Answer,
  ChangeOf,
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
  RegisterHandle,
  Remote,
  RemoteBase,
  Sequence,
  SetHandle,
  StructHandle,
  ValueMapHandle,
} from './handles.ts'
export type { Change, ChangedPlace, SequenceStep } from './change.ts'
export { compatibility } from './compatibility.ts'
export type { Compatibility } from './compatibility.ts'
export type { Draft, Transaction } from './drafts.ts'
export type { Identity, ReplicaId } from './identity.ts'
export type { Kind, KindView, SchemaDifference, VerbMode } from './kind.ts'
export type { LeafEngine } from './leaf-engine.ts'
export type { Schema, SchemaTypes, ValueOf } from './schema.ts'
export type { FlushOptions, Space, Spaces } from './space.ts'
export { counter } from './types/counter.ts'
export type { CounterSchema } from './types/counter.ts'
export { max, min } from './types/extremum.ts'
export type { ExtremumSchema } from './types/extremum.ts'
export { flag } from './types/flag.ts'
export type { FlagSchema } from './types/flag.ts'
export { map } from './types/map.ts'
export type { MapSchema } from './types/map.ts'
export { register } from './types/register.ts'
export type { RegisterSchema } from './types/register.ts'
export { set } from './types/set.ts'
export type { SetSchema } from './types/set.ts'
export type { Shareable } from './types/shareable.ts'
export { renamed, struct } from './types/struct.ts'
export type { RenamedSchema, StructSchema } from './types/struct.ts'
export type { ValueMapSchema } from './types/value-map.ts'
export type { WaitOptions } from './wait-options.ts'
