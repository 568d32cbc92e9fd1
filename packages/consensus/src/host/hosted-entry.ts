import { type VersionVector, Writer } from '@joinery/crdt-objects/engine'
import type { ObjectNumber } from './command.ts'
import { ClassObject } from './class-object.ts'
import type { HostedObject } from './hosted-object.ts'
import type { Session } from './session.ts'

export interface EntryIdentity {
  readonly number: ObjectNumber
  readonly space: string
  readonly name: string
}

/** One object of a group, and what the group keeps of it. */
export class HostedEntry implements EntryIdentity {
  readonly number: ObjectNumber
  readonly space: string
  readonly name: string
  descriptor: string
  hosted: HostedObject
  /** Position at which it last changed. */
  changedAt: number
  /** Its replicas differ: nothing is done with it any more. */
  isQuarantined = false
  /** Sessions that are to be told to it when they end. */
  readonly callers = new Set<Session>()
  private vector: VersionVector | undefined
  private encodedVector: Uint8Array | undefined

  constructor(
    identity: EntryIdentity,
    descriptor: string,
    hosted: HostedObject,
    changedAt: number,
  ) {
    this.number = identity.number
    this.space = identity.space
    this.name = identity.name
    this.descriptor = descriptor
    this.hosted = hosted
    this.changedAt = changedAt
  }

  /** It as an object of a class: what can park, and has timers and hooks. */
  get live(): ClassObject | undefined {
    return this.hosted instanceof ClassObject ? this.hosted : undefined
  }

  /** The joined vectors of its calls, encoded; nothing while there are none. */
  get vectorBytes(): Uint8Array | undefined {
    return this.encodedVector
  }

  /** Whoever goes on by this object from now on sees what that vector has. */
  join(vector: VersionVector): void {
    if (this.vector === undefined) this.vector = vector
    else if (this.vector.covers(vector)) return
    else this.vector.merge(vector)
    if (this.vector.isEmpty) return
    const writer = new Writer(64)
    this.vector.encode(writer)
    this.encodedVector = writer.finish()
  }
}
