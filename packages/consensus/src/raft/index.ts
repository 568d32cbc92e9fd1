export {
  type ConfigChange,
  decodeConfigChange,
  encodeConfigChange,
  isLeaveJoint,
  leaveJointChange,
  type MemberChange,
} from './config-change.ts'
export { isJoint, isVoter } from './configuration.ts'
export type { LogView, LogViewFailure } from './log-view.ts'
export {
  type Append,
  type AppendResponse,
  appendThread,
  applyThread,
  type Heartbeat,
  type HeartbeatResponse,
  type Message,
  type MessageType,
  type PeerMessage,
  type Proposal,
  type ProposedEntry,
  type ReadIndex,
  type ReadIndexResponse,
  type SnapshotMessage,
  type StorageAppend,
  type StorageAppendResponse,
  type StorageApply,
  type StorageApplyResponse,
  type StorageMessage,
  type TimeoutNow,
  type TransferLeader,
  type Vote,
  type VoteResponse,
} from './message.ts'
export type { ProgressState } from './progress.ts'
export type { RaftConfig } from './raft-config.ts'
export { RaftNode } from './raft-node.ts'
export type { IgnoredMessage, IgnoredReason, ProposalRefusal, Ready } from './ready.ts'
export type { ProgressStatus, RaftStatus } from './status.ts'
export type {
  ConfState,
  Entry,
  EntryType,
  HardState,
  NodeId,
  ReadState,
  Role,
  Snapshot,
  SoftState,
} from './types.ts'
