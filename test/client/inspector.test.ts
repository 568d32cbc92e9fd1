import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { counter, map, register, set, struct } from '@joinery/crdt-objects'
import type { Client } from '@joinery/client'
import { schemaText } from '#client/inspector/schema-text.ts'
import { render } from '#client/inspector/render.ts'
import { table, wrapped } from '#client/inspector/table.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'
import { lock } from '@joinery/consensus'
import { StrongRig } from '#test/fixtures/strong-rig.ts'
import { ProgramProcess } from '#test/fixtures/program-process.ts'

const Flights = struct({
  rows: counter(),
  carriers: set<string>(),
  byHour: map(struct({ count: counter(), worst: register<string>() })),
})

describe('The inspector joinery', () => {
  const rig = new GatewayRig()
  const running: ProgramProcess[] = []
  let url: string
  let client: Client

  beforeEach(async () => {
    url = (await rig.gateway()).url
    client = await rig.client(url)
  })

  afterEach(async () => {
    for (const program of running.splice(0)) await program.end()
    await rig.end()
  })

  function joinery(args: readonly string[], environment = {}): ProgramProcess {
    const program = new ProgramProcess('packages/client/src/inspector/main.ts', args, {
      JOINERY_GATEWAY: url,
      ...environment,
    })
    running.push(program)
    return program
  }

  async function fill(): Promise<void> {
    const space = await client.space('flights')
    const stats = await space.open('stats', Flights)
    await stats.rows.add(3)
    await stats.carriers.add('AA')
    await stats.byHour.at('17').count.add(2)
    await stats.byHour.at('17').worst.set('LAX')
    await (await space.open('hours', map(counter()))).at('8').add(5)
  }

  it('lists spaces, objects and peers', async () => {
    await fill()
    const [spaces, objects, peers] = await Promise.all([
      joinery(['ls']).ended(),
      joinery(['ls', 'flights']).ended(),
      joinery(['--url', url, 'peers'], { JOINERY_GATEWAY: 'ws://127.0.0.1:1' }).ended(),
    ])
    assert.match(spaces.stdout, /flights +│ 2 +│ 1/)
    assert.match(objects.stdout, /flights\/hours +│ map\(counter\(\)\)/)
    assert.match(
      objects.stdout,
      /byHour: map\(struct\(\{ count: counter\(\), worst: register\(\) \}\)\)/,
    )
    assert.match(peers.stdout, /memory +│ this one +│ \/memory\/1/)
    for (const { exitCode } of [spaces, objects, peers]) assert.equal(exitCode, 0)
  })

  it('shows a value for people and as JSON', async () => {
    await fill()
    const [pretty, table, json] = await Promise.all([
      joinery(['get', 'flights/stats']).ended(),
      joinery(['get', 'flights/hours']).ended(),
      joinery(['get', 'flights/stats', '--json']).ended(),
    ])
    assert.match(pretty.stdout, /rows: 3\n/)
    assert.match(pretty.stdout, /byHour:\n {2}17:\n {4}count: 2\n {4}worst: LAX\n/)
    assert.match(table.stdout, /│ 8 +│ 5 +│/)
    assert.deepEqual(JSON.parse(json.stdout), {
      rows: 3,
      carriers: ['AA'],
      byHour: { '17': { count: 2, worst: 'LAX' } },
    })
  })

  it('watches until it is told to end', async () => {
    await fill()
    const watching = joinery(['watch', 'flights/hours', '--json'])
    await watching.prints(/"value":\{"8":5\}/)
    const hours = await (await client.space('flights')).open('hours', map(counter()))
    await hours.at('9').add(1)
    await watching.prints(/"changed":\[\["9"\]\],"value":\{"8":5,"9":1\}/)
    assert.equal((await watching.end('SIGINT')).exitCode, 0)
    assert.equal(watching.stderr, '')
  })

  it('says that the gateway is gone when that ends a watch', async () => {
    const gateway = await rig.gateway()
    const hits = await (await (await rig.client(gateway.url)).space('s')).open('hits', counter())
    await hits.add(1)
    const watching = joinery(['--url', gateway.url, 'watch', 's/hits'])
    await watching.prints(/s\/hits\n1\n/)
    await gateway.close()
    const ended = await watching.ended()
    assert.equal(ended.exitCode, 1)
    assert.equal(ended.stderr, 'error: the gateway is gone: watch again when it is back\n')
  })

  it('says so when objects of several kinds share a name', async () => {
    const host = new MemoryHost()
    const far = new MemoryHost(2n)
    const { url } = await rig.gateway({}, host)
    const near = await host.space('s')
    ;(await near.open('cl', counter())).add(1)
    ;(await (await far.space('s')).open('cl', set<string>())).add('x')
    host.state('s').takeBatch()
    const batch = far.state('s').takeBatch()
    assert.ok(batch !== undefined)
    host.state('s').apply(batch)
    const ended = await joinery(['--url', url, 'get', 's/cl']).ended()
    assert.equal(ended.stdout, '1\n')
    assert.match(
      ended.stderr,
      /^note: 2 objects .* share the name s\/cl: counter\(\) and set\(\)\. Shown is the counter\(\)\./,
    )
  })

  it('shows no control of a terminal that others wrote', () => {
    const hostile = 'a\u001b[2J\u009b1m\r\u0007\u202eb\u2066'
    const struct = { [hostile]: hostile, n: 1 }
    const values: unknown[] = [
      ...[hostile, [hostile], [[hostile]], new Set([hostile]), struct],
      new Map([[hostile, hostile]]),
      new Map([[hostile, struct]]),
      new Map([[hostile, new Map([[hostile, new Map([[hostile, [hostile]]])]])]]),
    ]
    const texts = [...values.map(render), table([hostile], [[hostile, [hostile]]])]
    for (const text of texts) {
      assert.doesNotMatch(text, /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u)
      assert.match(text, /a\\u001b\[2J/)
    }
    assert.equal(render('two\n\tlines'), 'two\n\tlines')
    assert.equal(render(new Set(['two\nlines'])), '- two\\nlines')
  })

  it('breaks a long schema where a terminal ends', () => {
    assert.deepEqual(wrapped('struct({ a: max(), b: max() })', 12), [
      ...['struct({ a:', 'max(), b:', 'max() })'],
    ])
    assert.deepEqual(wrapped('abcdefgh', 3), ['abc', 'def', 'gh'])
    assert.deepEqual(wrapped('as it is', Infinity), ['as it is'])
  })

  it('teaches, and tells a wrong use from a failure without stack traces', async () => {
    await fill()
    const cases: [string[], number, RegExp][] = [
      [['get', 'flights'], 2, /write <space>\/<object>/],
      [['get'], 2, /missing required argument/],
      [['frobnicate'], 2, /unknown command/],
      [['--url', 'localhost', 'ls'], 2, /looks like ws:\/\//],
      [['get', 'flights/nothing'], 1, /`joinery ls flights` lists what is there/],
      [['ls', 'nothing'], 1, /`joinery ls` lists what is there/],
      [['--url', 'ws://127.0.0.1:1', 'ls'], 1, /joinery-peer/],
      [
        ['--token-file', '/nowhere/at/all', 'ls'],
        2,
        /--token-file names cannot be read: .*no such/,
      ],
      [['ls', 'flights/stats'], 2, /has no "\/"/],
    ]
    await Promise.all(
      cases.map(async ([args, code, pattern]) => {
        const ended = await joinery(args).ended()
        assert.equal(ended.exitCode, code, ended.stderr)
        assert.match(ended.stderr, pattern)
        assert.doesNotMatch(ended.stderr, /\n +at /)
      }),
    )
    const [help, bare, version] = await Promise.all([
      joinery(['get', '--help']).ended(),
      joinery([]).ended(),
      joinery(['--version']).ended(),
    ])
    for (const { exitCode } of [help, bare, version]) assert.equal(exitCode, 0)
    assert.match(bare.stdout, /Usage: joinery[\s\S]*Examples:/)
    const manifest = new URL('../../packages/client/package.json', import.meta.url)
    const { version: expected } = JSON.parse(await readFile(manifest, 'utf8')) as {
      version: string
    }
    assert.equal(version.stdout, `${expected}\n`)
    assert.match(help.stdout, /Examples:\n {2}joinery get flights\/hours/)
  })

  it('shows every kind of value in some readable way', () => {
    assert.equal(render(undefined), '(nothing)')
    assert.equal(render(new Map()), '(empty)')
    assert.equal(render(new Set(['a', 'b'])), '- a\n- b')
    assert.equal(render(12n), '12')
    const hours = new Map(['17', '8', '10', 'b', 'a'].map((key) => [key, 1]))
    assert.deepEqual(
      [...render(hours).matchAll(/│ (\w+) +│ 1/g)].map((row) => row[1]),
      ['8', '10', '17', 'a', 'b'],
    )
    assert.equal(
      render({ a: new Map([['x', new Map([['y', [1, 2]]])]]) }),
      'a:\n  x:\n    y: [1,2]',
    )
    assert.equal(schemaText('["map",["struct",["n",["max"]]]]'), 'map(struct({ n: max() }))')
    assert.equal(schemaText('no JSON'), 'no JSON')
  })
})

describe('The inspector joinery, of strong mode', () => {
  const strong = new StrongRig()
  let url: string

  beforeEach(async () => {
    url = (await strong.gateway()).url
  })

  afterEach(() => strong.end())

  async function joinery(...args: string[]): ReturnType<ProgramProcess['ended']> {
    const path = 'packages/client/src/inspector/main.ts'
    const program = new ProgramProcess(path, args, { JOINERY_GATEWAY: url })
    try {
      return await program.ended()
    } finally {
      await program.end()
    }
  }

  it('lists objects and shows their values, beside those of eventual mode', async () => {
    const space = await (await strong.client(url)).space('s')
    await (await space.open('n', counter(), { mode: 'linearizable' })).add(3)
    await (await space.open('l', lock())).acquire()
    await (await space.open('hits', counter())).add(1)
    const [list, value] = await Promise.all([joinery('ls', 's'), joinery('get', 's/n')])
    assert.match(list.stdout, /s\/hits +│ counter\(\) /)
    assert.match(list.stdout, /s\/n +│ counter\(\), linearizable/)
    assert.match(list.stdout, /s\/l +│ lock\(\{ reentrant: false \}\)/)
    assert.equal(value.stdout.trim(), '3')
  })

  it("shows who keeps a space, and goes on without those that are gone by an operator's word", async () => {
    const shown = await joinery('keepers', 'flights')
    assert.match(shown.stdout, /keepers: 0\.1, 1\.1\ngone: 1\.1\n.* may be lost: 0\.1, 2\.1\n$/)
    assert.deepEqual(strong.words, [['flights', false]])
    const replaced = await joinery('keepers', 'flights', '--replace')
    assert.match(replaced.stdout, /may be lost: 0\.1, 2\.1\nkeepers now: 0\.1, 2\.1\n$/)
    assert.deepEqual(strong.words.at(-1), ['flights', true])
  })

  it('lists groups, and has a voter replaced', async () => {
    const [list, replaced, unknown] = await Promise.all([
      joinery('groups'),
      joinery('groups', 'replace', '12'),
      joinery('groups', 'replace', '13'),
    ])
    assert.match(list.stdout, /group +│ leader +│ term/)
    assert.match(list.stdout, /0 +│ 11 \(…Abcdefgh\) +│ 3 +│ 11 \(…Abcdefgh\)/)
    assert.match(list.stdout, /12 \(away\)/)
    assert.ok(!list.stdout.includes('\\n'), 'a line for each voter')
    assert.match(replaced.stdout, /group 0: 12 is being replaced/)
    assert.deepEqual(strong.replaced, [[0, 12]])
    assert.equal(unknown.exitCode, 2)
    assert.match(unknown.stderr, /13 votes in no group/)
  })
})
