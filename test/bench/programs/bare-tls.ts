/*
 * A socket of TLS with nothing of ours on it: 1.3, with a key that both ends hold, as lanes have it. It gives back what
 * it gets, or a snapshot to whoever asks for one.
 */
import { once } from 'node:events'
import { type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { SpaceState } from '@joinery/crdt-objects/engine'
import { makeObjects, openInState } from './many-objects.ts'
import { answer, nowNs, readOptions, serve } from './parent.ts'

/** How it starts. */
export interface TlsOptions {
  /** The port to connect to; without one it listens. */
  readonly dial?: number
  /** Of what it serves: the state of a space with so many objects; without, it echoes. */
  readonly objects?: number
}

/** What it is told. */
export type TlsCommand =
  | {
      readonly kind: 'echo'
      readonly count: number
      readonly everyMs: number
      readonly payloadBytes: number
    }
  | { readonly kind: 'fetch' }

/** What it says when it is ready. */
export interface TlsReady {
  readonly port: number
}

/** A snapshot that came over a bare socket and was decoded from memory. */
export interface Fetched {
  readonly bytes: number
  readonly transferMs: number
  readonly decodeMs: number
}

const key = Buffer.alloc(32, 7)
const tls13 = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const

const { dial, objects } = readOptions<TlsOptions>()
const socket = dial === undefined ? undefined : await connectTo(dial)
const port = dial ?? (await listen(objects === undefined ? undefined : await snapshotOf(objects)))

serve<TlsCommand>(async (command) => {
  if (socket === undefined) throw new Error('only who connected is asked')
  return command.kind === 'echo' ? await echo(socket, command) : await fetchSnapshot(socket)
})
answer({ port } satisfies TlsReady)

async function connectTo(target: number): Promise<TLSSocket> {
  const made = connect({
    ...{ ...tls13, host: '127.0.0.1', port: target },
    pskCallback: () => ({ psk: key, identity: 'bench' }),
    checkServerIdentity: () => undefined,
  })
  made.setNoDelay(true)
  await once(made, 'secureConnect')
  return made
}

/** Serves `snapshot` behind its length, once for each byte that comes; without one, gives back what comes. */
async function listen(snapshot: Uint8Array | undefined): Promise<number> {
  const server = createServer({ ...tls13, pskCallback: () => key }, (peer) => {
    peer.setNoDelay(true)
    peer.on('error', () => undefined)
    peer.on('data', (data: Buffer) => {
      if (snapshot === undefined) {
        peer.write(data)
        return
      }
      const length = Buffer.alloc(4)
      length.writeUInt32BE(snapshot.length)
      peer.write(length)
      peer.write(snapshot)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function snapshotOf(count: number): Promise<Uint8Array> {
  const state = new SpaceState({ replica: 1n, clock: () => Date.now() })
  await makeObjects(openInState(state), 0, count)
  state.takeBatch()
  return state.encodeState()
}

async function echo(
  to: TLSSocket,
  { count, everyMs, payloadBytes }: Extract<TlsCommand, { kind: 'echo' }>,
): Promise<{ samplesUs: number[] }> {
  const samplesUs: number[] = []
  for (let number = 0; number < count; number++) {
    await sleep(everyMs)
    const startNs = nowNs()
    await new Promise((resolve) => {
      to.once('data', resolve)
      to.write(new Uint8Array(payloadBytes))
    })
    samplesUs.push((nowNs() - startNs) / 1000)
  }
  return { samplesUs }
}

async function fetchSnapshot(from: TLSSocket): Promise<Fetched> {
  const startNs = nowNs()
  const bytes = await receive(from)
  const transferMs = (nowNs() - startNs) / 1e6
  const decodeNs = nowNs()
  const state = new SpaceState({ replica: 2n, clock: () => Date.now() })
  if (state.joinState(bytes) !== true) throw new Error('the state was not joined')
  return { bytes: bytes.length, transferMs, decodeMs: (nowNs() - decodeNs) / 1e6 }
}

async function receive(from: TLSSocket): Promise<Uint8Array> {
  return await new Promise((resolve) => {
    const chunks: Buffer[] = []
    let left = Infinity
    let received = 0
    from.on('data', function take(data: Buffer) {
      chunks.push(data)
      received += data.length
      if (left === Infinity && received >= 4) left = 4 + Buffer.concat(chunks).readUInt32BE()
      if (received < left) return
      from.off('data', take)
      // Into memory of its own, as what is put together of parts.
      resolve(new Uint8Array(Buffer.concat(chunks).subarray(4)))
    })
    from.write(new Uint8Array(1))
  })
}
