import { type Reporter } from '../report.ts'
import { type LinkEvents, type SpaceEvents } from './events.ts'
import { type Member } from './wire.ts'

/** What membership needs of its surroundings. */
export interface MembershipPorts {
  readonly selfId: string
  addresses(): readonly string[]
  /** A monotonic clock, in ms. */
  now(): number
  /** The wall clock, in ms. */
  wallNow(): number
  /** In [0, 1). */
  random(): number
  later(delayMs: number, task: () => void): void
  readonly report: Reporter
  learn(member: Member): void
  forget(peer: string): void
  onConnected(peer: string): void
  onLost(peer: string): void
  /** It is silent, though its connection stands; or is heard again. */
  onSuspected(peer: string): void
  onTrusted(peer: string): void
  readonly spaces: SpaceEvents
  readonly links: LinkEvents
  /** This peer stood still, for about so long: no timer that ran meanwhile is to be believed. */
  onThaw(stoodStillMs: number): void
}
