// Bytes that nobody should send: real encodings with a few bytes changed, cut out, doubled or made enormous.
import fastCheck from 'fast-check'

/** One change to some bytes. */
export interface Mutation {
  readonly how: 'set' | 'flip' | 'cut' | 'insert' | 'enlarge' | 'end'
  readonly at: number
  readonly byte: number
}

export const mutations = fastCheck.array(
  fastCheck.record<Mutation>({
    how: fastCheck.constantFrom('set', 'flip', 'cut', 'insert', 'enlarge', 'end'),
    at: fastCheck.nat(0xffff),
    byte: fastCheck.nat(255),
  }),
  { minLength: 1, maxLength: 4 },
)

/** 2^53 - 1 as a varint. */
const enormous = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]

/** The bytes after all the mutations. */
export function mutate(bytes: Uint8Array, applied: readonly Mutation[]): Uint8Array {
  const mutated = [...bytes]
  for (const { how, at, byte } of applied) {
    const place = at % (mutated.length + 1)
    if (how === 'set') mutated[place] = byte
    else if (how === 'flip') mutated[place] = (mutated[place] ?? 0) ^ (1 << (byte % 8))
    else if (how === 'cut') mutated.splice(place, 1 + (byte % 8))
    else if (how === 'insert') mutated.splice(place, 0, byte)
    else if (how === 'enlarge') mutated.splice(place, 1, ...enormous)
    else mutated.length = place
  }
  return Uint8Array.from(mutated)
}
