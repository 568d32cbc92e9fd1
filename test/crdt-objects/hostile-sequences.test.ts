// Bytes that no program of ours sends, in the place of a text's or list's delta. What is refused is refused whole; what
// is well-formed and wrong is dropped, and nothing of it stays behind.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { BatchReader } from '#crdt-objects/codec/batch-reader.ts'
import { Reader, SpaceState, Writer, encodeValue, loadEngines } from '#crdt-objects/engine.ts'
import { isJoineryError, list, text, type Schema, type TextHandle } from '#crdt-objects/index.ts'
import { clientsOf } from '#crdt-objects/leaves/yjs/clients.ts'
import { DELETED } from '#crdt-objects/leaves/yjs/structs.ts'
import { TextNode } from '#crdt-objects/leaves/yjs/text-node.ts'
import { BESIDE, SEAM, OWN, longHead, shortHead } from '#crdt-objects/leaves/yjs/whole.ts'
import { ReplicaContext } from '#crdt-objects/state/context.ts'
import type { Parent } from '#crdt-objects/state/node.ts'
import { mutate, mutations } from '#test/suites/hostile-bytes.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

type Text = TextHandle<'local'>

const CONTENT = 1
const MARK = 2
const CHAINED = 4
const LEFT = 8
const RIGHT = 16

/** A batch whose body is for us to write, and its reader. */
function reading(write: (body: Writer) => void, rows = 2): BatchReader {
  const body = new Writer()
  write(body)
  return new BatchReader(new Reader(body.finish()), { rows, first: 1, last: 1, baseStamp: 0 })
}

function decode(schema: Schema, write: (body: Writer) => void): unknown {
  const batch = reading(write)
  const delta = schema.kind.decodeDelta(batch)
  batch.body.end()
  return delta
}

const parent: Parent = {
  childDirty: () => undefined,
  childPresence: () => undefined,
  locate: () => ({ object: {}, path: [] }),
  step: (key) => key,
}

/** A text at replica 1, which knows replicas 2 and 3 as indexes 1 and 2. */
function node(): TextNode {
  const context = new ReplicaContext({ replica: 1n, clock: () => 0 }, '')
  context.intern(2n)
  context.intern(3n)
  return new TextNode(context, parent, '')
}

/** Structs of text: where they start, and `[info, neighbours…, text]` each. */
function structs(
  clock: number,
  ...each: readonly (readonly [number, readonly number[], string])[]
): (body: Writer) => void {
  return (body) => {
    body.varint(each.length)
    body.varint(clock)
    for (const [info, neighbours, content] of each) {
      body.byte(info)
      for (const number of neighbours) body.varint(number)
      body.text(content)
    }
    body.varint(0)
  }
}

function bring(target: TextNode, author: number, write: (body: Writer) => void): void {
  const delta = text().kind.decodeDelta(reading(write))
  target.apply(delta as never, { indexes: [author, author === 1 ? 2 : 1], seen: [] })
}

/** Heads of structs in a state. */
const HEAD = { what: DELETED, goesOn: false, origin: BESIDE, right: BESIDE }
const CONTENT_HEAD = { ...HEAD, what: CONTENT }
const CONTENT_OF_SIX = shortHead(BESIDE, 6)

function bytes(...each: readonly number[]): (body: Writer) => void {
  return (body) => {
    body.raw(Uint8Array.from(each))
  }
}

/** A state of one struct. */
function listed(head: number, row: number, clock: number, content: string): (body: Writer) => void {
  return (body) => {
    bytes(1, 1, head, 0, row)(body)
    body.zigzag(clock)
    body.text(content)
  }
}

function bringWhole(
  target: TextNode,
  indexes: readonly number[],
  write: (body: Writer) => void,
): void {
  const batch = reading(write)
  const whole = text().kind.decodeWhole(batch)
  batch.body.end()
  target.join(whole as never, { indexes, seen: [] })
}

