export { connect, type Client, type ConnectOptions } from './connect.ts'
export type { Backoff } from './backoff.ts'
export type {
  Inspection,
  InspectedObject,
  ObjectSummary,
  PeerSummary,
  SpaceSummary,
} from './inspection.ts'
export type { Token } from './link.ts'
import './errors.ts'
