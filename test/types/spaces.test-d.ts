/* Portable code over peers and clients: one set of names, and answers that follow the face. Nothing here runs. */
import type { Client } from '@joinery/client'
import {
  counter,
  type ErrorDetails,
  type HandleOf,
  isJoineryError,
  type Lifetime,
  type Local,
  map,
  type Outcome,
  type Remote,
  type Spaces,
} from '@joinery/crdt-objects'
import type { Peer } from '@joinery/peer'
import { expectTypeOf } from 'expect-type'

const Words = map(counter())

declare const peer: Peer
declare const client: Client
declare const spaces: Spaces

expectTypeOf(peer).toExtend<Spaces<'local'>>()
expectTypeOf(client).toExtend<Spaces<'remote'>>()

export async function faces(): Promise<void> {
  const embedded = await (await peer.space('s')).open('words', Words)
  expectTypeOf(embedded).toEqualTypeOf<Local<typeof Words>>()
  const remote = await (await client.space('s')).open('words', Words)
  expectTypeOf(remote).toEqualTypeOf<Remote<typeof Words>>()
  expectTypeOf((await client.space('s')).flush({ replicas: 2 })).resolves.toEqualTypeOf<{
    readonly replicas: number
  }>()
}

export async function portable(either: Spaces): Promise<number> {
  const space = await either.space('s')
  const words: HandleOf<typeof Words> = await space.open('words', Words)
  await words.at('a').add(1)
  await space.flush({ replicas: 2 })
  return (await words.read()).size
}
void portable(peer)
void portable(client)
void portable(spaces)

export async function lifetimes(): Promise<void> {
  for (const lifetime of ['keep', { leaseMs: 60_000 }, { ttlMs: 5_000 }, undefined] as const) {
    const given: Lifetime | undefined = lifetime
    for (const some of [peer, client, spaces]) await some.space('s', { lifetime: given })
  }
  // @ts-expect-error one or the other
  await spaces.space('s', { lifetime: { leaseMs: '5 s' } })
  // @ts-expect-error the value says what it is
  await spaces.space('s', { lifetime: 'job' })
  expectTypeOf((await client.space('s')).end({ timeoutMs: 5_000 })).resolves.toEqualTypeOf<void>()
  expectTypeOf((await peer.space('s')).end()).resolves.toEqualTypeOf<void>()
}

export function failures(error: unknown): Outcome | undefined {
  // The codes of all packages are one table, and a code types the details.
  if (isJoineryError(error, 'GATEWAY_UNREACHABLE')) return error.details.outcome
  if (isJoineryError(error, 'GATEWAY_BUSY'))
    expectTypeOf(error.details.retryAfterMs).toEqualTypeOf<number>()
  if (isJoineryError(error, 'ACCESS_DENIED'))
    expectTypeOf(error.details).toEqualTypeOf<ErrorDetails['ACCESS_DENIED']>()
  if (isJoineryError(error, 'SPACE_LIFETIME_DIFFERS'))
    expectTypeOf(error.details.found).toEqualTypeOf<Lifetime | undefined>()
  // @ts-expect-error there is no such code
  isJoineryError(error, 'GATEWAY_ON_FIRE')
  return undefined
}
