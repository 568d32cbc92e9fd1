import type { MethodMode } from '@joinery/crdt-objects/engine'
import type { SessionId } from './command.ts'

/** What a hosted object may know of the command that it carries out. */
export interface HostEnvironment {
  /** Agreed time, ms since 1970. */
  readonly nowMs: number
  /** Place of the running command in the order of the group. */
  readonly position: number
  /** Session of the running call; the empty text in a timer's. */
  readonly caller: SessionId
  /** Agreed randomness, from 0 up to 1. */
  random(): number
}

/** One object of a state machine. It is a function of the calls it took, in their order, and of nothing else. */
export interface HostedObject {
  /** How a method is called; undefined when there is none of that name. */
  modeOf(path: readonly string[], method: string): MethodMode | undefined
  /** Carries out a command; what it throws has changed nothing. */
  call(path: readonly string[], method: string, args: readonly unknown[]): unknown
  /** Answers a read; changes nothing. */
  read(path: readonly string[], method: string, args: readonly unknown[]): unknown
  /**
   * Is told of the end of each session that has called a command of it, at that place of the order. It may change, and
   * throws nothing. Only objects that have something to do then have it: the group keeps who called those.
   */
  sessionEnded?(session: SessionId): void
  /** The whole state: equal bytes for equal states, on every replica. */
  encodeState(): Uint8Array
}

/** Makes the objects of some kinds from their descriptors. */
export interface HostedType {
  /**
   * Loads what its objects are made with. Whoever drives a state machine waits for it once, before it applies the first
   * entry or snapshot: what an entry does must never hang on what one voter has loaded by then.
   */
  // eslint-disable-next-line no-restricted-syntax -- waited for before the first entry, by whoever drives
  prepare?(): Promise<void>
  /** Whether this type serves descriptors that begin with this name: the JSON of `[name, …]`. */
  serves(name: string): boolean
  /** @throws JoineryError VALUE_INVALID for arguments that are none */
  create(descriptor: string, environment: HostEnvironment): HostedObject
  /** @throws JoineryError ENCODING_INVALID */
  restore(descriptor: string, state: Uint8Array, environment: HostEnvironment): HostedObject
}
