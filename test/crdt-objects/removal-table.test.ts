// docs/removal.md has a row for each kind: what stands before, what one replica does while another removes the entry,
// and what both read afterwards. Here each row is carried out, alone in a map and as a field of a struct in a map.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bloom,
  counter,
  distinct,
  document,
  flag,
  histogram,
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
  set,
  struct,
  text,
  topK,
  vector,
  type Schema,
} from '#crdt-objects/index.ts'
import { invoke, loadEngines } from '#crdt-objects/engine.ts'
import { repositoryRoot } from '#test/tooling/repository-copy.ts'
import { open, replica, sync } from './replicas.ts'

type Calls = readonly (readonly [verb: string, ...args: unknown[]])[]

interface Row {
  readonly kind: string
  readonly schema: Schema
  readonly before: Calls
  readonly meanwhile: Calls
  /** What is read of the entry afterwards, as JSON. */
  readonly after: unknown
}

const rows: readonly Row[] = [
  {
    kind: 'counter()',
    schema: counter(),
    before: [['add', 10]],
    meanwhile: [['add', 1]],
    after: 1,
  },
  { kind: 'flag()', schema: flag(), before: [['enable']], meanwhile: [['enable']], after: true },
  {
    kind: "flag({ wins: 'disable' })",
    schema: flag({ wins: 'disable' }),
    before: [['enable']],
    meanwhile: [['enable']],
    after: true,
  },
  { kind: 'register()', schema: register(), before: [['set', 'a']], meanwhile: [['set', 'b']], after: 'b' }, // prettier-ignore
  { kind: 'max()', schema: max(), before: [['offer', 5]], meanwhile: [['offer', 7]], after: 7 },
  { kind: 'min()', schema: min(), before: [['offer', 5]], meanwhile: [['offer', 3]], after: 3 },
  { kind: 'set()', schema: set(), before: [['add', 'a']], meanwhile: [['add', 'b']], after: ['b'] },
  {
    kind: "set({ wins: 'delete' })",
    schema: set({ wins: 'delete' }),
    before: [['add', 'a']],
    meanwhile: [['add', 'b']],
    after: ['b'],
  },
  { kind: 'map()', schema: map(), before: [['set', 'a', 1]], meanwhile: [['set', 'b', 2]], after: { b: 2 } }, // prettier-ignore
  { kind: 'list()', schema: list(), before: [['push', 'a', 'b']], meanwhile: [['insert', 1, 'x']], after: ['x'] }, // prettier-ignore
  { kind: 'log()', schema: log(), before: [['append', 'a']], meanwhile: [['append', 'b']], after: ['b'] }, // prettier-ignore
  { kind: 'text()', schema: text(), before: [['insert', 0, 'ab']], meanwhile: [['insert', 1, 'x']], after: 'x' }, // prettier-ignore
  {
    kind: 'document({})',
    schema: document<Record<string, number>>({}),
    before: [['edit', [{ type: 'set', path: ['a'], value: 1 }]]],
    meanwhile: [['edit', [{ type: 'set', path: ['b'], value: 2 }]]],
    after: { b: 2 },
  },
  { kind: 'vector(2)', schema: vector(2), before: [['add', [1, 2]]], meanwhile: [['add', [0.5, 0]]], after: [0.5, 0] }, // prettier-ignore
  { kind: 'matrix(1, 2)', schema: matrix(1, 2), before: [['addAt', 0, 0, 1]], meanwhile: [['addAt', 0, 1, 3]], after: [[0, 3]] }, // prettier-ignore
  {
    kind: 'moments()',
    schema: moments(),
    before: [['record', 1, 2]],
    meanwhile: [['record', 6]],
    after: { count: 1, sum: 6, mean: 6 },
  },
  {
    kind: 'histogram([10])',
    schema: histogram([10]),
    before: [['record', 1]],
    meanwhile: [['record', 20]],
    after: { edges: [10], counts: [0, 1] },
  },
  {
    kind: 'quantiles()',
    schema: quantiles(),
    before: [['record', 0]],
    meanwhile: [['record', 0, 0]],
    after: { count: 2, p50: 0, p90: 0, p99: 0 },
  },
  { kind: 'distinct()', schema: distinct(), before: [['add', 'a']], meanwhile: [['add', 'b']], after: 1 }, // prettier-ignore
  { kind: 'bloom({ capacity: 100 })', schema: bloom({ capacity: 100 }), before: [['add', 'a']], meanwhile: [['add', 'b']], after: 1 }, // prettier-ignore
  {
    kind: 'topK(2)',
    schema: topK(2),
    before: [['offer', 'a', 9]],
    meanwhile: [['offer', 'b', 5]],
    after: [{ key: 'b', score: 5 }],
  },
  { kind: 'ref(counter())', schema: ref(counter()), before: [['set', 'a']], meanwhile: [['set', 'b']], after: 'b' }, // prettier-ignore
]

function perform(handle: object, path: readonly string[], calls: Calls): void {
  for (const [verb, ...args] of calls) invoke(handle, path, verb, args)
}

/** Removes what is at `path[0]` while another writes at `path`; gives what both read of the entry then. */
function race(schema: Schema, row: Row, path: readonly string[]): unknown {
  const states = [replica(1n), replica(2n)]
  const handles = states.map((state) => open(state, schema) as object)
  perform(handles[0]!, path, row.before)
  sync(...states)
  invoke(handles[0]!, [], 'delete', [path[0]])
  perform(handles[1]!, path, row.meanwhile)
  sync(...states)
  const [first, second] = handles.map((handle) => (handle as { toJSON(): unknown }).toJSON())
  assert.deepEqual(first, second)
  return (first as Readonly<Record<string, unknown>>)[path[0]!]
}

function callsText(calls: Calls): string {
  return calls
    .map(([verb, ...args]) => `${verb}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`)
    .join(', ')
}

describe('removal of an entry while somebody writes to it', () => {
  before(async () => {
    await loadEngines(...rows.map(({ schema }) => schema.kind))
  })

  for (const row of rows) {
    it(`${row.kind}: what its remover had not seen stays, in a map and in a struct in a map`, () => {
      const found = race(map(row.schema), row, ['k'])
      if (row.kind === 'moments()') {
        const { count, sum, mean } = found as { count: number; sum: number; mean: number }
        assert.deepEqual({ count, sum, mean }, row.after)
      } else {
        assert.deepEqual(found, row.after)
      }
      const nested = race(map(struct({ x: row.schema, y: counter() })), row, ['k', 'x'])
      assert.deepEqual((nested as { x: unknown }).x, found)
    })
  }

  it('is told in docs/removal.md, row by row', () => {
    const page = readFileSync(join(repositoryRoot, 'docs/removal.md'), 'utf8')
    for (const { kind, before, meanwhile, after } of rows) {
      const cells = [kind, callsText(before), callsText(meanwhile), JSON.stringify(after)]
      const line = `| ${cells.map((cell) => `\`${cell}\``).join(' | ')} |`
      assert.ok(page.includes(line), `docs/removal.md lacks\n${line}`)
    }
  })
})
