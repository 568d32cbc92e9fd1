import { randomBytes } from 'node:crypto'
import { type Identity } from '@joinery/crdt-objects'

/**
 * A random 64-bit replica id. Each opening of a space asks for one of its own: a replica that was closed and opened
 * again starts empty, and must not use the numbers of its updates a second time.
 */
export function randomIdentity(): Identity {
  return { replica: randomBytes(8).readBigUInt64BE() }
}
