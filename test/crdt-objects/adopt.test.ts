import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fastCheck from 'fast-check'
import { type SpaceState } from '#crdt-objects/engine.ts'
import {
  bloom,
  counter,
  list,
  log,
  map,
  ref,
  register,
  set,
  struct,
  text,
  type Change,
} from '#crdt-objects/index.ts'
import { orderedText } from '#test/suites/canonical-text.ts'
import { OBJECT, drawnSteps } from '#test/suites/history.ts'
import { drawsFrom } from '#test/suites/operations.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'
import { open, refuses, replica } from './replicas.ts'
import { Takeover } from './takeover.ts'

/** Kinds whose handles read more than their value, so that a listener may hear of a change that the value does not show. */
const READS_MORE = /text|register|bloom|quantiles|"type"/

/** A replica with everything that another one has, and that one: users hold the latter's objects. */
function pair(former = replica(1n)): { former: SpaceState; heir: () => SpaceState } {
  return {
    former,
    heir: () => {
      former.takeBatch()
      const heir = replica(2n)
      heir.joinState(former.encodeState())
      return heir
    },
  }
}

describe('a replica that takes over from another', () => {
  before(loadAllEngines)

  const steps = drawnSteps({ integers: 6, most: 20 })
  for (const [title, schema] of schemaByTitle) {
    it(`has its handles and listeners, and nobody notices: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, steps, steps, (early, late, after) => {
          const here = new Takeover(schema)
          const { former, member } = here
          for (const step of early) {
            const draw = drawsFrom(step)
            here.write(draw(2) === 0 ? former : member, draw)
            if (draw(3) > 0) here.pass(former, member)
            if (draw(3) > 0) here.pass(member, former)
          }
          here.cut()
          for (const step of late) {
            const draw = drawsFrom(step)
            here.write(draw(4) > 0 ? former : member, draw)
            if (draw(3) > 0) here.pass(former, member)
          }
          const { heir } = here.begun()
          const before = here.kept.map(({ handle }) => orderedText(handle.value))
          for (const { heard } of here.kept) heard.length = 0
          heir.adopt(former)
          for (const [i, { path, handle, heard }] of here.kept.entries()) {
            const isSame = orderedText(handle.value) === before[i]
            assert.ok(heard.every(({ origin }) => origin === 'remote'))
            if (!isSame) assert.equal(heard.length, 1, 'a listener was not told')
            else if (path.length === 0 && !READS_MORE.test(schema.kind.descriptor)) {
              assert.equal(heard.length, 0, 'a listener was told of nothing')
            }
          }
          assert.equal(here.handle(heir), here.kept[0]!.handle)
          here.checkReadings(heir)
          for (const step of after) here.checkWrites(heir, drawsFrom(step))
          here.checkReadings(heir)
        }),
        runsOf(title, 'adopt', 4),
      )
    })
  }

  it('tells listeners once, where they listen, of what differs', () => {
    const Page = struct({ hits: counter(), tags: set(), byDay: map(counter()) })
    const { former, heir } = pair()
    const pages = open(former, map(Page))
    pages.at('a').hits.add(1)
    pages.at('b').byDay.at('monday').add(1)
    const next = heir()
    pages.at('b').byDay.at('monday').add(1)
    pages.at('c').tags.add('x')
    former.takeBatch()
    const heard: [string, Change['detail']][] = []
    const listen = (
      name: string,
      place: { subscribe(l: (c: Change) => void): Disposable },
    ): void => {
      place.subscribe(({ detail }) => heard.push([name, detail]))
    }
    listen('all', pages)
    listen('a', pages.at('a'))
    listen('b', pages.at('b').byDay)
    listen('c', pages.at('c').tags)
    next.adopt(former)
    assert.deepEqual(heard, [
      ['all', [{ path: ['b', 'byDay', 'monday'] }, { path: ['c'] }]],
      ['b', [{ path: ['monday'] }]],
      ['c', [{ path: [] }]],
    ])
  })

  it('tells whose updates it has that the former lacked', () => {
    const { former, heir } = pair()
    const hits = open(former, counter())
    hits.add(1)
    const next = heir()
    const third = replica(3n)
    third.joinState(former.encodeState())
    open(third, counter()).add(1)
    next.apply(third.takeBatch()!)
    const heard: Change[] = []
    hits.subscribe((change) => heard.push(change))
    next.adopt(former)
    assert.deepEqual(heard, [
      { origin: 'remote', by: ['0000000000000003'], detail: [{ path: [] }] },
    ])
  })

  it('tells of what a value does not show: marks, losers, members of a filter', () => {
    const { former, heir } = pair()
    const notes = open(former, text(), 'notes')
    const title = open(former, register<string>(), 'title')
    const seen = open(former, bloom({ capacity: 10 }), 'seen')
    notes.append('plain')
    title.set('a')
    seen.add('x')
    const next = heir()
    notes.format(0, 5, { bold: true })
    const third = replica(3n, { ms: 0 })
    open(third, register<string>(), 'title').set('b')
    former.takeBatch()
    former.apply(third.takeBatch()!)
    const heard: string[] = []
    for (const handle of [notes, title, seen]) handle.subscribe(() => heard.push(handle.name))
    next.adopt(former)
    assert.deepEqual(heard, ['notes', 'title'])
  })

  it('goes on with iterators, feeds and waits', async () => {
    const { former, heir } = pair()
    const names = open(former, map<number>(), 'names')
    const counts = open(former, map(counter()), 'counts')
    const members = open(former, set(), 'members')
    for (const key of ['a', 'b', 'c']) {
      names.set(key, 1)
      counts.at(key).add(1)
      members.add(key)
    }
    const next = heir()
    const entries = [names.entries(), counts.entries(), members.values()] as const
    for (const iterator of entries) iterator[Symbol.iterator]().next()
    const feed = counts.at('c').changes()[Symbol.asyncIterator]()
    const change = feed.next()
    const waited = counts.until((value) => value.get('c') === 9)
    next.adopt(former)
    names.set('b', 2)
    counts.at('b').add(1)
    counts.at('c').add(8)
    members.delete('b')
    assert.deepEqual([...entries[0]], [['b', 2], ['c', 1]]) // prettier-ignore
    assert.deepEqual([...entries[1]], [['b', 2], ['c', 9]]) // prettier-ignore
    assert.deepEqual([...entries[2]], ['c'])
    assert.deepEqual((await change).value?.detail, [{ path: [] }])
    assert.equal((await waited).get('c'), 9)
    await feed.return?.()
  })

  it('has the objects that only the former had, for its handles, and nobody else knows of them', () => {
    const { former, heir } = pair()
    const next = heir()
    const names = open(former, map<number>(), 'names')
    const page = open(former, struct({ hits: counter() }), 'page')
    const both = open(former, struct({ tags: set() }), 'page')
    const served = former.find('page')!.guardedHandles(struct({ hits: counter() }).kind)
    next.adopt(former)
    assert.equal(served(), page)
    const other = replica(3n)
    other.joinState(next.encodeState())
    assert.deepEqual([...other.objects()], [])
    names.set('a', 1)
    page.hits.add(1)
    both.tags.add('x')
    other.apply(next.takeBatch()!)
    assert.deepEqual([...other.objects()].map(({ name }) => name), ['names', 'page']) // prettier-ignore
    assert.equal(open(other, struct({ hits: counter() }), 'page').hits.value, 1)
  })

  it('keeps what schemas of this process refuse, and the handle of each', () => {
    const even = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          Number(value) % 2 === 0 ? { value: value as number } : { issues: [{ message: 'odd' }] },
      },
    } as const
    const schema = register<number>({ validate: even })
    const { former, heir } = pair()
    const handle = open(former, schema)
    const served = former.find(OBJECT)!.guardedHandles(register().kind)
    const next = heir()
    next.adopt(former)
    assert.equal(open(next, schema), handle)
    assert.equal(served(), handle)
    assert.equal(next.find(OBJECT)!.guardedHandle(register().kind), handle)
    refuses(next, 'VALUE_INVALID', () => {
      handle.set(1)
    })
    handle.set(2)
    assert.equal(handle.value, 2)
  })

  it('opens what a reference of before refers to, also one that was asked before', async () => {
    const { former, heir } = pair()
    const link = open(former, ref(list<number>()), 'link')
    const target = open(former, list<number>(), 'target')
    link.set(target)
    const next = heir()
    const asked = link.open()
    next.adopt(former)
    assert.equal(await asked, target)
    assert.equal(await link.open(), target)
    target.push(1)
    link.set(target)
    assert.equal(next.pendingUpdates, 2)
  })

  it('carries out transactions on the handles of before', () => {
    const { former, heir } = pair()
    const hits = open(former, counter(), 'hits')
    const lines = open(former, log<string>(), 'lines')
    const next = heir()
    next.adopt(former)
    next.transact((tx) => {
      ;(tx(hits) as typeof hits).add(1)
      ;(tx(lines) as typeof lines).append('x')
    })
    assert.deepEqual([hits.value, lines.value], [1, ['x']])
  })

  it('ends what is ended: listeners that are disposed of, before and after', () => {
    const { former, heir } = pair()
    const hits = open(former, counter())
    const heard: string[] = []
    const first = hits.subscribe(() => heard.push('first'))
    const second = hits.subscribe(() => heard.push('second'))
    first[Symbol.dispose]()
    const next = heir()
    next.adopt(former)
    hits.add(1)
    second[Symbol.dispose]()
    hits.add(1)
    assert.deepEqual(heard, ['second'])
  })

  it('lets a listener write', () => {
    const { former, heir } = pair()
    const hits = open(former, counter(), 'hits')
    const heard = open(former, counter(), 'heard')
    const next = heir()
    hits.add(1)
    former.takeBatch()
    hits.subscribe(() => {
      heard.add(1)
    })
    next.adopt(former)
    assert.equal(heard.value, 1)
    assert.equal(next.pendingUpdates, 1)
  })

  it('may be taken over from again', () => {
    const { former, heir } = pair()
    const hits = open(former, map(counter()))
    const entry = hits.at('x')
    entry.add(1)
    const second = heir()
    second.adopt(former)
    entry.add(1)
    second.takeBatch()
    const third = replica(3n)
    third.joinState(second.encodeState())
    third.adopt(second)
    entry.add(1)
    assert.deepEqual([hits.value, third.pendingUpdates], [new Map([['x', 3]]), 1])
  })

  it('is refused where something is pending, is held already, or is over', () => {
    const { former, heir } = pair()
    const hits = open(former, counter())
    const next = heir()
    hits.add(1)
    assert.throws(() => { next.adopt(former) }, /between batches/) // prettier-ignore
    former.takeBatch()
    open(next, counter())
    assert.throws(() => { next.adopt(former) }, /too late/) // prettier-ignore
    heir().adopt(former)
    assert.throws(() => former.encodeState(), /taken over/)
    assert.throws(() => { replica(4n).adopt(former) }, /taken over/) // prettier-ignore
    hits.add(1)
    assert.equal(former.pendingUpdates, 0)
  })

  it('keeps nothing of the former, whatever handles users have', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const hold = (): { weak: WeakRef<object>[]; state: SpaceState; held: unknown[] } => {
      const { former, heir } = pair()
      const pages = open(former, map(struct({ hits: counter(), notes: text() })))
      const page = pages.at('a')
      page.hits.add(1)
      page.notes.append('x')
      const subscription = page.subscribe(() => undefined)
      const far = replica(3n)
      open(far, counter(), 'far').add(1)
      former.apply(far.takeBatch()!)
      const state = heir()
      const weak = [former, former.find('far')!].map((each) => new WeakRef<object>(each))
      state.adopt(former)
      // Places that are not used again have kept their nodes.
      return { weak, state, held: [pages, page, page.hits, subscription] }
    }
    const { weak, state, held } = hold()
    for (let left = 10; left > 0 && weak.some((each) => each.deref() !== undefined); left--) {
      await new Promise((resolve) => setImmediate(resolve))
      collectGarbage()
    }
    // Not by equality: a failure would print all of it.
    assert.ok(
      weak.every((each) => each.deref() === undefined),
      'the former is still there',
    )
    assert.ok(state.replica === 2n && held.length === 4)
  })
})
