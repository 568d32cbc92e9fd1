import assert from 'node:assert/strict'
import { loadEngines, type SpaceState } from '#crdt-objects/engine.ts'
import { document, map } from '#crdt-objects/index.ts'
import { share, sync } from '../replicas.ts'
import { Plan, PROSE, type PlanValue } from './plan.ts'

before(async () => {
  await loadEngines(Plan.kind)
})

/** Hands the batch of one replica to others. */
function tell(from: SpaceState, ...others: readonly SpaceState[]): void {
  const batch = from.takeBatch()!
  for (const other of others) assert.equal(other.apply(batch), 'applied')
}

/** The first two join their states, and then all have what both had. */
function spread(one: SpaceState, two: SpaceState, three: SpaceState): void {
  for (const state of [one, two]) state.takeBatch()
  two.joinState(one.encodeState())
  for (const state of [one, three]) state.joinState(two.encodeState())
}

describe('the removal of a document', () => {
  it('puts keys back in their order: of changes of one key the one with more before it is read', () => {
    for (const writes of [2, 3]) {
      const { states, handles } = share(map(Plan))
      // Three operations and one; then the removal's: the title is put back, and the item taken out.
      handles[0]!.at('x').change((draft) => {
        draft.todos.push({ text: 'a' })
        draft.title = 'One'
      })
      handles[0]!.delete('x')
      for (let write = 0; write < writes; write++) {
        handles[1]!.at('x').change((draft) => {
          draft.meta.write = write
        })
      }
      handles[1]!.at('x').change((draft) => {
        draft.title = 'Two'
      })
      sync(...states)
      for (const handle of handles) {
        const { title, todos } = handle.get('x')!
        const read = writes === 2 ? ['Plan', 'Two'] : ['Two', 'Plan']
        assert.deepEqual([title, ...handle.at('x').conflicts(['title'])], read)
        assert.deepEqual(todos, [])
      }
    }
  })

  it('takes what had lost, too: it does not come back when others take away what won', () => {
    const { states, handles } = share(map(Plan), 3)
    const [one, two, three] = states as [SpaceState, SpaceState, SpaceState]
    handles[0]!.at('x').change((draft) => {
      draft.title = 'Zero'
    })
    handles[1]!.at('x').change((draft) => {
      draft.title = 'One'
    })
    handles[1]!.delete('x')
    tell(one, three)
    tell(two, one, three)
    assert.equal(handles[2]!.get('x')!.title, 'Plan')
    assert.deepEqual(handles[2]!.at('x').conflicts(['title']), ['Zero'])
    handles[2]!.delete('x')
    // This replica has not heard of 'Zero', nor that it was removed.
    handles[1]!.at('x').change((draft: Partial<PlanValue>) => {
      delete draft.title
    })
    tell(three, one)
    tell(two, one, three)
    for (const handle of [handles[0]!, handles[2]!]) {
      assert.deepEqual(handle.get('x'), { body: PROSE, meta: {}, todos: [] })
    }
  })

  it('settles what conflicts in lists and maps within', () => {
    const { states, handles } = share(
      map(document({ name: 'new', tags: ['a', 'b'], deep: { on: true } })),
    )
    const entry = (index: number) => handles[index]!.at('x')
    for (const index of [0, 1]) {
      entry(index).edit([
        { type: 'set', path: ['tags', 1], value: `${index}` },
        { type: 'set', path: ['deep', 'on'], value: `${index}` },
      ])
    }
    entry(1).edit([
      { type: 'set', path: ['tags', 1], value: 'b' },
      { type: 'set', path: ['deep', 'on'], value: true },
    ])
    sync(...states)
    assert.deepEqual(entry(0).value, { name: 'new', tags: ['a', 'b'], deep: { on: true } })
    assert.deepEqual(entry(0).conflicts(['tags', 1]), ['0'])
    assert.deepEqual(entry(0).conflicts(['deep', 'on']), ['0'])
    handles[0]!.delete('x')
    entry(0).edit([{ type: 'set', path: ['name'], value: 'again' }])
    sync(...states)
    for (const index of [0, 1]) {
      assert.equal(entry(index).value.name, 'again')
      assert.deepEqual(entry(index).conflicts(['tags', 1]), [])
      assert.deepEqual(entry(index).conflicts(['deep', 'on']), [])
    }
  })
})

describe('what had lost a conflict', () => {
  it('is read, everywhere, when what won is taken away by who never saw the other', () => {
    const { states, handles } = share(Plan, 3)
    const [one, two, three] = states as [SpaceState, SpaceState, SpaceState]
    const change = (index: number, value: unknown): void => {
      handles[index]!.change(({ meta }) => {
        if (value === undefined) delete meta.key
        else meta.key = value
      })
    }
    change(0, 'first')
    change(0, 'later')
    tell(one, three)
    change(1, 'shorter')
    change(2, undefined)
    // Both reach the author of what won as one: the engine then tells of nothing but a conflict.
    spread(three, two, one)
    for (const handle of handles) assert.deepEqual(handle.value.meta, { key: 'shorter' })
  })

  it('is read with what is in it, within a list whose items moved, too', () => {
    const { states, handles } = share(Plan, 3)
    const [one, two, three] = states as [SpaceState, SpaceState, SpaceState]
    handles[0]!.change((draft) => draft.todos.push({ text: 'a' }))
    sync(...states)
    handles[0]!.edit([{ type: 'set', path: ['todos', 0, 'note'], value: { by: 'one' } }])
    handles[0]!.edit([{ type: 'set', path: ['todos', 0, 'note'], value: { by: 'ONE' } }])
    tell(one, three)
    handles[1]!.edit([
      { type: 'set', path: ['todos', 0, 'note'], value: ['two'] },
      { type: 'splice', path: ['todos'], index: 0, delete: 0, insert: [{ text: 'b' }] },
    ])
    handles[2]!.edit([{ type: 'delete', path: ['todos', 0, 'note'] }])
    spread(three, two, one)
    for (const handle of handles) {
      assert.deepEqual(handle.value.todos, [{ text: 'b' }, { text: 'a', note: ['two'] }])
    }
  })
})
