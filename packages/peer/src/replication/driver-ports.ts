import { type Budget } from '@joinery/crdt-objects/engine'
import { type Dissemination } from '../dissemination/dissemination.ts'
import { type ControlPort } from '../identity/control-client.ts'
import { type Reporter } from '../report.ts'

/** What a driver needs of its surroundings. */
export interface DriverPorts {
  readonly dissemination: Dissemination
  readonly control: ControlPort
  readonly budget?: Budget | undefined
  sendMessage(space: string, peer: string, bytes: Uint8Array, isBulk: boolean): void
  /** How many bytes wait to be sent to a peer. */
  queueBytesOf(peer: string): number
  readonly report: Reporter
  now(): number
  /** What nobody uses for so long, or up to twice that, is packed. */
  readonly idlePackMs: number
  /** Whether somebody is in the space here, and it is not only kept. */
  isUsed(): boolean
  /** The space has been ended. */
  onEnded(space: string): void
}
