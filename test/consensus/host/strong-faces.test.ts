// The handles of CRDT schemas in strong mode, over objects that answer as a group does.
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { LinearizableType } from '#consensus/host/linearizable-object.ts'
import {
  type MethodMode,
  SpaceState,
  type StrongCall,
  type StrongTarget,
  isStrongSchema,
  strongHandle,
  strongSchemaOf,
} from '#crdt-objects/engine.ts'
import {
  type HandleOf,
  type Schema,
  type Strong,
  type WaitOptions,
  counter,
  document,
  flag,
  isJoineryError,
  list,
  map,
  ref,
  register,
  renamed,
  set,
  struct,
  text,
} from '#crdt-objects/index.ts'

/** Named objects in one order, whose calls come back at once. */
class Group {
  position = 0
  readonly calls: StrongCall[] = []
  private readonly objects = new Map<string, ReturnType<LinearizableType['create']>>()
  private readonly changedAt = new Map<string, number>()
  private readonly waiting = new Set<() => void>()

  target(name: string, descriptor: string): StrongTarget {
    const environment = { nowMs: 1, position: 1, caller: '', random: (): number => 0 }
    const known = this.objects.get(name)
    const object = known ?? new LinearizableType().create(descriptor, environment)
    this.objects.set(name, object)
    return {
      name,
      home: this,
      sessionLost: new AbortController().signal,
      clock: { nowMs: () => 0, after: () => () => undefined },
      call: async (call) => {
        await Promise.resolve()
        call.options.signal?.throwIfAborted()
        this.calls.push(call)
        const { path, method, mode, args } = call
        assert.equal(object.modeOf(path, method), mode satisfies MethodMode)
        if (mode === 'read') return { value: object.read(path, method, args), index: this.position }
        const value = object.call(path, method, args)
        this.changedAt.set(name, ++this.position)
        for (const wake of this.waiting) wake()
        return { value, index: this.position }
      },
      changed: async (after, { signal }: WaitOptions) => {
        for (;;) {
          signal?.throwIfAborted()
          const changed = this.changedAt.get(name) ?? 0
          if (changed > after) return changed
          await new Promise<void>((resolve) => {
            const wake = (): void => {
              this.waiting.delete(wake)
              resolve()
            }
            this.waiting.add(wake)
            signal?.addEventListener('abort', wake, { once: true })
          })
        }
      },
      open: (other, kind) => Promise.resolve(this.target(other, kind)),
    }
  }

  open<S extends Schema>(name: string, schema: S): Strong<S> {
    return strongHandle(schema, this.target(name, schema.kind.descriptor))
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const isInvalid = (error: unknown): boolean => isJoineryError(error, 'VALUE_INVALID')
const even = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      Number(value) % 2 === 0 ? { value: value as number } : { issues: [{ message: 'odd' }] },
  },
}

