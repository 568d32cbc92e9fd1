/*
 * Noise proves which peer is at the other end, not that it belongs here. This encrypter wraps it, and returns only
 * when both sides have shown that they hold the cluster key and belong to one cluster: until then the connection has
 * no muxer, so no stream, gossip included, can be opened on it. A gater or a first message would come too late: a
 * stranger would be subscribed by then.
 *
 * Each side sends a nonce; each then sends HMAC-SHA256(key, role, both peer ids, both nonces). The role keeps a proof
 * from being sent back to its maker, the nonces keep it from being used again, and the key itself never travels. The
 * dialler proves first, so that who merely dials gets nothing to guess a weak key by. Then the ids of the clusters are
 * compared, on a connection that is encrypted and whose ends both hold the key.
 */
import '../polyfill.ts'
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { joinSignals } from '@joinery/crdt-objects/engine'
import { concat } from 'uint8arrays/concat'
import { fromString } from 'uint8arrays/from-string'
import { peerRefused, type RefusalReason } from '../errors.ts'
import { type ClusterIdentity, clusterIdBytes } from '../membership/cluster-identity.ts'
import { plainBytes } from './plain-bytes.ts'

const version = 1
const nonceBytes = 32
const frameBytesMax = 256
const accepted = 0
/** How it shows that the other side has closed the connection. */
const brokenOff = ['UnexpectedEOFError', 'StreamResetError', 'StreamClosedError']
const refusals: readonly RefusalReason[] = ['key', 'cluster', 'no-cluster', 'protocol']

/** What membership is proved with. */
export interface MembershipOptions {
  readonly selfId: string
  readonly clusterKey: Uint8Array
  readonly cluster: ClusterIdentity
  /** A silent stranger must not hold an upgrade open. */
  readonly timeoutMs: number
  readonly onRefused: (peer: string, reason: RefusalReason) => void
}

type Role = 'dialler' | 'listener'

interface Conversation {
  readonly role: Role
  readonly options: MembershipOptions
  readonly remoteId: string
  send(frame: Uint8Array): Promise<void>
  receive(): Promise<Uint8Array>
}

/** Wraps `inner`, so that only members of the cluster get past the upgrade of a connection. */
export function membershipEncrypter(
  inner: ConnectionEncrypter,
  options: MembershipOptions,
): ConnectionEncrypter {
  return {
    protocol: inner.protocol,
    async secureOutbound(connection, secureOptions) {
      const secured = await inner.secureOutbound(connection, secureOptions)
      return await prove('dialler', secured, options, secureOptions?.signal)
    },
    async secureInbound(connection, secureOptions) {
      const secured = await inner.secureInbound(connection, secureOptions)
      return await prove('listener', secured, options, secureOptions?.signal)
    },
  }
}

async function prove<E>(
  role: Role,
  secured: SecuredConnection<E>,
  options: MembershipOptions,
  outer: AbortSignal | undefined,
): Promise<SecuredConnection<E>> {
  const framed = lpStream(secured.connection, { maxDataLength: frameBytesMax })
  const { signal, clear } = joinSignals(outer, AbortSignal.timeout(options.timeoutMs))
  const remoteId = secured.remotePeer.toString()
  const conversation: Conversation = {
    role,
    options,
    remoteId,
    send: (frame) => framed.write(frame, { signal }),
    receive: async () => plainBytes((await framed.read({ signal })).subarray()),
  }
  const refusal = await converse(conversation)
    .catch((error: unknown): RefusalReason => {
      // Given up by one of the sides, a dial that took too long for one: nobody was refused.
      if (outer?.aborted === true || isBrokenOff(error)) throw error
      return 'protocol'
    })
    .finally(clear)
  if (refusal !== undefined) {
    const error = peerRefused(refusal)
    options.onRefused(remoteId, refusal)
    await closeAfterRefusal(secured.connection)
    throw error
  }
  return { ...secured, connection: framed.unwrap() }
}

/** Of a connection that is reset libp2p throws an event, and no error. */
function isBrokenOff(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  return brokenOff.includes(error.name) || ('code' in error && error.code === 'ECONNRESET')
}

