/**
 * The wire protocol between client and gateway: what each side of it must agree on, and what both keep requests in.
 * Frames are binary WebSocket messages; each carries one or more requests, or replies, end to end.
 */
export { accessDenied, gatewayBusy } from './errors.ts'
export * from './protocol/limits.ts'
export {
  decodeRequests,
  encodeRequest,
  type DefineTarget,
  type Hello,
  type InspectSubject,
  type OpenObject,
  type Outgoing,
  type Request,
} from './protocol/request.ts'
export {
  decodeReplies,
  encodeItem,
  encodeReply,
  encodeResult,
  errorOf,
  failureOf,
  type Failure,
  type Reply,
  type Welcome,
} from './protocol/reply.ts'
export type { OutgoingStrong, StrongRequest } from './protocol/strong.ts'
export type { Arguments } from './protocol/parts.ts'
export {
  encodeTransaction,
  encodeTransactionWrite,
  type TransactionWrite,
} from './protocol/transaction.ts'
export type {
  GroupMemberSummary,
  GroupSummary,
  KeepersSummary,
  ObjectSummary,
  PeerSummary,
  SpaceSummary,
} from './protocol/summary.ts'
