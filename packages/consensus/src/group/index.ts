export type { ConfState, NodeId, Role } from '../raft/types.ts'
export type {
  GroupMember,
  GroupStatus,
  MemberProgress,
  MembershipChange,
  Refusal,
} from './contract.ts'
export { foundGroup } from './found-group.ts'
export { GroupNode } from './group-node.ts'
export { groupDefaults, type GroupOptions } from './options.ts'
export type { GroupClock, GroupPorts, GroupReport, GroupTransport } from './ports.ts'