async function converse(conversation: Conversation): Promise<RefusalReason | undefined> {
  const nonce = Uint8Array.from(randomBytes(nonceBytes))
  await conversation.send(concat([Uint8Array.of(version), nonce]))
  const greeting = await conversation.receive()
  if (greeting[0] !== version || greeting.length !== 1 + nonceBytes) return 'protocol'
  const remoteNonce = greeting.subarray(1)
  return conversation.role === 'dialler'
    ? await converseAsDialler(conversation, nonce, remoteNonce)
    : await converseAsListener(conversation, nonce, remoteNonce)
}

async function converseAsDialler(
  conversation: Conversation,
  nonce: Uint8Array,
  remoteNonce: Uint8Array,
): Promise<RefusalReason | undefined> {
  const { cluster } = conversation.options
  await conversation.send(proofOf('dialler', conversation, nonce, remoteNonce))
  const proof = await receiveAccepted(conversation)
  if (typeof proof === 'string') return proof
  if (!isEqual(proof, proofOf('listener', conversation, nonce, remoteNonce))) {
    return await refuse(conversation, 'key')
  }
  await conversation.send(concat([Uint8Array.of(accepted), cluster.id ?? new Uint8Array(0)]))
  const remoteCluster = await receiveAccepted(conversation)
  if (typeof remoteCluster === 'string') return remoteCluster
  return meet(cluster, remoteCluster)
}

async function converseAsListener(
  conversation: Conversation,
  nonce: Uint8Array,
  remoteNonce: Uint8Array,
): Promise<RefusalReason | undefined> {
  const { cluster } = conversation.options
  const proof = await conversation.receive()
  if (!isEqual(proof, proofOf('dialler', conversation, nonce, remoteNonce))) {
    return await refuse(conversation, 'key')
  }
  const own = proofOf('listener', conversation, nonce, remoteNonce)
  await conversation.send(concat([Uint8Array.of(accepted), own]))
  const remoteCluster = await receiveAccepted(conversation)
  if (typeof remoteCluster === 'string') return remoteCluster
  const refusal = meet(cluster, remoteCluster)
  if (refusal !== undefined) return await refuse(conversation, refusal)
  await conversation.send(concat([Uint8Array.of(accepted), cluster.id ?? new Uint8Array(0)]))
  return undefined
}

function meet(cluster: ClusterIdentity, remote: Uint8Array): RefusalReason | undefined {
  if (remote.length !== 0 && remote.length !== clusterIdBytes) return 'protocol'
  const outcome = cluster.meet(remote.length === 0 ? undefined : remote.slice())
  return outcome === 'same' ? undefined : outcome
}

/** What follows the byte that says `accepted`; or the reason that stands in its place. */
async function receiveAccepted(conversation: Conversation): Promise<Uint8Array | RefusalReason> {
  const frame = await conversation.receive()
  if (frame[0] === accepted) return frame.subarray(1)
  return refusals[(frame[0] ?? 0) - 1] ?? 'protocol'
}

async function refuse(conversation: Conversation, reason: RefusalReason): Promise<RefusalReason> {
  // Best effort: the other side learns why, if it still listens.
  await conversation.send(Uint8Array.of(refusals.indexOf(reason) + 1)).catch(() => undefined)
  return reason
}

function proofOf(
  prover: Role,
  { role, options, remoteId }: Conversation,
  nonce: Uint8Array,
  remoteNonce: Uint8Array,
): Uint8Array {
  const isDialler = role === 'dialler'
  const hmac = createHmac('sha256', options.clusterKey)
  // Each part has a fixed length or its length before it: no two conversations are authenticated by the same bytes.
  for (const text of [
    'joinery/membership/1',
    prover,
    isDialler ? options.selfId : remoteId,
    isDialler ? remoteId : options.selfId,
  ]) {
    const bytes = fromString(text)
    hmac.update(Uint8Array.of(bytes.length)).update(bytes)
  }
  hmac.update(isDialler ? nonce : remoteNonce).update(isDialler ? remoteNonce : nonce)
  return Uint8Array.from(hmac.digest())
}

function isEqual(found: Uint8Array, expected: Uint8Array): boolean {
  return found.length === expected.length && timingSafeEqual(found, expected)
}

/** Gives the reason time to leave; the upgrader aborts what is left of the connection. */
async function closeAfterRefusal(connection: MessageStream): Promise<void> {
  await connection.close({ signal: AbortSignal.timeout(500) }).catch((error: unknown) => {
    connection.abort(error instanceof Error ? error : new Error(String(error)))
  })
}
