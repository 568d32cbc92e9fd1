export { connect, type Client, type ConnectOptions } from './connect.ts'
export type { Backoff } from './backoff.ts'
export type { InspectedObject } from './inspected-object.ts'
export type { Inspection } from './inspection.ts'
export type { Token } from './link.ts'
export type {
  GroupMemberSummary,
  GroupSummary,
  KeepersSummary,
  ObjectSummary,
  PeerSummary,
  SpaceSummary,
} from './protocol/summary.ts'
import './errors.ts'
