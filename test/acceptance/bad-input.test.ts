// What users do wrong, or on purpose: they are told by a typed error, and nobody else notices.
import assert from 'node:assert/strict'
import { FunctionCluster, type Host } from './fixtures/function-cluster.ts'
import type { Look } from './fixtures/function-host.ts'
import type { misdeeds, Told } from './fixtures/misdeeds.ts'

interface Measured {
  readonly count: number
  readonly p50Ms: number
  readonly maxMs: number
}

describe('bad input in strong mode', () => {
  let cluster: FunctionCluster
  let voters: readonly Host[]
  /** Through a gateway. */
  let client: Host
  /** A peer that does not vote. */
  let outsider: Host

  before(async () => {
    cluster = await FunctionCluster.start(3, [1])
    voters = cluster.peers
    client = cluster.clients[0]!
    outsider = await cluster.addPeer(false)
  })
  after(async () => await cluster?.stop())

  async function misdeed<T = Told>(host: Host, name: keyof typeof misdeeds): Promise<T> {
    return await host.ask<T>({ kind: 'misdeed', name })
  }

  const simple = [
    ['call a deleted object', 'OBJECT_UNKNOWN'],
    ['open a class that no voter has', 'OBJECT_TYPE_UNKNOWN'],
    ['open as another kind', 'OBJECT_SCHEMA_DIFFERS'],
    ['call a method that is not there', 'VALUE_INVALID'],
  ] as const
  for (const [name, code] of simple) {
    it(`is told by ${code}: to ${name}`, async () => {
      for (const host of [client, outsider]) {
        assert.equal((await misdeed(host, name)).code, code)
      }
    })
  }

  it('is told by VALUE_INVALID: to call with wrong arguments', async () => {
    for (const host of [client, outsider]) {
      const codes = (await misdeed<Told[]>(host, 'call with wrong arguments')).map(
        ({ code }) => code,
      )
      assert.deepEqual(codes, ['VALUE_INVALID', 'VALUE_INVALID', 'VALUE_INVALID'])
    }
  })

  it('is told by OBJECT_METHOD_FAILED when a method throws, and changes nothing', async () => {
    for (const host of [client, outsider]) {
      const { code, message, count } = await misdeed<Told & { count: number }>(
        host,
        'throw in a method',
      )
      assert.equal(code, 'OBJECT_METHOD_FAILED')
      assert.match(message, /over its own feet/)
      assert.equal(count, 0)
    }
  })

  it('is told by OBJECT_TOO_LARGE when a command is, before it is sent', async () => {
    for (const host of [client, outsider]) {
      const codes = (await misdeed<Told[]>(host, 'send too much')).map(({ code }) => code)
      assert.deepEqual(codes, ['OBJECT_TOO_LARGE', 'OBJECT_TOO_LARGE'])
    }
  })

  it('finds a class that is not deterministic by the states of the voters, and takes the object out', async () => {
    const { code, throws } = await misdeed<Told & { throws: number }>(outsider, 'throw dice')
    assert.equal(code, 'OBJECT_NOT_DETERMINISTIC', `after ${throws} calls`)
    assert.ok(throws > 0)
    const looks = await Promise.all(voters.map(async (host) => await host.ask<Look>({ kind: 'look' }))) // prettier-ignore
    const kinds = looks.flatMap(({ reports }) => reports.map(({ kind }) => kind))
    assert.ok(kinds.includes('object-diverged'), `reported were: ${kinds.join(', ') || 'none'}`)
    // The others are as they were.
    assert.equal((await misdeed(client, 'call a deleted object')).code, 'OBJECT_UNKNOWN')
    assert.ok((await misdeed<Measured>(client, 'measure calls')).count > 0)
  })

  it('is told by GROUP_BUSY when sessions flood a group, and the calls of others go on', async () => {
    const [{ memoryBytes: before }, calm] = await Promise.all([
      voters[0]!.ask<Look>({ kind: 'look' }),
      misdeed<Measured>(client, 'measure calls'),
    ])
    const flood = misdeed<{ opened: number; told: Told }>(outsider, 'flood with sessions')
    const meanwhile = await misdeed<Measured>(client, 'measure calls')
    const { opened, told } = await flood
    const { memoryBytes: full } = await voters[0]!.ask<Look>({ kind: 'look' })
    assert.equal(told.code, 'GROUP_BUSY')
    assert.equal(told.outcome, 'not-applied')
    assert.ok(opened > 90_000 && opened <= 100_000, `${opened} were opened`)
    const grownMiB = (full - before) / 2 ** 20
    assert.ok(grownMiB < 512, `a voter grew by ${grownMiB.toFixed()} MiB`)
    assert.ok(meanwhile.count > 0 && meanwhile.p50Ms < 250, JSON.stringify({ calm, meanwhile }))
    // Full as it is, those who are there already go on.
    const whenFull = await misdeed<Measured>(client, 'measure calls')
    assert.ok(whenFull.p50Ms < 100, JSON.stringify({ calm, whenFull }))
    assert.equal((await cluster.groups())[0]!.voters.length, 3)
  })
})
