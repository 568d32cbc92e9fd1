import { JoineryError } from '@joinery/crdt-objects'
import { concat } from 'uint8arrays/concat'

/** About how much of a payload goes into one frame. */
const fragmentBytes = 128 * 2 ** 10

/** The largest payload that is taken from a neighbour: an entry of the largest size, with others around it. */
export const payloadBytesMax = 32 * 2 ** 20

const last = 0
const more = 1

/** Cuts a payload into fragments that fit into frames. They are to be sent in order, with nothing in between. */
export function cutPayload(payload: Uint8Array): Uint8Array[] {
  const fragments: Uint8Array[] = []
  let offset = 0
  do {
    const piece = payload.subarray(offset, offset + fragmentBytes)
    offset += piece.length
    const fragment = new Uint8Array(1 + piece.length)
    fragment[0] = offset < payload.length ? more : last
    fragment.set(piece, 1)
    fragments.push(fragment)
  } while (offset < payload.length)
  return fragments
}

/** Joins the fragments of one link back into payloads. */
export class FragmentJoiner {
  #pieces: Uint8Array[] = []
  #bytes = 0

  /**
   * Takes the next fragment; gives the payload that is complete with it.
   *
   * @throws JoineryError ENCODING_INVALID
   */
  take(fragment: Uint8Array): Uint8Array | undefined {
    const flag = fragment[0]
    if (flag !== last && flag !== more) throw invalid('a fragment that is none')
    const piece = fragment.subarray(1)
    if (flag === last && this.#pieces.length === 0) return piece
    this.#bytes += piece.length
    if (this.#bytes > payloadBytesMax)
      throw invalid(`a payload of more than ${payloadBytesMax} bytes`)
    // A copy: a piece that waits must not keep the whole chunk it came in.
    this.#pieces.push(piece.slice())
    if (flag === more) return undefined
    const payload = concat(this.#pieces)
    this.#pieces = []
    this.#bytes = 0
    return payload
  }
}

function invalid(reason: string): JoineryError<'ENCODING_INVALID'> {
  const details = { reason, offset: 0 }
  return new JoineryError('ENCODING_INVALID', `not a valid encoding: ${reason}`, details)
}
