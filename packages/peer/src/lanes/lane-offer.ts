import { Reader, Writer } from '@joinery/crdt-objects/engine'

/** Where a peer takes lanes. */
export interface LanePort {
  /** The host that it listens on, an unspecified address for all of them. */
  readonly host: string
  readonly port: number
}

/** What the two ends of one connection need to make a lane: it is said on that connection, and good for one lane. */
export interface LaneOffer {
  /** Names the offer to who made it; no secret. */
  readonly name: string
  /** The key that both ends prove to hold. */
  readonly secret: Uint8Array
  readonly ports: readonly LanePort[]
}

/** The length of a secret. */
export const secretBytes = 32

const version = 1
const nameLengthMax = 64
const hostLengthMax = 64
const portsMax = 16

/** Writes what a stream begins with; `decodeGreeting` is the inverse. */
export function encodeGreeting(offer: LaneOffer | undefined): Uint8Array {
  const writer = new Writer()
  writer.varint(version)
  writer.byte(offer === undefined ? 0 : 1)
  if (offer === undefined) return writer.finish()
  writer.text(offer.name)
  writer.raw(offer.secret)
  const ports = offer.ports.slice(0, portsMax)
  writer.varint(ports.length)
  for (const { host, port } of ports) {
    writer.text(host)
    writer.varint(port)
  }
  return writer.finish()
}

/**
 * Reads what a stream begins with.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeGreeting(bytes: Uint8Array): LaneOffer | undefined {
  const reader = new Reader(bytes)
  const found = reader.varint()
  if (found !== version) reader.fail(`version ${found} of a stream, expected ${version}`)
  const hasOffer = reader.byte()
  if (hasOffer > 1) reader.fail('a greeting has an offer or has none')
  const offer = hasOffer === 1 ? readOffer(reader) : undefined
  reader.end()
  return offer
}

function readOffer(reader: Reader): LaneOffer {
  const name = reader.text()
  const secret = reader.raw(secretBytes).slice()
  const ports: LanePort[] = []
  const count = reader.varint()
  if (name.length > nameLengthMax || count > portsMax) reader.fail('an offer beyond its bounds')
  for (let i = 0; i < count; i++) {
    const host = reader.text()
    const port = reader.varint()
    if (host.length > hostLengthMax || port < 1 || port > 65_535) reader.fail('no port of a host')
    ports.push({ host, port })
  }
  return { name, secret, ports }
}
