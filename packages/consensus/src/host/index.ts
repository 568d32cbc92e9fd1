export type {
  CallCommand,
  Command,
  CommandBatch,
  ObjectNumber,
  Query,
  SessionId,
} from './command.ts'
export {
  BATCH_BYTES_MAX,
  COMMAND_BYTES_MAX,
  assembleBatch,
  decodeBatch,
  decodeCommand,
  decodeQuery,
  encodeBatch,
  encodeCommand,
  encodeQuery,
} from './command-codec.ts'
export { classType } from './class-type.ts'
export { GroupState, type HostedHere } from './group-state.ts'
export type { HostEnvironment, HostedObject, HostedType } from './hosted-object.ts'
export { LinearizableType } from './linearizable-object.ts'
export type { Applied, Failure, Outcome, Parked, Released } from './outcome.ts'
export { decodeOutcome, encodeOutcome } from './outcome-codec.ts'
export { isSessionId } from './session-bytes.ts'
export type { StateMachine } from './state-machine.ts'
