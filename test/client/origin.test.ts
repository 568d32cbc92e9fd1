import assert from 'node:assert/strict'
import type { Client } from '@joinery/client'
import {
  type Change,
  counter,
  map,
  type Remote,
  type SequenceStep,
  type Space,
  text,
} from '@joinery/crdt-objects'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'

const Hits = map(counter())

/** The logic of docs/examples/editor.ts, bound to a text behind a gateway. */
class RemoteEditor {
  shown = ''
  cursor = 0
  private readonly text: Remote<ReturnType<typeof text>>

  constructor(bound: RemoteEditor['text']) {
    this.text = bound
    void this.followAll(bound.changes())
  }

  async type(typed: string): Promise<void> {
    await this.text.edit([{ retain: this.cursor }, { insert: typed }])
  }

  private async followAll(changes: AsyncIterable<Change>): Promise<void> {
    for await (const { origin, detail } of changes) {
      for (const { delta } of detail) {
        let at = 0
        for (const step of delta ?? []) at = this.take(step, at, origin)
      }
    }
  }

  private take(step: SequenceStep, at: number, origin: Change['origin']): number {
    if ('retain' in step) return at + step.retain
    if ('delete' in step) throw new Error('nothing is deleted here')
    const inserted = String(step.insert)
    this.shown = this.shown.slice(0, at) + inserted + this.shown.slice(at)
    if (this.cursor > at || (this.cursor === at && origin === 'local'))
      this.cursor += inserted.length
    return at + inserted.length
  }

  toString(): string {
    return `${this.shown.slice(0, this.cursor)}|${this.shown.slice(this.cursor)}`
  }
}

describe('The origin of a change, to a client', () => {
  const rig = new GatewayRig()
  let host: MemoryHost
  let spaces: Space<'remote'>[]
  let clients: Client[]

  beforeEach(async () => {
    host = new MemoryHost()
    const { url } = await rig.gateway({}, host)
    clients = [await rig.client(url), await rig.client(url)]
    spaces = await Promise.all(clients.map((client) => client.space('s')))
  })

  afterEach(async () => {
    await rig.end()
    assert.deepEqual(rig.faults.splice(0), [])
  })

  async function watch(space: Space<'remote'>): Promise<() => Promise<[string, string]>> {
    const hits = await space.open('hits', Hits)
    const changes = hits.changes()[Symbol.asyncIterator]()
    // A read that is answered: by then the gateway has begun to listen.
    await hits.read()
    return async () => {
      const { origin, detail } = (await changes.next()).value as Change
      return [origin, detail.map(({ path }) => path[0]!).join()]
    }
  }

  it('is local for what the same client wrote, and remote for all else', async () => {
    const [one, two] = spaces as [Space<'remote'>, Space<'remote'>]
    const [byOne, byTwo] = [await watch(one), await watch(two)]
    await (await one.open('hits', Hits)).at('a').add(1)
    assert.deepEqual(
      [await byOne(), await byTwo()],
      [
        ...[
          ['local', 'a'],
          ['remote', 'a'],
        ],
      ],
    )
    await (await two.open('hits', Hits)).at('b').add(1)
    assert.deepEqual(
      [await byOne(), await byTwo()],
      [
        ...[
          ['remote', 'b'],
          ['local', 'b'],
        ],
      ],
    )
    const own = await (await host.space('s')).open('hits', Hits)
    own.at('c').add(1)
    assert.deepEqual(
      [await byOne(), await byTwo()],
      [
        ...[
          ['remote', 'c'],
          ['remote', 'c'],
        ],
      ],
    )
  })

  it('is that of a transaction, and of places below', async () => {
    const [one, two] = spaces as [Space<'remote'>, Space<'remote'>]
    const [byOne, byTwo] = [await watch(one), await watch(two)]
    const below = (await one.open('hits', Hits)).at('b').changes()[Symbol.asyncIterator]()
    const next = below.next()
    const hits = await one.open('hits', Hits)
    await hits.read()
    await one.transact((tx) => {
      tx(hits).at('a').add(1)
      tx(hits).at('b').add(1)
    })
    assert.deepEqual(
      [await byOne(), await byTwo()],
      [
        ...[
          ['local', 'a,b'],
          ['remote', 'a,b'],
        ],
      ],
    )
    assert.equal(((await next).value as Change).origin, 'local')
  })

  it('is remote where a change that is not its own was merged with one that is', async () => {
    const [one] = spaces as [Space<'remote'>]
    const byOne = await watch(one)
    const own = await (await host.space('s')).open('hits', Hits)
    const hits = await one.open('hits', Hits)
    const subscription = own.subscribe(({ detail }) => {
      if (detail[0]?.path[0] === 'a') queueMicrotask(() => own.at('b').add(1))
    })
    await hits.at('a').add(1)
    const seen = [await byOne()]
    if (!seen[0]![1].includes('b')) seen.push(await byOne())
    assert.equal(seen.at(-1)![0], 'remote')
    subscription[Symbol.dispose]()
    await hits.at('c').add(1)
    assert.deepEqual(await byOne(), ['local', 'c'])
  })

  it('lets two editors at one gateway keep their cursors', async () => {
    const [here, there] = await Promise.all(spaces.map((space) => space.open('note', text())))
    const [ada, bob] = [new RemoteEditor(here!), new RemoteEditor(there!)]
    await Promise.all([here!.read(), there!.read()])
    const shows = (one: string, other: string): Promise<void> =>
      eventually(() => assert.deepEqual([`${ada}`, `${bob}`], [one, other]))
    await ada.type('Dear all,')
    await shows('Dear all,|', '|Dear all,')
    bob.cursor = 5
    await bob.type('Ada and ')
    await shows('Dear Ada and all,|', 'Dear Ada and |all,')
    await ada.type(' hello!')
    await shows('Dear Ada and all, hello!|', 'Dear Ada and |all, hello!')
  })
})
