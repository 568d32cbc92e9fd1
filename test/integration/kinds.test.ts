import assert from 'node:assert/strict'
import { type Client, connect } from '@joinery/client'
import {
  bloom,
  counter,
  defineType,
  distinct,
  document,
  flag,
  histogram,
  isJoineryError,
  list,
  log,
  map,
  matrix,
  max,
  min,
  moments,
  quantiles,
  ref,
  register,
  type Remote,
  type Schema,
  set,
  struct,
  text,
  topK,
  vector,
} from '@joinery/crdt-objects'
import { createPeer, type Peer } from '@joinery/peer'
import { render } from '#client/inspector/render.ts'
import { ProgramProcess } from '#test/fixtures/program-process.ts'

const key = { JOINERY_CLUSTER_KEY: 'a key for tests, and for tests only' }
const peerProgram = 'packages/peer/src/program/main.ts'
const inspector = 'packages/client/src/inspector/main.ts'

const Notes = document({ title: '', tags: [] as string[] })

/** How one kind is used through a gateway, what it then reads as, and how the inspector shows that. */
interface Use<S extends Schema> {
  readonly schema: S
  readonly write: (handle: Remote<S>) => Promise<void>
  readonly value: unknown
  readonly shown: RegExp
}

function use<S extends Schema>(
  schema: S,
  write: (handle: Remote<S>) => Promise<void>,
  value: unknown,
  shown: RegExp,
): Use<S> {
  return { schema, write, value, shown }
}

