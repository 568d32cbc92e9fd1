import { randomBytes } from 'node:crypto'
import { type Identity } from '@joinery/crdt-objects'
import { unleasedReplica } from '@joinery/crdt-objects/engine'

/**
 * A replica id of 63 random bits, for a replica that holds no slot. Each opening of a space asks for one of its own: a replica that was closed and opened
 * again starts empty, and must not use the numbers of its updates a second time.
 */
export function randomIdentity(): Identity {
  return { replica: unleasedReplica(randomBytes(8).readBigUInt64BE()) }
}