describe('hostile texts and lists', () => {
  before(() => loadEngines(text().kind))

  it('are refused where they are malformed, before anything changes', () => {
    const wrong: readonly [string, (body: Writer) => void, Schema?][] = [
      ['unknown kind', structs(0, [3, [], 'x'])],
      ['unknown bits', structs(0, [CONTENT | 32, [], 'x'])],
      ['no unit', structs(0, [CONTENT, [], ''])],
      ['chained to nothing', structs(0, [CONTENT | CHAINED, [], 'x'])],
      ['chained and not', structs(1, [CONTENT | CHAINED | LEFT, [1, 0], 'x'])],
      ['left of itself', structs(0, [CONTENT | LEFT, [0, 0], 'x'])],
      ['right of itself', structs(4, [CONTENT | RIGHT, [0, 4], 'x'])],
      ['replica not in the table', structs(0, [CONTENT | LEFT, [2, 0], 'x'])],
      ['too many units', structs(2 ** 40, [CONTENT, [], 'x'])],
      [
        'more structs than bytes',
        (body) => {
          body.varint(2 ** 30)
        },
      ],
      [
        'mark in a list',
        (body) => {
          body.raw(Uint8Array.of(1, 0, MARK, 1, 97, 2, 0))
        },
        list(),
      ],
      [
        'mark that is a date',
        (body) => {
          body.raw(Uint8Array.of(1, 0, MARK, 1, 97))
          encodeValue(body, new Date(0))
          body.varint(0)
        },
      ],
      [
        'mark of a forbidden name',
        (body) => {
          body.raw(Uint8Array.of(1, 0, MARK))
          body.text('__proto__')
          encodeValue(body, 1)
          body.varint(0)
        },
      ],
      [
        'item over 192 KiB',
        (body) => {
          body.raw(Uint8Array.of(1, 0, CONTENT, 1))
          encodeValue(body, 'x'.repeat(200_000))
          body.varint(0)
        },
        list(),
      ],
      [
        'range of nothing',
        (body) => {
          body.raw(Uint8Array.of(0, 1, 0, 1, 0, 0))
        },
      ],
      [
        'ranges out of order',
        (body) => {
          body.raw(Uint8Array.of(0, 1, 0, 2, 5, 5, 9, 1))
        },
      ],
      [
        'replica twice',
        (body) => {
          body.raw(Uint8Array.of(0, 2, 0, 1, 0, 1, 0, 1, 0, 1))
        },
      ],
      [
        'half a character',
        (body) => {
          body.raw(Uint8Array.of(1, 0, CONTENT, 3, 0xed, 0xa0, 0x80, 0))
        },
      ],
    ]
    for (const [title, write, schema = text()] of wrong) {
      assert.throws(
        () => decode(schema, write),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
        title,
      )
    }
  })

  it('are dropped where neighbours are missing, with nothing left to wait for them', () => {
    const target = node()
    bring(target, 1, structs(0, [CONTENT, [], 'ab']))
    const before = target.read()
    bring(target, 1, structs(7, [CONTENT | CHAINED, [], 'gap']))
    bring(target, 1, structs(2, [CONTENT | LEFT, [1, 4], 'absent left']))
    bring(target, 2, structs(0, [CONTENT | RIGHT, [1, 9], 'absent right']))
    bring(target, 2, (body) => {
      body.raw(Uint8Array.of(0, 1, 1, 1, 50, 9))
    })
    assert.equal(target.read(), before)
    assert.deepEqual(target.length, 2)
    bring(target, 1, structs(2, [CONTENT | CHAINED, [], 'c']))
    assert.equal(target.read(), 'abc')
    // What is here already is passed over.
    bring(target, 1, structs(0, [CONTENT, [], 'abcd']))
    assert.equal(target.read(), 'abcd')
  })

  it('are dropped where an author stands between its own neighbours: that would take quadratic time', () => {
    const cpuMsFor = (count: number): number => {
      const target = node()
      const all = structs(0, ...Array.from({ length: count }, () => [CONTENT, [], 'x'] as const))
      const start = process.cpuUsage()
      bring(target, 1, all)
      assert.equal(target.read(), 'x')
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    }
    const few = cpuMsFor(5_000)
    const many = cpuMsFor(50_000)
    assert.ok(many < 20 * few, `${many} ms of processor, and ${few} for a tenth of them`)
  })

  it('cannot speak for us: what a state says that we wrote is passed over', () => {
    const target = node()
    bringWhole(target, [0], listed(CONTENT_OF_SIX, 0, 0, 'forged'))
    assert.equal(target.read(), '')
    bringWhole(target, [1], listed(CONTENT_OF_SIX, 0, 0, 'theirs'))
    assert.equal(target.read(), 'theirs')
  })

  it('are refused where a state says them in a form that is none', () => {
    const wrong: readonly [string, (body: Writer) => void, RegExp?][] = [
      ['unknown kind', bytes(1, 1, 255, 0), /unknown kind/],
      ['goes on after nothing', bytes(1, 1, longHead({ ...CONTENT_HEAD, goesOn: true }), 1)],
      [
        'of its author from before the begin',
        bytes(1, 1, longHead({ ...HEAD, origin: OWN }), 0, 0, 0),
        /nothing of its author/,
      ],
      ['a clock below zero', bytes(1, 1, 0, 0, 0, 0x41), /clock below zero/],
      ['an author that was not named', bytes(1, 1, 0, 1, 0, 0), /not named/],
      ['an author named twice', bytes(1, 2, 0, 0, 0, 0, 0, 1, 0, 0), /named twice/],
      [
        'a seam where nothing was trimmed',
        bytes(1, 1, longHead({ ...HEAD, origin: SEAM }), 0, 0, 0, 0, 0, 1),
        /seam where nothing/,
      ],
      ['no unit', bytes(1, 1, longHead(HEAD), 0, 0, 0, 0), /without a unit/],
      ['less text than units', listed(CONTENT_OF_SIX, 0, 0, 'five!')],
      ['more text than units', listed(CONTENT_OF_SIX, 0, 0, 'sevenths')],
      ['cut short', bytes(1, 1)],
      ['what is at the end is no seam', bytes(2, 0, 0, 2)],
      ['an author not in the table', bytes(2, 1, 7, 1, 0, 0)],
    ]
    for (const [title, write, reason = /./] of wrong) {
      assert.throws(
        () => text().kind.decodeWhole(reading(write)),
        (error) => isJoineryError(error, 'ENCODING_INVALID') && reason.test(error.message),
        title,
      )
    }
  })

  it('leave nothing behind that breaks what comes later, whatever a state says of places', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.uint8Array({ maxLength: 40 }), (drawn) => {
        const target = node()
        try {
          bringWhole(target, [1, 2], (body) => {
            body.raw(drawn)
          })
        } catch (error) {
          assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
        }
        bring(target, 1, structs(0, [CONTENT, [], 'ab'], [CONTENT | LEFT, [0, 0], 'c']))
        bring(target, 2, structs(0, [CONTENT | RIGHT, [1, 0], 'd']))
        bringWhole(target, [2], listed(CONTENT_OF_SIX, 0, 0, 'theirs'))
        target.trim(1)
        assert.equal(target.length, target.read().length)
      }),
      { numRuns: 3_000, seed: 5 },
    )
  })

  it('of any bytes: a batch is taken or refused, and what was there is still right', () => {
    for (const schema of [text(), list()]) {
      const { states, handles } = share<Schema>(schema)
      const [first] = handles as [{ insert(index: number, item: string): void; length: number }]
      for (let i = 0; i < 10; i++) first.insert(i >> 1, `t${i}`)
      const early = states[0]!.takeBatch()!
      first.insert(3, '!')
      ;(handles[0] as { delete(index: number, count: number): void }).delete(1, 2)
      const late = states[0]!.takeBatch()!
      fastCheck.assert(
        fastCheck.property(mutations, (applied) => {
          const state = replica(9n)
          const handle = open(state, schema) as {
            value: unknown
            insert(i: number, s: string): void
          }
          state.apply(early)
          for (const bytes of [mutate(late, applied), late]) {
            try {
              state.apply(bytes)
            } catch (error) {
              assert.ok(isJoineryError(error, 'ENCODING_INVALID'), String(error))
            }
            assert.notEqual(handle.value, undefined)
          }
          handle.insert(0, 'still writable')
          state.takeBatch()
          const copy = replica(10n)
          copy.joinState(state.encodeState())
          assert.deepEqual((open(copy, schema) as { value: unknown }).value, handle.value)
        }),
      )
    }
  })
})

describe('the number of an author', () => {
  before(() => loadEngines(text().kind))

  it('is a function of the replica id, whoever computes it', () => {
    const seen = [5n, 6n].map((id) => {
      const context = new ReplicaContext({ replica: id, clock: () => 0 }, '')
      const index = context.intern(0xfedc_ba98_7654_3210n)
      return clientsOf(context).client(index)
    })
    assert.equal(seen[0], seen[1])
    assert.ok(Number.isSafeInteger(seen[0]))
  })

  it('is looked for among all known replicas before the first edit: a clash is refused', () => {
    // Without slots, and equal in 53 bits: the upper ones fold into the lower.
    const [mine, theirs] = [(1n << 63n) | 1n, (3n << 62n) | 513n]
    const state = new SpaceState({ replica: mine, clock: () => 0 })
    const other = new SpaceState({ replica: theirs, clock: () => 0 })
    const handle = open(state, text()) as Text
    const foreign = open(other, text()) as Text
    foreign.append('theirs')
    sync(other, state)
    assert.equal(handle.value, '')
    refuses(state, 'REPLICA_CLASHES', () => {
      handle.append('mine')
    })
  })
})
