import assert from 'node:assert/strict'
import { loadEngines, type SpaceState } from '#crdt-objects/engine.ts'
import { map, type Change, type Transaction } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from '../replicas.ts'
import { Plan, PROSE, wrong } from './plan.ts'

before(async () => {
  await loadEngines(Plan.kind)
})

describe('documents', () => {
  it('read as their initial value until somebody writes, and keep nothing till then', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    assert.deepEqual(plan.value, { title: 'Plan', body: PROSE, todos: [], meta: {} })
    assert.deepEqual(plan.history(), [])
    plan.change(() => undefined)
    plan.change((draft) => {
      draft.title = 'Plan'
    })
    assert.equal(state.pendingUpdates, 0)
  })

  it('that begin apart are one document', () => {
    const { states, handles } = share(Plan)
    handles[0]!.change((draft) => draft.todos.push({ text: 'a' }))
    handles[1]!.change((draft) => draft.todos.push({ text: 'b' }))
    sync(...states)
    assert.deepEqual(handles[0]!.value, handles[1]!.value)
    assert.deepEqual(handles[0]!.value.todos.map(({ text }) => text).sort(), ['a', 'b'])
  })

  it('take the values of JSON, dates and bytes, and give each reader its own', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    const written = {
      at: new Date(5),
      bytes: Uint8Array.of(1, 2),
      none: null,
      zero: -0,
      big: 2 ** 60,
      part: 1.5,
      yes: [true],
    }
    plan.change((draft) => {
      draft.meta.written = written
    })
    written.at.setTime(7)
    const { meta } = plan.value
    const read = meta.written as typeof written
    assert.deepEqual(read, { ...written, at: new Date(5) })
    assert.ok(Object.is(read.zero, -0))
    read.at.setTime(9)
    read.bytes[0] = 9
    assert.deepEqual((plan.value.meta.written as typeof written).at, new Date(5))
    assert.ok(Object.isFrozen(plan.value) && Object.isFrozen(plan.value.todos))
    assert.equal(plan.value.todos, plan.value.todos, 'what did not change is not copied again')
  })

  it('keep the items of a list that are sorted, filtered and moved, with what others do to them', () => {
    const { states, handles } = share(Plan)
    handles[0]!.change((draft) => draft.todos.push({ text: 'c' }, { text: 'a' }, { text: 'b' }))
    sync(...states)
    handles[0]!.change((draft) => {
      draft.todos = draft.todos.filter(({ text }) => text !== 'c')
      draft.todos.unshift({ text: 'first' })
    })
    handles[1]!.change((draft) => {
      draft.todos.find(({ text }) => text === 'b')!.done = true
    })
    sync(...states)
    const expected = [{ text: 'first' }, { text: 'a' }, { text: 'b', done: true }]
    for (const handle of handles) assert.deepEqual(handle.value.todos, expected)
    handles[0]!.change((draft) => {
      draft.todos.reverse()
      draft.todos[0]!.text = 'B'
      draft.todos.length = 2
    })
    assert.deepEqual(handles[0]!.value.todos, [{ text: 'B', done: true }, { text: 'a' }])
  })

  it('merge changes to parts of a long text, and take a short one as one value', () => {
    const { states, handles } = share(Plan)
    handles[0]!.change((draft) => {
      draft.body = draft.body.replace('bright', 'dark')
      draft.title = 'Plan A'
    })
    handles[1]!.change((draft) => {
      draft.body = `${draft.body} Winston hurried. 😀`
      draft.title = 'Plan B'
    })
    sync(...states)
    for (const handle of handles) {
      assert.equal(handle.value.body, `${PROSE.replace('bright', 'dark')} Winston hurried. 😀`)
      assert.equal(handle.value.title, 'Plan B')
      assert.deepEqual(handle.conflicts(['title']), ['Plan A'])
    }
    handles[0]!.change((draft) => {
      draft.body = draft.body.replace('😀', '😃')
      draft.title = 'Plan C'
    })
    sync(...states)
    assert.ok(handles[1]!.value.body.endsWith('😃'))
    assert.deepEqual(handles[1]!.conflicts(['title']), [])
  })

  it('tell what lost in conflicts of containers, and nothing of places that are not there', () => {
    const { states, handles } = share(Plan)
    handles[0]!.change((draft) => {
      draft.meta.owner = { name: 'Ann', since: new Date(1) }
    })
    handles[1]!.change((draft) => {
      draft.meta.owner = ['Bob']
    })
    sync(...states)
    assert.deepEqual(handles[0]!.value.meta.owner, ['Bob'])
    assert.deepEqual(handles[0]!.conflicts(['meta', 'owner']), [
      { name: 'Ann', since: new Date(1) },
    ])
    for (const path of [
      ['nobody'],
      ['title', 'x'],
      ['todos', 5],
      ['meta', 0],
      ['todos', 'x'],
      ['x', 'y'],
    ]) {
      assert.deepEqual(handles[0]!.conflicts(path), [])
    }
    refuses(states[0]!, 'VALUE_INVALID', () => handles[0]!.conflicts([]))
    refuses(states[0]!, 'VALUE_INVALID', () => handles[0]!.conflicts([-1]))
  })

  it('have a history that all replicas tell alike, and can be read as they were', () => {
    const clock = { ms: 1_700_000_000_000 }
    const states = [replica(1n, clock), replica(2n, clock)]
    const handles = states.map((state) => open(state, Plan))
    handles[0]!.change((draft) => draft.todos.push({ text: 'a' }), { message: 'begin' })
    sync(...states)
    clock.ms++
    handles[1]!.change((draft) => draft.todos.push({ text: 'b' }))
    handles[0]!.change((draft) => {
      draft.title = 'Other'
    })
    sync(...states)
    const history = handles[0]!.history()
    assert.deepEqual(handles[1]!.history(), history)
    assert.deepEqual(
      history.map(({ by, timeMs, message }) => [by, timeMs, message]),
      [
        ['0000000000000001', 1_700_000_000_000, 'begin'],
        ['0000000000000001', 1_700_000_000_001, undefined],
        ['0000000000000002', 1_700_000_000_001, undefined],
      ],
    )
    const [begin, title, second] = history.map(({ id }) => handles[1]!.readAt(id))
    assert.deepEqual(begin!.todos, [{ text: 'a' }])
    assert.deepEqual([title!.title, title!.todos.length], ['Other', 1])
    assert.deepEqual([second!.title, second!.todos.length], ['Plan', 2])
    for (const id of ['', 'xyz', '0'.repeat(64), wrong(5)]) {
      refuses(states[0]!, 'VALUE_INVALID', () => handles[0]!.readAt(id))
    }
  })

  it('send an object that has grown old as packed changes', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    for (let count = 0; count < 500; count++) {
      plan.change((draft) => {
        draft.meta.count = count
      })
      state.takeBatch()
    }
    const bytes = state.encodeState()
    assert.ok(bytes.length < 12_000, `${bytes.length} bytes for 500 changes`)
    const other = replica(2n)
    const copy = open(other, Plan)
    other.joinState(bytes)
    assert.equal(copy.history().length, 500)
    assert.equal(copy.value.meta.count, 499)
    assert.equal(copy.readAt(copy.history()[9]!.id).meta.count, 9)
  })
})

