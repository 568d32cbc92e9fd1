// First, and before anything that loads libp2p.
import './polyfill.ts'

export type { GroupMemberSummary, GroupSummary } from '@joinery/client/protocol'
export { createPeer } from './create-peer.ts'
export type { ClusterKey } from './cluster-key.ts'
export type { AddressProblem, RefusalReason } from './errors.ts'
export type { GatewayLimits, GatewayOptions } from './gateway/options.ts'
export type { DisseminationName, PeerOptions } from './options.ts'
export type { LeaveReport, Peer, PeerStatistics } from './peer.ts'
export type { Report, Reporter } from './report.ts'
export type { LocalSpace } from './spaces/local-space.ts'