describe('a handle of a CRDT schema in strong mode', () => {
  before(() => new LinearizableType().prepare())

  it('has the verbs of every face, and conditional ones, at every place', async () => {
    const table = struct({
      hits: counter(),
      open: flag(),
      title: register({ initial: '' }),
      tags: set<string>(),
      notes: map<number>(),
      seats: map(counter()),
    })
    const face = new Group().open('table', table)
    await face.hits.add(2)
    assert.equal(await face.hits.addAndGet(3), 5)
    assert.equal(await face.hits.addIf(1, { max: 5 }), false)
    assert.equal(await face.open.compareAndSet(false, true), true)
    assert.equal(await face.title.getAndSet('x'), '')
    assert.equal(await face.tags.addIfAbsent('a'), true)
    assert.equal(await face.tags.addIfAbsent('a'), false)
    assert.equal(await face.notes.putIfAbsent('n', 1), true)
    assert.equal(await face.notes.take('n'), 1)
    assert.equal(await face.seats.at('1').getAndSet(4), 0)
    assert.equal(await face.at('seats').at('1').compareAndSet(4, 5), true)
    assert.deepEqual(await collect(face.seats.entries()), [['1', 5]])
    assert.deepEqual(await collect(face.tags.values()), ['a'])
    assert.deepEqual(await face.seats.read(), new Map([['1', 5]]))
    assert.equal(face.seats.at('1').name, 'table/seats/1')
    assert.equal(inspect(face.hits), "CounterHandle(strong 'table/hits')")
  })

  it('runs code that is written for any handle', async () => {
    const words = map(counter())
    const count = async (handle: HandleOf<typeof words>): Promise<void> => {
      for (const word of ['a', 'b', 'a']) await handle.at(word).add(1)
    }
    const strong = new Group().open('words', words)
    await count(strong)
    const kind = words.kind
    const state = new SpaceState({ replica: 1n, clock: () => 1 })
    const local = state.open('words', kind).handle(kind) as HandleOf<typeof words>
    await count(local)
    assert.deepEqual(await strong.read(), await local.read())
  })

  it('asks with the options that it was given', async () => {
    const group = new Group()
    const face = group.open('hits', map(counter()))
    const { signal } = new AbortController()
    await face.with({ timeoutMs: 50 }).with({ signal }).at('a').addAndGet(1)
    const [call] = group.calls
    assert.deepEqual(call?.options, { timeoutMs: 50, signal })
    assert.deepEqual(call?.path, ['a'])
    await assert.rejects(face.with({ signal: AbortSignal.abort('enough') }).count(), (reason) => {
      return reason === 'enough'
    })
  })

  it('checks values where they are written, and expected ones not', async () => {
    const group = new Group()
    const title = group.open('title', register<number>({ validate: even }))
    const notes = group.open('notes', map<number>({ validate: even }))
    const tags = group.open('tags', set<number>({ validate: even }))
    await assert.rejects(title.set(1), isInvalid)
    await assert.rejects(title.getAndSet(1), isInvalid)
    await assert.rejects(title.compareAndSet(undefined, 1), isInvalid)
    await assert.rejects(notes.putIfAbsent('a', 1), isInvalid)
    await assert.rejects(notes.compareAndSet('a', 2, 1), isInvalid)
    await assert.rejects(tags.addIfAbsent(1), isInvalid)
    assert.equal(group.calls.length, 0)
    assert.equal(await notes.compareAndSet('a', 1, 2), false)
    assert.equal(await tags.deleteIfPresent(1), false)
  })

  it('waits until a value passes, whether it comes before or after', async () => {
    const face = new Group().open('hits', struct({ count: counter() }))
    const three = face.until(({ count }) => count >= 3)
    const { timeoutMs } = { timeoutMs: 20 }
    for (let i = 0; i < 3; i++) await face.count.add()
    assert.deepEqual(await three, { count: 3 })
    assert.deepEqual(await face.until(({ count }) => count === 3), { count: 3 })
    await assert.rejects(
      face.until(({ count }) => count > 3, { timeoutMs }),
      (error) => isJoineryError(error, 'CALL_TIMEOUT'),
    )
    const enough = new Error('enough')
    const given = new AbortController()
    const waits = face.until(({ count }) => count > 3, { signal: given.signal })
    given.abort(enough)
    await assert.rejects(waits, (error) => error === enough)
  })

  it('tells of changes, several as one to who is slow, until it is left or the signal fires', async () => {
    const face = new Group().open('hits', counter())
    const aborting = new AbortController()
    const changes = face.changes({ signal: aborting.signal })[Symbol.asyncIterator]()
    const first = changes.next()
    await face.add()
    assert.deepEqual(await first, {
      done: false,
      value: { origin: 'remote', by: [], detail: [{ path: [] }] },
    })
    await face.add()
    await face.add()
    assert.equal((await changes.next()).done, false)
    const next = changes.next()
    aborting.abort('enough')
    await assert.rejects(next, (reason) => reason === 'enough')
    const left = face.changes()[Symbol.asyncIterator]()
    await left.return?.()
    assert.equal((await left.next()).done, true)
  })

  it('edits texts, lists and documents', async () => {
    const group = new Group()
    const note = group.open('note', text())
    await note.append('hello')
    await note.insert(0, 'oh, ')
    assert.equal(await note.read(), 'oh, hello')
    const todo = group.open('todo', list<string>())
    await todo.push('eat', 'sleep')
    assert.deepEqual(await collect(todo.values()), ['eat', 'sleep'])
    const page = group.open('page', document({ title: '', lines: [] as string[] }))
    await page.change((draft) => {
      draft.title = 'x'
      draft.lines.push('first')
    })
    assert.deepEqual(await page.read(), { title: 'x', lines: ['first'] })
    assert.equal((await page.history()).length, 1)
  })

  it('sees fields under the names that it gave them', async () => {
    const group = new Group()
    const old = group.open('page', struct({ title: register({ initial: '' }) }))
    const renaming = struct({ headline: renamed('title', register({ initial: '' })) })
    const face = group.open('page', renaming)
    await old.title.set('x')
    assert.equal(await face.headline.read(), 'x')
    assert.deepEqual(await face.until(({ headline }) => headline === 'x'), { headline: 'x' })
  })

  it('refers to strong objects of its own space, and to no others', async () => {
    const group = new Group()
    const hits = group.open('hits', counter())
    const face = group.open('favourite', ref(counter()))
    await face.set(hits)
    assert.equal(await face.read(), 'hits')
    const opened = await face.open()
    assert.equal(await opened?.addAndGet(2), 2)
    await assert.rejects(face.set(new Group().open('hits', counter())), isInvalid)
    const state = new SpaceState({ replica: 1n, clock: () => 1 })
    const { kind } = counter()
    const eventual = state.open('hits', kind).handle(kind)
    await assert.rejects(face.set(eventual as never), isInvalid)
    const drafting = (): void => {
      state.transact((tx) => {
        tx(hits)
      })
    }
    assert.throws(drafting, /this one is strong/)
  })

  it('is made by the kind itself where there is no other mode', () => {
    const handle = { name: 'gate' }
    const schema = strongSchemaOf({
      name: 'gate',
      descriptor: '["gate"]',
      text: 'gate()',
      methods: new Map(),
      face: () => handle,
    })
    assert.equal(isStrongSchema(schema), true)
    assert.equal(isStrongSchema(counter()), false)
    assert.equal(strongHandle(schema, new Group().target('x', '["counter"]')), handle)
  })
})