const uses = {
  counter: use(counter(), (handle) => handle.add(3), 3, /^3$/),
  flag: use(flag(), (handle) => handle.enable(), true, /^true$/),
  max: use(max(), (handle) => handle.offer(9), 9, /^9$/),
  min: use(min(), (handle) => handle.offer(-9), -9, /^-9$/),
  register: use(register<string>(), (handle) => handle.set('hi'), 'hi', /^hi$/),
  set: use(set<string>(), (handle) => handle.add('a'), new Set(['a']), /^- a$/),
  map: use(map<number>(), (handle) => handle.set('k', 1), new Map([['k', 1]]), /│ k +│ 1 +│/),
  list: use(
    list<{ n: number }>(),
    async (handle) => {
      await handle.push({ n: 1 }, { n: 3 })
      await handle.insert(1, { n: 2 })
      await handle.delete(2)
      assert.deepEqual(await handle.slice(-1), [{ n: 2 }])
    },
    [{ n: 1 }, { n: 2 }],
    /^1\. \{"n":1\}\n2\. \{"n":2\}$/,
  ),
  log: use(
    log<string>(),
    async (handle) => {
      await handle.append('one', 'two')
      const seen: string[] = []
      for await (const entry of handle.values()) seen.push(entry)
      assert.deepEqual(seen, ['one', 'two'])
    },
    ['one', 'two'],
    /^1\. one\n2\. two$/,
  ),
  text: use(
    text(),
    async (handle) => {
      await handle.append('hello world')
      await handle.insert(5, ',')
      await handle.format(0, 5, { bold: true })
      await handle.edit([{ retain: 7 }, { delete: 5 }, { insert: 'you' }])
      assert.deepEqual((await handle.spans())[0], { insert: 'hello', attributes: { bold: true } })
    },
    'hello, you',
    /^hello, you$/,
  ),
  document: use(
    Notes,
    async (handle) => {
      await handle.change((draft) => {
        draft.title = 'plan'
        draft.tags.push('a', 'b')
      })
      const history = await handle.history()
      assert.equal((await handle.readAt(history.at(-1)!.id)).title, 'plan')
    },
    { title: 'plan', tags: ['a', 'b'] },
    /tags: \["a","b"\]\n[\s\S]*title: plan|title: plan\n[\s\S]*tags: \["a","b"\]/,
  ),
  vector: use(
    vector(3),
    async (handle) => {
      await handle.add(Float64Array.of(1, 2, 3))
      await handle.addAt(0, 0.5)
      await handle.addSparse([1, 2], new Float64Array([10, 10]))
    },
    Float64Array.of(1.5, 12, 13),
    /^\[1\.5, 12, 13\]$/,
  ),
  matrix: use(
    matrix(2, 2),
    async (handle) => {
      await handle.addRow(0, [1, 2])
      await handle.addAt(1, 1, 4)
      assert.deepEqual(await handle.row(1), Float64Array.of(0, 4))
    },
    [Float64Array.of(1, 2), Float64Array.of(0, 4)],
    /^1\. \[1, 2\]\n2\. \[0, 4\]$/,
  ),
  moments: use(
    moments(),
    (handle) => handle.record(1, 2, 3),
    undefined,
    /^count: 3\n[\s\S]*mean: 2$/m,
  ),
  histogram: use(
    histogram([0, 10]),
    (handle) => handle.record(-1, 1, 2, 11),
    { edges: [0, 10], counts: [1, 2, 1] },
    /edges: \[0,10\]\ncounts: \[1,2,1\]$/,
  ),
  quantiles: use(
    quantiles(),
    async (handle) => {
      await handle.record(1, 2, 3, 4)
      assert.ok(Math.abs((await handle.quantile(1))! - 4) < 0.1)
    },
    undefined,
    /^count: 4\np50: /,
  ),
  distinct: use(distinct(), (handle) => handle.add('a', 'b', 'a'), undefined, /^2(\.\d+)?$/),
  bloom: use(
    bloom({ capacity: 100 }),
    async (handle) => {
      await handle.add('a', 'b')
      assert.equal(await handle.has('a'), true)
    },
    undefined,
    /^2(\.\d+)?$/,
  ),
  topK: use(
    topK(2),
    async (handle) => {
      await handle.offer('a', 1)
      await handle.offer('b', 3)
      await handle.offer('c', 2)
      assert.equal((await handle.top(1))[0]?.key, 'b')
    },
    [
      { key: 'b', score: 3 },
      { key: 'c', score: 2 },
    ],
    /^1\. \{"key":"b","score":3\}\n2\. /,
  ),
  nested: use(
    map(struct({ lines: list<string>(), sum: vector(2) })),
    async (handle) => {
      await handle.at('x').lines.push('l')
      await handle.at('x').sum.addAt(1, 2)
    },
    new Map([['x', { lines: ['l'], sum: Float64Array.of(0, 2) }]]),
    /│ x +│ \["l"\] +│ \[0, 2\] +│/,
  ),
} as const

