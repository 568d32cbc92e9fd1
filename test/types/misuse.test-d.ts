/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-meaningless-void-operator -- misuse is what is wanted here */
/* What must not compile. Each line below is an error, and the compiler complains where one is not. */
import { type Client, connect } from '@joinery/client'
import {
  counter,
  flag,
  type Local,
  map,
  max,
  register,
  type Remote,
  set,
  struct,
} from '@joinery/crdt-objects'
import type { Peer } from '@joinery/peer'

declare const peer: Peer
declare const client: Client

const Line = struct({ quantity: counter(), tags: set<'gift'>() })
const Lines = map(Line)
declare const local: Local<typeof Lines>
declare const remote: Remote<typeof Lines>

/** Handles. */
export async function handles(): Promise<void> {
  // @ts-expect-error a map of objects is written by its entries
  local.set('a', { quantity: 1 })
  // @ts-expect-error no such field
  local.at('a').colour
  // @ts-expect-error no such field
  local.at('a').at('colour')
  // @ts-expect-error keys are strings
  local.at(1)
  // @ts-expect-error a field is an object, not a value to assign
  local.at('a').quantity = 3
  // @ts-expect-error counters add numbers
  local.at('a').quantity.add('1')
  // @ts-expect-error not of the values
  local.at('a').tags.add('poison')
  // @ts-expect-error eventual writes answer nothing
  const total: number = local.at('a').quantity.add(1)
  // @ts-expect-error a counter is not set
  local.at('a').quantity.set(3)
  // @ts-expect-error a remote read is a promise
  const count: number = remote.count()
  // @ts-expect-error a property never asks the gateway
  remote.size
  // @ts-expect-error a property never asks the gateway
  remote.at('a').quantity.value
  // @ts-expect-error what is elsewhere is iterated with `for await`
  for (const key of remote.keys()) void key
  // @ts-expect-error only where the data is
  remote.subscribe(() => {})
  // @ts-expect-error only where the data is
  remote.toJSON()
  // @ts-expect-error a remote handle is no ReadonlyMap
  const plain: ReadonlyMap<string, unknown> = remote
  // @ts-expect-error handles are no promises
  await local.then()
  // @ts-expect-error the snapshot is not changed
  local.value.set('a', { quantity: 1, tags: new Set() })
  // @ts-expect-error no such option
  remote.with({ timeout: 3 })
  // @ts-expect-error test gets the value
  await remote.until((value: string) => value === '')
  void [total, count, plain]
}

/** Schemas. */
export function schemas(): void {
  // @ts-expect-error an object of schemas, not of values
  struct({ a: 1 })
  // @ts-expect-error fields are schemas
  struct({ a: counter })
  // @ts-expect-error entries are described by a schema
  map(3)
  // @ts-expect-error `then` would make the handle a promise to `await`
  struct({ then: counter() })
  // @ts-expect-error counters take no options
  counter({ initial: 3 })
  // @ts-expect-error an initial value of another type
  register<number>({ initial: 'three' })
  const functions = set<() => void>()
  // @ts-expect-error functions cannot be shared
  void peer.space('s').then((space) => space.open('f', functions).then((f) => f.add(() => {})))
}

/** Spaces, clients and peers. */
export async function spaces(): Promise<void> {
  const space = await client.space('s')
  // @ts-expect-error a schema, not its builder
  await space.open('a', counter)
  // @ts-expect-error the face of a client is remote
  const handle: Local<ReturnType<typeof flag>> = await space.open('f', flag())
  // @ts-expect-error the face of a peer is local
  const other: Remote<ReturnType<typeof max>> = await (await peer.space('s')).open('m', max())
  // @ts-expect-error how many, not whether
  await space.flush({ replicas: true })
  // @ts-expect-error a space has a name
  await client.space()
  // @ts-expect-error an address is a text
  await connect(7070)
  // @ts-expect-error no such option
  await connect('ws://127.0.0.1:7070', { password: 'x' })
  // @ts-expect-error a token, or a function that gives one
  await connect('ws://127.0.0.1:7070', { token: 42 })
  void [handle, other]
}
