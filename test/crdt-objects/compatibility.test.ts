import assert from 'node:assert/strict'
import {
  compatibility,
  counter,
  flag,
  map,
  register,
  renamed,
  set,
  struct,
  type Change,
  type Schema,
  type Transaction,
} from '#crdt-objects/index.ts'
import { open, refuses, replica, sync } from './replicas.ts'

function changes(first: Schema, second: Schema): [boolean, string[]] {
  const { compatible, differences } = compatibility(first, second)
  return [compatible, differences.map(({ path, change }) => `${change} ${path.join('.')}`)]
}

describe('compatibility', () => {
  const Page = map(struct({ hits: counter(), title: register<string>() }))

  it('of equal schemas has no differences', () => {
    assert.deepEqual(changes(Page, map(struct({ title: register<number>(), hits: counter() }))), [
      true,
      [],
    ])
  })

  it('allows added, missing and renamed fields, and says which', () => {
    assert.deepEqual(
      changes(Page, map(struct({ headline: renamed('title', register()), tags: set() }))),
      [true, ['field-missing *.hits', 'field-renamed *.title', 'field-added *.tags']],
    )
  })

  it('refuses another kind, another initial value, another depth', () => {
    assert.deepEqual(changes(Page, map(struct({ hits: flag() }))), [
      false,
      ['kind *.hits', 'field-missing *.title'],
    ])
    assert.deepEqual(changes(register({ initial: 1 }), register({ initial: 2 })), [
      false,
      ['kind '],
    ])
    assert.deepEqual(changes(map(counter()), map(map(counter()))), [false, ['kind *']])
    assert.deepEqual(changes(struct({}), map(counter())), [false, ['kind ']])
    assert.deepEqual(changes(map(), map(counter())), [false, ['kind ']])
  })

  it('names both kinds for people', () => {
    const [difference] = compatibility(map(set()), map(struct({ a: counter() }))).differences
    assert.equal(difference?.first, 'set()')
    assert.equal(difference?.second, 'struct({ a: counter() })')
  })

  it('refuses a schema whose union with what is known would be too long to be read, and changes nothing', () => {
    const wide = (prefix: string) => {
      const names = Array.from({ length: 10 }, (_, i) => prefix + String(i) + 'x'.repeat(4000))
      return struct(Object.fromEntries(names.map((name) => [name, counter()])))
    }
    const write = (id: bigint, prefix: string): Uint8Array => {
      const author = replica(id)
      open(author, wide(prefix))
        .at(`${prefix}0${'x'.repeat(4000)}`)
        .add(1)
      return author.takeBatch() ?? new Uint8Array()
    }
    const reader = replica(3n)
    reader.apply(write(1n, 'a'))
    const late = write(2n, 'b')
    for (let time = 0; time < 2; time++) {
      refuses(reader, 'ENCODING_INVALID', () => reader.apply(late))
      refuses(reader, 'VALUE_INVALID', () => open(reader, wide('b')))
    }
    assert.equal(replica(4n).joinState(reader.encodeState()), true)
  })
})

describe('a renamed field', () => {
  const Old = map(struct({ title: register<string>(), size: counter() }))
  const New = map(struct({ headline: renamed('title', register<string>()), size: counter() }))

  it('is one field under two names', () => {
    const states = [replica(1n), replica(2n)]
    const old = open(states[0]!, Old)
    const now = open(states[1]!, New)
    old.at('a').title.set('x')
    now.at('a').size.add(2)
    sync(...states)
    assert.deepEqual(old.get('a'), { title: 'x', size: 2 })
    assert.deepEqual(now.get('a'), { headline: 'x', size: 2 })
    now.at('a').headline.set('y')
    states[1]!.transact((tx) => {
      const draft = (tx as Transaction)(now)
      draft.at('a').headline.set('z')
      return undefined
    })
    sync(...states)
    assert.equal(old.at('a').title.value, 'z')
  })

  it('is called by its name here in changes', () => {
    const states = [replica(1n), replica(2n)]
    const heard: Change[] = []
    open(states[1]!, New).subscribe((change) => heard.push(change))
    open(states[0]!, Old).at('a').title.set('x')
    sync(...states)
    assert.deepEqual(heard[0]?.detail, [{ path: ['a', 'headline'] }])
  })

  it('cannot share its name with another', () => {
    assert.throws(() => struct({ a: counter(), b: renamed('a', counter()) }), /one name/)
    assert.throws(
      () => struct({ a: renamed('b', counter()), b: renamed('a', counter()) }),
      /one name/,
    )
    assert.throws(() => renamed('then', counter()), /promise/)
  })
})
