import assert from 'node:assert/strict'
import { type Client, connect } from '@joinery/client'
import { isJoineryError, map, register, set, struct, type Validator } from '@joinery/crdt-objects'
import { createPeer, type Peer } from '@joinery/peer'

/** Takes texts of capitals only. */
const capitals: Validator<string> = {
  '~standard': {
    validate: (value) =>
      typeof value === 'string' && /^[A-Z]+$/.test(value)
        ? { value }
        : { issues: [{ message: 'capitals only' }] },
  },
}

const Guarded = struct({
  code: register<string>({ validate: capitals }),
  tags: map(set<string>({ validate: capitals })),
})
const Plain = struct({ code: register<string>(), tags: map(set<string>()) })

describe('A gateway in a process whose schemas validate', () => {
  let peer: Peer
  let client: Client

  beforeEach(async () => {
    peer = await createPeer({
      clusterKey: 'a key for tests, and for tests only',
      gateway: { port: 0 },
    })
    client = await connect(peer.gatewayUrl!)
  })

  afterEach(async () => {
    await client.close()
    await peer.stop()
  })

  const invalid = (error: unknown): boolean => isJoineryError(error, 'VALUE_INVALID')

  it('refuses clients what the process refuses itself, whose schema does not say so', async () => {
    const local = await (await peer.space('s')).open('airport', Guarded)
    assert.throws(() => local.code.set('jfk'), invalid)
    const space = await client.space('s')
    const remote = await space.open('airport', Plain)
    await assert.rejects(remote.code.set('jfk'), invalid)
    await assert.rejects(remote.tags.at('a').add('small'), invalid)
    await remote.code.set('JFK')
    await remote.tags.at('a').add('BIG')
    await assert.rejects(
      space.transact((tx) => {
        tx(remote).code.set('LAX')
        tx(remote).tags.at('a').add('small')
      }),
      invalid,
    )
    assert.deepEqual(local.value, { code: 'JFK', tags: new Map([['a', new Set(['BIG'])]]) })
  })

  it('does so from the moment on at which the process opens the object', async () => {
    const remote = await (await client.space('s')).open('airport', Plain)
    await remote.code.set('jfk')
    await (await peer.space('s')).open('airport', Guarded)
    await assert.rejects(remote.code.set('lax'), invalid)
    await remote.code.set('LAX')
    assert.equal(await remote.code.read(), 'LAX')
  })
})
