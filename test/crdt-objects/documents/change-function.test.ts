import assert from 'node:assert/strict'
import { invoke, loadEngines, remoteHandle, type SpaceState } from '#crdt-objects/engine.ts'
import { isJoineryError, type Remote } from '#crdt-objects/index.ts'
import { open, refuses, replica } from '../replicas.ts'
import { Plan, wrong, type PlanValue, type Todo } from './plan.ts'

before(async () => {
  await loadEngines(Plan.kind)
})

describe('a change function', () => {
  it('that throws changes nothing, and its error passes through', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    plan.change((draft) => draft.todos.push({ text: 'a' }))
    const pending = state.pendingUpdates
    const failure = new Error('not now')
    assert.throws(() => {
      plan.change((draft) => {
        draft.todos[0]!.text = 'b'
        throw failure
      })
    }, failure)
    assert.deepEqual(plan.value.todos, [{ text: 'a' }])
    assert.equal(state.pendingUpdates, pending)
  })

  it('may not be asynchronous, nor keep its draft', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    refuses(state, 'VALUE_INVALID', () => {
      plan.change(
        wrong(async (draft: PlanValue) => {
          draft.title = await Promise.resolve('late')
        }),
      )
    })
    let kept: PlanValue | undefined
    plan.change((draft) => {
      kept = draft
    })
    refuses(state, 'VALUE_INVALID', () => (kept!.title = 'late'))
    refuses(state, 'VALUE_INVALID', () => kept!.title)
    refuses(state, 'VALUE_INVALID', () => plan.change(wrong('no function')))
    refuses(state, 'VALUE_INVALID', () => plan.change(() => undefined, { message: wrong(5) }))
  })

  const cycle: Record<string, unknown> = {}
  cycle.again = cycle
  const refused: Readonly<Record<string, unknown>> = {
    NaN: Number.NaN,
    Infinity,
    undefined,
    'a function': () => 1,
    'a symbol': Symbol('x'),
    'a bigint': 1n,
    'a lone surrogate': 'a\ud800',
    'a lone surrogate as key': { 'a\ud800': 1 },
    'an invalid date': new Date(Number.NaN),
    'a map': new Map(),
    'an instance of a class': new URL('https://example.org'),
    'a cycle': cycle,
    'a list with holes': Array.from({ length: 3 }).fill(1, 2) && new Array(3),
    'a symbol as key': { [Symbol('x')]: 1 },
    'a key __proto__': JSON.parse('{"__proto__":{"polluted":true}}') as unknown,
    'undefined within': { x: undefined },
  }
  for (const [title, value] of Object.entries(refused)) {
    it(`that writes ${title} is refused, and nothing is changed`, () => {
      const state = replica(1n)
      const plan = open(state, Plan)
      for (const write of [
        (draft: PlanValue): unknown => (draft.meta.x = value),
        (draft: PlanValue): unknown => draft.todos.push(value as Todo),
        (draft: PlanValue): unknown => (draft.meta.deep = { list: [value] }),
      ]) {
        refuses(state, 'VALUE_INVALID', () => {
          plan.change((draft) => {
            draft.title = 'changed'
            write(draft)
          })
        })
      }
      refuses(state, 'VALUE_INVALID', () =>
        plan.edit([{ type: 'set', path: ['meta', 'x'], value }]),
      )
    })
  }

  it('cannot do to a draft what no plain data can', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    const tries: ((draft: PlanValue) => unknown)[] = [
      (draft) => Object.defineProperty(draft, 'x', { get: () => 1 }),
      (draft) => Reflect.setPrototypeOf(draft, Array.prototype),
      (draft) => Object.freeze(draft),
      (draft) => (draft.todos[7] = { text: 'far out' }),
      (draft) => (draft.todos.length = 5),
      (draft) =>
        draft.todos.push({ text: 'x' }, { text: 'y' }) && Reflect.deleteProperty(draft.todos, 0),
      (draft) => ((draft as unknown as Record<string, unknown>).__proto__ = { polluted: true }),
      (draft) => (draft.meta.self = draft),
    ]
    for (const attempt of tries) refuses(state, 'VALUE_INVALID', () => plan.change(attempt))
  })

  it('sees plain data: keys, entries, methods of arrays, dates that it can change', () => {
    const plan = open(replica(1n), Plan)
    plan.change((draft) => {
      draft.meta.at = new Date(5)
      draft.meta.list = [3, 1, 2]
    })
    plan.change((draft) => {
      assert.deepEqual(Object.keys(draft), ['body', 'meta', 'title', 'todos'])
      assert.ok('title' in draft && !('nothing' in draft) && Object.hasOwn(draft.meta, 'at'))
      assert.equal(JSON.stringify(draft.meta.list), '[3,1,2]')
      const list = draft.meta.list as number[]
      assert.ok(Array.isArray(list) && list.includes(2))
      list.sort()
      list.splice(1, 1, 8, 9)
      ;(draft.meta.at as Date).setTime(6)
      draft.meta.copy = draft.meta.list
      delete draft.meta.nothing
    })
    assert.deepEqual(plan.value.meta, { at: new Date(6), list: [1, 8, 9, 3], copy: [1, 8, 9, 3] })
  })

  it('may not write more than a batch carries', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    refuses(state, 'OBJECT_TOO_LARGE', () => {
      plan.change((draft) => {
        draft.body = 'x'.repeat(300_000)
      })
    })
    refuses(state, 'OBJECT_TOO_LARGE', () => {
      plan.change((draft) => {
        draft.meta.list = new Array(180_000).fill([])
      })
    })
  })
})