describe('a document in a map', () => {
  it('goes with what is seen of it, and keeps what others write meanwhile', () => {
    const { states, handles } = share(map(Plan))
    handles[0]!.at('x').change((draft) => {
      draft.todos.push({ text: 'a' })
      draft.meta.seen = true
    })
    sync(...states)
    handles[0]!.delete('x')
    assert.equal(handles[0]!.has('x'), false)
    handles[1]!.at('x').change((draft) => {
      draft.todos.push({ text: 'b' })
      draft.meta.kept = true
    })
    sync(...states)
    for (const handle of handles) {
      assert.deepEqual(handle.get('x')?.todos, [{ text: 'b' }])
      assert.deepEqual(handle.get('x')?.meta, { kept: true })
    }
    handles[1]!.clear()
    sync(...states)
    for (const handle of handles) assert.equal(handle.count(), 0)
    assert.deepEqual(handles[0]!.at('x').value.todos, [])
  })

  it('begins anew from its initial value, and remembers what it was', () => {
    const { states, handles } = share(map(Plan))
    handles[0]!.at('x').change((draft) => {
      draft.title = 'Old'
      draft.meta.x = 1
      draft.body = 'short'
    })
    handles[0]!.delete('x')
    handles[0]!.at('x').change((draft) => {
      assert.equal(draft.title, 'Plan')
      draft.meta.y = 2
    })
    sync(...states)
    const { title, body, meta } = handles[1]!.get('x')!
    assert.deepEqual([title, body, meta], ['Plan', PROSE, { y: 2 }])
    const [first] = handles[1]!.at('x').history()
    assert.equal(handles[1]!.at('x').readAt(first!.id).title, 'Old')
  })

  it('is removed by one key after the other when item by item is too much', () => {
    const state = replica(1n)
    const plans = open(state, map(Plan))
    const insert = new Array<boolean>(100_001).fill(true)
    for (let round = 0; round < 2; round++) {
      plans.at('x').edit([{ type: 'splice', path: ['todos'], index: 0, delete: 0, insert }])
    }
    plans.delete('x')
    assert.equal(plans.count(), 0)
    assert.deepEqual(plans.at('x').value.todos, [])
  })
})

