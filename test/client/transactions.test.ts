import assert from 'node:assert/strict'
import { transactionWritesMax } from '@joinery/client/protocol'
import {
  type Change,
  counter,
  document,
  isJoineryError,
  type Local,
  map,
  register,
  type Space,
  struct,
  type Transaction,
} from '@joinery/crdt-objects'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'

const Account = struct({ balance: counter(), owner: register<string>() })
const Accounts = map(Account)
const Hits = counter()

describe('A transaction through a gateway', () => {
  const rig = new GatewayRig()
  let host: MemoryHost
  let url: string
  let space: Space<'remote'>

  beforeEach(async () => {
    host = new MemoryHost()
    url = (await rig.gateway({}, host)).url
    space = await (await rig.client(url)).space('bank')
  })

  afterEach(async () => {
    await rig.end()
    assert.deepEqual(rig.faults.splice(0), [])
  })

  it('writes to several objects as one, and tells others of one change', async () => {
    const accounts = await space.open('accounts', Accounts)
    const log = await space.open('log', map<string>())
    const other = await (await rig.client(url)).space('bank')
    const watched = await other.open('accounts', Accounts)
    const changes = watched.changes()[Symbol.asyncIterator]()
    await accounts.at('carol').owner.set('Carol')
    await changes.next()
    await space.transact((tx) => {
      tx(accounts).at('alice').balance.subtract(5)
      tx(accounts.at('bob')).balance.add(5)
      tx(accounts.at('bob').owner).set('Bob')
      tx(accounts).delete('carol')
      tx(log).set('1', 'alice to bob: 5')
    })
    const change = (await changes.next()).value as Change
    assert.deepEqual(change.detail.map(({ path }) => path[0]).sort(), [
      ...['alice', 'bob', 'bob', 'carol'],
    ])
    assert.deepEqual(
      await accounts.read(),
      new Map([
        ['alice', { balance: -5, owner: undefined }],
        ['bob', { balance: 5, owner: 'Bob' }],
      ]),
    )
    assert.equal(await log.get('1'), 'alice to bob: 5')
  })

  it('writes nothing when one of its writes is refused at the gateway', async () => {
    const accounts = await space.open('accounts', map(counter()))
    await accounts.at('full').add(Number.MAX_SAFE_INTEGER)
    const refused = space.transact((tx) => {
      tx(accounts).at('alice').add(1)
      tx(accounts).at('full').add(1)
      tx(accounts).at('bob').add(1)
    })
    await assert.rejects(refused, (error) => isJoineryError(error, 'COUNTER_OVERFLOW'))
    assert.equal(await accounts.count(), 1)
    assert.equal(host.state('bank').pendingUpdates, 0)
    await accounts.at('alice').add(1)
    assert.equal(await accounts.at('alice').read(), 1)
  })

  it('keeps its place among the calls around it', async () => {
    const hits = await space.open('hits', counter())
    const calls = [
      hits.add(1),
      space.transact((tx) => {
        tx(hits).add(10)
        tx(hits).add(10)
      }),
      hits.read(),
      hits.add(100),
      hits.read(),
    ]
    const [, , between, , after] = await Promise.all(calls)
    assert.deepEqual([between, after], [21, 121])
  })

  it('sends nothing when its work throws, answers, waits, reads or writes nothing', async () => {
    const hits = await space.open('hits', Hits)
    const mine = new Error('mine')
    const cases: [(tx: Transaction) => unknown, (error: unknown) => boolean][] = [
      [
        (tx) => {
          tx(hits).add(1)
          throw mine
        },
        (error) => error === mine,
      ],
      [
        (tx) => {
          tx(hits).add(1)
          return 7
        },
        invalid,
      ],
      [
        async (tx) => {
          tx(hits).add(1)
          await Promise.resolve()
          tx(hits).add(1)
        },
        invalid,
      ],
      [(tx) => (tx(hits) as unknown as Local<typeof Hits>).read(), invalid],
      [(tx) => (tx(hits) as unknown as Local<typeof Hits>).changes(), invalid],
      [(tx) => tx({}), invalid],
      [(tx) => tx(hits).add((() => 1) as never), invalid],
    ]
    for (const [work, expected] of cases) {
      await assert.rejects(space.transact(work as (tx: Transaction) => undefined), expected)
    }
    await space.transact(() => undefined)
    assert.equal(host.states.get('bank')?.find('hits')?.present ?? false, false)
    assert.equal(await hits.read(), 0)
  })

  it('is refused whole when one write is, even if the work catches what it throws', async () => {
    const hits = await space.open('hits', counter())
    const transacted = space.transact((tx) => {
      tx(hits).add(1)
      try {
        tx(hits).add((() => 1) as never)
      } catch {
        // Only this transaction is spoilt.
      }
    })
    await assert.rejects(transacted, invalid)
    assert.equal(await hits.read(), 0)
  })

  it('changes documents by edits, and says so to who brings a function', async () => {
    const notes = await space.open('notes', document({ title: 'new', text: '' }))
    const changed = (tx: Transaction): undefined => {
      tx(notes).change((draft) => {
        draft.title = 'by a function'
      })
    }
    await assert.rejects(space.transact(changed), (error) => {
      return isJoineryError(error, 'VALUE_INVALID') && error.message.endsWith('use edit()')
    })
    const caught = space.transact((tx) => {
      tx(notes).edit([{ type: 'set', path: ['text'], value: 'half of it' }])
      assert.throws(() => changed(tx), invalid)
    })
    await assert.rejects(caught, invalid)
    assert.deepEqual(await notes.read(), { title: 'new', text: '' })
    await space.transact((tx) => {
      tx(notes).edit([{ type: 'set', path: ['title'], value: 'by an edit' }])
    })
    assert.equal((await notes.read()).title, 'by an edit')
  })

  it('does not nest', async () => {
    const hits = await space.open('hits', Hits)
    const nests = space.transact((tx) => {
      tx(hits).add(1)
      void space.transact((inner) => {
        inner(hits).add(1)
      })
    })
    await assert.rejects(nests, (error) => {
      return isJoineryError(error, 'VALUE_INVALID') && error.message.includes('do not nest')
    })
    assert.equal(await hits.read(), 0)
    await space.transact((tx) => tx(hits).add(1))
    assert.equal(await hits.read(), 1)
  })

  it('takes handles of its own space only, and drafts end with it', async () => {
    const client = await rig.client(url)
    const hits = await space.open('hits', counter())
    const elsewhere = await (await client.space('bank')).open('hits', counter())
    await assert.rejects(
      space.transact((tx) => {
        tx(elsewhere).add(1)
      }),
      invalid,
    )
    let kept: { add(n: number): void } | undefined
    await space.transact((tx) => {
      kept = tx(hits)
      kept.add(1)
    })
    assert.throws(() => kept!.add(1), invalid)
    assert.equal(await hits.read(), 1)
  })

  it('is bounded in writes and bytes, with typed failures', async () => {
    const texts = await space.open('texts', map<string>())
    const many = (count: number) =>
      space.transact((tx) => {
        const draft = tx(texts)
        for (let i = 0; i < count; i++) draft.set(`${i}`, 'x')
      })
    await assert.rejects(many(transactionWritesMax + 1), invalid)
    await many(transactionWritesMax)
    assert.equal(await texts.count(), transactionWritesMax)
    const large = space.transact((tx) => {
      for (let i = 0; i < 10; i++) tx(texts).set(`large ${i}`, 'x'.repeat(150_000))
    })
    await assert.rejects(large, (error) => isJoineryError(error, 'OBJECT_TOO_LARGE'))
    assert.equal(await texts.count(), transactionWritesMax)
  })

  it('opens a great many objects on the way after a reconnect', async () => {
    const proxy = await rig.proxy(url)
    const far = await (await rig.client(proxy.url)).space('bank')
    const objects = await Promise.all(
      Array.from({ length: 3000 }, (_, i) => far.open(`${i} ${'x'.repeat(500)}`, counter())),
    )
    proxy.cut()
    await far.transact((tx) => {
      for (const object of objects) tx(object).add(1)
    })
    assert.equal(await objects[2999]!.read(), 1)
  })

  it('is applied once when its reply is lost, and gets its first answer again', async () => {
    const proxy = await rig.proxy(url)
    const far = await (await rig.client(proxy.url)).space('bank')
    const hits = await far.open('hits', counter())
    const misses = await far.open('misses', counter())
    await misses.add(Number.MAX_SAFE_INTEGER)
    for (let round = 1; round <= 5; round++) {
      proxy.swallowReplies = true
      const answered = new Promise<void>((resolve) => {
        proxy.onReply = () => resolve()
      })
      const written = far.transact((tx) => {
        tx(hits).add(1)
        tx(misses).subtract(1)
      })
      const refused = far.transact((tx) => {
        tx(hits).add(1000)
        tx(misses).add(2 ** 52)
      })
      const refusal = assert.rejects(refused, (e) => isJoineryError(e, 'COUNTER_OVERFLOW'))
      await answered
      proxy.swallowReplies = false
      proxy.cut()
      await Promise.all([written, refusal])
      assert.deepEqual(
        [await hits.read(), await misses.read()],
        [round, Number.MAX_SAFE_INTEGER - round],
      )
    }
  })

  it('has an unknown outcome when the gateway that may have applied it is gone', async () => {
    const second = await rig.gateway({}, host)
    const proxy = await rig.proxy(url)
    const far = await (await rig.client(proxy.url)).space('bank')
    const hits = await far.open('hits', counter())
    proxy.swallowReplies = true
    const answered = new Promise<void>((resolve) => {
      proxy.onReply = () => resolve()
    })
    const transacted = far.transact((tx) => {
      tx(hits).add(1)
      tx(hits).add(1)
    })
    const failed = assert.rejects(transacted, (error) => {
      assert.ok(isJoineryError(error, 'GATEWAY_UNREACHABLE'))
      assert.deepEqual(error.details, { outcome: 'unknown' })
      return true
    })
    await answered
    proxy.swallowReplies = false
    proxy.target = Number(new URL(second.url).port)
    proxy.cut()
    await failed
    assert.equal(await hits.read(), 2)
  })

  it('waits for a connection, and a flush covers it', async () => {
    const proxy = await rig.proxy(url)
    const far = await (await rig.client(proxy.url)).space('bank')
    const hits = await far.open('hits', counter())
    await hits.add(1)
    proxy.target = 1
    proxy.cut()
    await eventually(() => assert.equal(proxy.connections, 0))
    const transacted = far.transact((tx) => {
      tx(hits).add(1)
    })
    proxy.target = Number(new URL(url).port)
    await transacted
    assert.equal(await hits.read(), 2)
    await far.close()
    await assert.rejects(
      far.transact(() => undefined),
      (error) => isJoineryError(error, 'SPACE_ENDED'),
    )
  })
})

function invalid(error: unknown): boolean {
  return isJoineryError(error, 'VALUE_INVALID')
}
