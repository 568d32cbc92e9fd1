import './errors.ts'

export { defineObject } from './objects/define-object.ts'
export type {
  CheckedClass,
  MethodName,
  ObjectHandle,
  ObjectOptions,
  ObjectSchema,
  ObjectValue,
} from './objects/define-object.ts'
export { StrongObject } from './objects/strong-object.ts'
export type { WithdrawnCall } from './objects/strong-object.ts'
export type { FieldRecord, StrongClass } from './objects/class-definition.ts'
export type { Held, HoldOptions, Work } from './objects/kinds/held.ts'
export type { KindBase } from './objects/kinds/kind-handle.ts'
export { barrier } from './objects/kinds/barrier.ts'
export type { BarrierHandle, BarrierSchema } from './objects/kinds/barrier.ts'
export type { BarrierValue, Passed } from './objects/kinds/barrier-object.ts'
export { election } from './objects/kinds/election.ts'
export type { CampaignOptions, ElectionHandle, ElectionSchema } from './objects/kinds/election.ts'
export type { ElectionValue, Leader } from './objects/kinds/election-object.ts'
export { future } from './objects/kinds/future.ts'
export type { FutureHandle, FutureSchema } from './objects/kinds/future.ts'
export type { FutureValue } from './objects/kinds/future-object.ts'
export { latch } from './objects/kinds/latch.ts'
export type { LatchHandle, LatchSchema } from './objects/kinds/latch.ts'
export { lock } from './objects/kinds/lock.ts'
export type {
  AcquireLockOptions,
  LockHandle,
  LockHoldOptions,
  LockOptions,
  LockSchema,
} from './objects/kinds/lock.ts'
export type { LockMode, LockValue } from './objects/kinds/lock-object.ts'
export { queue } from './objects/kinds/queue.ts'
export type {
  ClaimOptions,
  DeadItem,
  PutOptions,
  QueueHandle,
  QueueOptions,
  QueueSchema,
} from './objects/kinds/queue.ts'
export type { QueueValue } from './objects/kinds/queue-object.ts'
export type { Delivery } from './objects/kinds/delivery.ts'
export { semaphore } from './objects/kinds/semaphore.ts'
export type {
  AcquirePermitOptions,
  PermitOptions,
  SemaphoreHandle,
  SemaphoreSchema,
} from './objects/kinds/semaphore.ts'
export type { SemaphoreValue } from './objects/kinds/semaphore-object.ts'
export { sequence } from './objects/kinds/sequence.ts'
export type { SequenceHandle, SequenceSchema } from './objects/kinds/sequence.ts'
export type { Reserved } from './objects/kinds/sequence-object.ts'
export type { CallOptions, ObjectAddress, OrderedLog } from './ordered-log.ts'