describe('edits of a document', () => {
  it('that do not fit what is there are refused, whole', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    plan.change((draft) => draft.todos.push({ text: 'a' }))
    const set = { type: 'set', path: ['title'], value: 'changed' } as const
    for (const edit of [
      { type: 'set', path: ['nothing', 'x'], value: 1 },
      { type: 'set', path: ['todos', 1], value: { text: 'b' } },
      { type: 'set', path: ['todos', 'x'], value: 1 },
      { type: 'set', path: ['meta', 0], value: 1 },
      { type: 'set', path: [], value: {} },
      { type: 'delete', path: ['nothing'] },
      { type: 'delete', path: ['todos', 1] },
      { type: 'splice', path: ['todos'], index: 1, delete: 1, insert: [] },
      { type: 'splice', path: ['meta'], index: 0, delete: 0, insert: [] },
      { type: 'splice', path: ['todos'], index: -1, delete: 0, insert: [] },
      { type: 'splice', path: ['todos'], index: 0, delete: 0, insert: 'text' },
      { type: 'text', path: ['body'], index: 1_000, delete: 0, insert: 'x' },
      { type: 'text', path: ['meta'], index: 0, delete: 0, insert: 'x' },
      { type: 'other', path: ['title'] },
      'no edit',
    ]) {
      refuses(state, 'VALUE_INVALID', () => plan.edit([set, wrong(edit)]))
    }
    refuses(state, 'VALUE_INVALID', () => plan.edit(wrong('no edits')))
    refuses(state, 'VALUE_INVALID', () => plan.edit(wrong(new Array(1))))
    refuses(state, 'VALUE_INVALID', () => plan.edit(wrong([set]), wrong('no options')))
    plan.edit([])
    assert.equal(plan.value.title, 'Plan')
  })

  it('do not split a character of two units', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    plan.edit([{ type: 'text', path: ['body'], index: 0, delete: 0, insert: '😀' }])
    refuses(state, 'VALUE_INVALID', () => {
      plan.edit([{ type: 'text', path: ['body'], index: 1, delete: 0, insert: 'x' }])
    })
    plan.edit([{ type: 'text', path: ['title'], index: 4, delete: 0, insert: ' B' }])
    assert.equal(plan.value.title, 'Plan B')
  })
})

describe('a document behind a gateway', () => {
  function remotePlan(state: SpaceState): Remote<typeof Plan> {
    const handle = open(state, Plan)
    return remoteHandle(Plan, {
      name: 'object',
      call: ({ path, verb, args }) =>
        new Promise((resolve) => {
          resolve(invoke(handle, path, verb, structuredClone(args)))
        }),
      stream: () => assert.fail('nothing is streamed'),
      open: () => assert.fail('nothing is opened'),
    }) as Remote<typeof Plan>
  }

  it('is changed by a function that runs here, whose edits travel', async () => {
    const state = replica(1n)
    const plan = remotePlan(state)
    await plan.change((draft) => draft.todos.push({ text: 'a' }), { message: 'begin' })
    await plan.change((draft) => {
      draft.todos[0]!.done = true
    })
    assert.deepEqual((await plan.read()).todos, [{ text: 'a', done: true }])
    const history = await plan.history()
    assert.equal(history[0]!.message, 'begin')
    assert.deepEqual((await plan.readAt(history[0]!.id)).todos, [{ text: 'a' }])
    assert.deepEqual(await plan.conflicts(['title']), [])
  })

  it('refuses an edit of what somebody took away meanwhile', async () => {
    const state = replica(1n)
    const local = open(state, Plan)
    const plan = remotePlan(state)
    local.change((draft) => draft.todos.push({ text: 'a' }))
    const late = plan.change((draft) => {
      draft.todos[0]!.done = true
    })
    local.change((draft) => {
      draft.todos.length = 0
    })
    await assert.rejects(late, (error) => isJoineryError(error, 'VALUE_INVALID'))
    assert.deepEqual(local.value.todos, [])
  })
})
