import assert from 'node:assert/strict'
import { remoteHandle, type RemoteObject } from '#crdt-objects/engine.ts'
import {
  compatibility,
  counter,
  isJoineryError,
  type Kind,
  map,
  ref,
  type Remote,
  set,
  struct,
} from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

const Total = counter()
const Links = map(ref(Total))

describe('ref', () => {
  it('reads as the name of the object it was set to, and opens it', async () => {
    const { states, handles } = share(Links)
    const total = open(states[0]!, Total, 'total')
    total.add(3)
    handles[0]!.at('x').set(total)
    sync(...states)
    const link = handles[1]!.at('x')
    assert.equal(link.value, 'total')
    assert.deepEqual(link.toJSON(), 'total')
    const opened = await link.open()
    opened?.add(4)
    assert.equal(open(states[1]!, Total, 'total').value, 7)
    assert.equal(opened, open(states[1]!, Total, 'total'))
  })

  it('opens nothing while it refers to nothing', async () => {
    const { states, handles } = share(ref(Total))
    assert.equal(await handles[0]!.open(), undefined)
    handles[0]!.set(open(states[0]!, Total, 'a'))
    handles[0]!.clear()
    assert.equal(handles[0]!.value, undefined)
    assert.equal(await handles[0]!.open(), undefined)
    const before = states[0]!.pendingUpdates
    handles[0]!.clear()
    assert.equal(states[0]!.pendingUpdates, before)
  })

  it('keeps the last name written, and what was set beside a clear', () => {
    const { states, handles } = share(ref(Total))
    for (const [i, name] of ['a', 'b'].entries()) handles[i]!.set(open(states[i]!, Total, name))
    sync(...states)
    const [first, second] = handles.map(({ value }) => value)
    assert.equal(first, second)
    handles[0]!.clear()
    handles[1]!.set(open(states[1]!, Total, 'c'))
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, 'c')
  })

  it('is set to whole objects of its space and schema only', () => {
    const state = replica(1n)
    const Node = struct({ next: ref(map(Total)), hits: Total, own: map(Total) })
    const node = open(state, Node, 'node')
    const totals = open(state, map(Total), 'totals')
    node.next.set(totals)
    const given: readonly (readonly [string, unknown])[] = [
      ['a field', node.own],
      ['a field of another schema', node.hits],
      ['an entry', totals.at('x')],
      ['another schema', open(state, Total, 'total')],
      ['another space', open(replica(1n), map(Total), 'totals')],
      ['no handle', { name: 'totals' }],
      ['nothing', undefined],
      ['a name that is none', 'a\ud800'],
      ['a name too long', 'n'.repeat(5_000)],
    ]
    for (const [, target] of given) {
      refuses(state, 'VALUE_INVALID', () => node.next.set(target as typeof totals))
    }
    assert.equal(node.next.value, 'totals')
  })

  it('takes objects that have more fields, or fewer, than its schema', async () => {
    const state = replica(1n)
    const people = open(state, ref(struct({ hits: Total })), 'ref')
    const wide = open(state, struct({ hits: Total, tags: set() }), 'person')
    people.set(wide)
    wide.hits.add(2)
    const opened = await people.open()
    assert.equal(opened?.hits.value, 2)
  })

  it('fails to open an object of another schema', async () => {
    const state = replica(1n)
    const link = open(state, ref(Total), 'link')
    open(state, set(), 'tags').add('x')
    link.set('tags' as unknown as Parameters<typeof link.set>[0])
    await assert.rejects(link.open(), (error) => isJoineryError(error, 'OBJECT_SCHEMA_DIFFERS'))
  })

  it('is carried out in a transaction, or not at all', () => {
    const state = replica(1n)
    const links = open(state, Links, 'links')
    const total = open(state, Total, 'total')
    state.transact((tx) => {
      const draft = tx(links) as typeof links
      draft.at('x').set(total)
    })
    assert.equal(links.at('x').value, 'total')
    refuses(state, 'VALUE_INVALID', () => {
      state.transact((tx) => {
        const draft = tx(links) as typeof links
        draft.at('y').set(total)
        draft.at('x').set(links.at('x') as unknown as typeof total)
      })
    })
  })

  it('is compatible where what it refers to is', () => {
    const narrow = ref(struct({ hits: Total }))
    assert.equal(compatibility(narrow, ref(struct({ hits: Total, tags: set() }))).compatible, true)
    assert.equal(compatibility(narrow, ref(struct({ hits: set() }))).compatible, false)
    assert.equal(compatibility(narrow, ref(Total)).compatible, false)
    assert.equal(compatibility(narrow, Total).compatible, false)
  })
})

describe('a remote ref', () => {
  const sent: unknown[] = []
  const home = {}
  const object = (name: string, home_: object): RemoteObject => ({
    name,
    home: home_,
    call: ({ verb, args }) => {
      sent.push([verb, ...args])
      return Promise.resolve(verb === 'read' ? 'total' : undefined)
    },
    stream: () => assert.fail('nothing to stream'),
    open: (opened, kind) => {
      const place = { object: object(opened, home), path: [], options: {} }
      return Promise.resolve((kind as Kind).remote(place))
    },
  })
  const remote = <S extends Schema>(schema: S, name: string, home_ = home): Remote<S> =>
    remoteHandle(schema, object(name, home_))

  it('sends the name of the object', async () => {
    const link = remote(ref(Total), 'link')
    sent.length = 0
    await link.set(remote(Total, 'total'))
    await link.clear()
    assert.deepEqual(sent, [['set', 'total'], ['clear']]) // prettier-ignore
  })

  it('opens the object on its own face', async () => {
    const opened = await remote(ref(Total), 'link').open()
    assert.equal(opened?.name, 'total')
    sent.length = 0
    await opened.add(2)
    assert.deepEqual(sent, [['add', 2]]) // prettier-ignore
  })

  it('is set to whole objects of its space and schema only', async () => {
    const link = remote(ref(Total), 'link')
    const given: unknown[] = [
      remote(map(Total), 'totals').at('x'),
      remote(struct({ own: Total }), 'node').own,
      remote(Total, 'total', {}),
      remote(set(), 'tags'),
      undefined,
    ]
    for (const target of given) {
      await assert.rejects(link.set(target as Remote<typeof Total>), (error) =>
        isJoineryError(error, 'VALUE_INVALID'),
      )
    }
  })
})