describe('Every kind of object, through clients and peers in processes of their own', () => {
  const ends: (() => unknown)[] = []

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function gateways(): Promise<[string, string, string]> {
    const launch = (...args: string[]): ProgramProcess => {
      const program = new ProgramProcess(peerProgram, ['--port', '0', ...args], key)
      ends.push(() => program.end())
      return program
    }
    const founder = launch('--space', 's')
    const address = await founder.prints(/address +(\S+)/)
    const other = launch('--space', 's', '--bootstrap', address)
    const [here, there] = [founder.prints(/gateway +(\S+)/), other.prints(/gateway +(\S+)/)]
    return [await here, await there, address]
  }

  async function client(url: string): Promise<Client> {
    const connected = await connect(url, { timeoutMs: 20_000 })
    ends.push(() => connected.close())
    return connected
  }

  it('is written at one gateway, read at another, and shown by the inspector', async () => {
    const [here, there] = await gateways()
    const written = await (await client(here)).space('s')
    for (const [name, { schema, write }] of Object.entries(uses) as [string, Use<Schema>][]) {
      const handle = await written.open(name, schema)
      await write(handle)
    }
    await written.flush({ replicas: 2 })
    const read = await (await client(there)).space('s')
    for (const [name, { schema, value, shown }] of Object.entries(uses) as [
      string,
      Use<Schema>,
    ][]) {
      const [mine, theirs] = [await written.open(name, schema), await read.open(name, schema)]
      const expected = await (mine as Remote<ReturnType<typeof register>>).read()
      if (value !== undefined) assert.deepEqual(expected, value, name)
      assert.match(render(expected), shown, name)
      assert.deepEqual(await (theirs as Remote<ReturnType<typeof register>>).read(), expected, name)
    }
    const look = (args: string[]): Promise<ProgramProcess> =>
      new ProgramProcess(inspector, ['--url', there, ...args]).ended()
    const [page, sums, listed] = await Promise.all([
      look(['get', 's/text']),
      look(['get', 's/vector', '--json']),
      look(['ls', 's']),
    ])
    assert.equal(page.stdout, 'hello, you\n')
    assert.deepEqual(JSON.parse(sums.stdout), [1.5, 12, 13])
    for (const schema of ['vector(3)', 'text()', 'topK(2)', 'histogram([0,10])', 'list()'])
      assert.ok(listed.stdout.includes(schema), `${schema} in ${listed.stdout}`)
  })

  it('leads from object to object by references, and tells of texts step by step', async () => {
    const [here, there] = await gateways()
    const mine = await (await client(here)).space('s')
    const theirs = await (await client(there)).space('s')
    const Hits = counter()
    const chosen = await mine.open('chosen', ref(Hits))
    const hits = await mine.open('hits', Hits)
    await hits.add(7)
    await chosen.set(hits)
    const page = await mine.open('page', text())
    await page.append('ab')
    await mine.flush({ replicas: 2 })
    const found = await (await theirs.open('chosen', ref(Hits))).open()
    assert.equal(await found?.read(), 7)
    const watched = await theirs.open('page', text())
    const changes = watched.changes()[Symbol.asyncIterator]()
    const next = changes.next()
    assert.equal(await watched.read(), 'ab')
    await page.insert(1, '-')
    assert.deepEqual((await next).value?.detail, [
      { path: [], delta: [{ retain: 1 }, { insert: '-' }] },
    ])
    await changes.return?.()
  })

  it("holds users' own types without knowing them, and says so when it is to use them", async () => {
    const [here, , address] = await gateways()
    const Interval = defineType({
      name: 'test.interval',
      empty: (): { from?: number; to?: number } => ({}),
      join: (a, b) => ({
        ...{ from: Math.min(a.from ?? Infinity, b.from ?? Infinity) },
        ...{ to: Math.max(a.to ?? -Infinity, b.to ?? -Infinity) },
      }),
      value: (state) => state,
      operations: { widen: (_state, _context, at: number) => ({ from: at, to: at }) },
    })
    const space = await (await client(here)).space('s')
    const hits = await space.open('hits', counter())
    const unknown = (error: unknown): boolean => {
      assert.ok(isJoineryError(error, 'OBJECT_TYPE_UNKNOWN'), String(error))
      assert.deepEqual(error.details, { type: 'test.interval' })
      return true
    }
    const interval = await space.open('interval', Interval())
    await assert.rejects(interval.widen(3), unknown)
    await assert.rejects(interval.read(), unknown)
    await assert.rejects(
      space.transact((tx) => {
        tx(hits).add(1)
        tx(interval).widen(3)
      }),
      unknown,
    )
    assert.equal(await hits.read(), 0)
    // Whoever knows the type finds what others wrote, although only peers that do not know it were there meanwhile.
    const join = async (): Promise<Peer> => {
      const peer = await createPeer({ clusterKey: key.JOINERY_CLUSTER_KEY, bootstrap: [address] })
      ends.push(() => peer.stop())
      return peer
    }
    const knowing = await join()
    const shared = await knowing.space('s')
    const local = await shared.open('interval', Interval())
    local.widen(3)
    local.widen(8)
    await shared.flush({ replicas: 3 })
    await knowing.stop()
    const later = await (await (await join()).space('s')).open('interval', Interval())
    assert.deepEqual(later.value, { from: 3, to: 8 })
  })
})