describe('change events of a document', () => {
  it('name the places that changed, once each', () => {
    const { states, handles } = share(map(Plan))
    const changes: Change[] = []
    for (const handle of handles) handle.subscribe((change) => changes.push(change))
    handles[0]!.at('x').change((draft) => {
      draft.title = 'Other'
      draft.todos.push({ text: 'a' }, { text: 'b' })
      draft.meta.deep = { er: { x: 1 } }
      draft.body = `${draft.body}!`
    })
    sync(...states)
    const [local, remote] = changes
    assert.deepEqual([local!.origin, remote!.origin, changes.length], ['local', 'remote', 2])
    const places = local!.detail.map(({ path }) => path.join('/')).sort()
    assert.deepEqual(places, ['x/body', 'x/meta/deep', 'x/title', 'x/todos'])
    assert.deepEqual(remote!.detail.map(({ path }) => path.join('/')).sort(), places)
  })
})

/** As spaces give it to users. */
function transact(state: SpaceState, work: (tx: Transaction) => undefined): void {
  state.transact((tx) => work(tx as Transaction))
}

describe('a transaction on documents', () => {
  it('that fails leaves document, history and delta as they were', () => {
    const { states, handles } = share(map(Plan))
    const [state] = states as [SpaceState, SpaceState]
    handles[0]!.at('old').change((draft) => draft.todos.push({ text: 'a' }))
    const before = handles[0]!.at('old').history()
    assert.throws(() => {
      transact(state, (tx) => {
        const plans = tx(handles[0]!)
        plans.at('old').change((draft) => draft.todos.push({ text: 'b' }))
        plans.at('new').edit([{ type: 'set', path: ['title'], value: 'New' }])
        plans.delete('old')
        throw new Error('no')
      })
    }, /no/)
    assert.deepEqual(handles[0]!.at('old').value.todos, [{ text: 'a' }])
    assert.deepEqual(handles[0]!.at('old').history(), before)
    assert.equal(handles[0]!.has('new'), false)
    handles[0]!.at('old').change((draft) => draft.todos.push({ text: 'c' }))
    sync(...states)
    for (const handle of handles) {
      assert.deepEqual(handle.get('old')?.todos, [{ text: 'a' }, { text: 'c' }])
      assert.equal(handle.at('old').history().length, 2)
    }
  })

  it('takes edits as data, too', () => {
    const state = replica(1n)
    const plan = open(state, Plan)
    transact(state, (tx) => {
      tx(plan).edit([{ type: 'set', path: ['title'], value: 'Edited' }])
      return undefined
    })
    assert.equal(plan.value.title, 'Edited')
  })
})
