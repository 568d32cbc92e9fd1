import assert from 'node:assert/strict'
import { packReplica, SpaceState } from '#crdt-objects/engine.ts'
import { document, map } from '#crdt-objects/index.ts'
import { loadAllEngines } from '#test/suites/schemas.ts'
import { CutOff } from './cut-off.ts'

const Page = document({ title: '', tags: [] as string[], text: 'once upon a time '.repeat(10) })

describe('changes of documents that a seal has cut', () => {
  before(loadAllEngines)

  it('are made again beside what others have written meanwhile', () => {
    const here = new CutOff(Page)
    here.handle(here.author).change((page) => void page.tags.push('first', 'last'))
    here.send()
    here.handle(here.author).change((page) => void page.tags.splice(1, 0, 'mine'))
    here.keep()
    here.handle(here.author).change((page) => {
      page.tags.splice(2, 0, 'mine too')
      page.text = `${page.text}the end`
    })
    here.keep()
    here.handle(here.member).change((page) => {
      page.title = 'theirs'
      page.tags.push('behind')
      page.text = `twice and ${page.text}`
    })
    const { state, isWhole } = here.comeBack()
    assert.ok(isWhole)
    const { title, tags, text } = here.handle(state).value
    assert.equal(title, 'theirs')
    assert.deepEqual(tags, ['first', 'mine', 'mine too', 'last', 'behind'])
    assert.match(text, /^twice and once .* the end$/)
    assert.deepEqual(here.handle(here.member).value, here.handle(state).value)
  })

  it('leave the items of a list that they did not touch to who writes to these', () => {
    const here = new CutOff(document({ cards: [] as { title: string }[] }))
    here
      .handle(here.author)
      .change((board) => void board.cards.push({ title: 'a' }, { title: 'b' }))
    here.send()
    here.handle(here.author).change((board) => {
      board.cards.splice(1, 0, { title: 'mine' })
      board.cards[2]!.title = 'b by me'
    })
    here.keep()
    const { state } = here.comeBack(() => {
      here.handle(here.member).change((board) => (board.cards[0]!.title = 'a by them'))
    })
    state.apply(here.member.takeBatch()!)
    const titles = here.handle(state).value.cards.map(({ title }) => title)
    assert.deepEqual(titles, ['a by them', 'mine', 'b by me'])
    assert.deepEqual(here.handle(here.member).value, here.handle(state).value)
  })

  it('keep their times and messages, and are of who makes them again', () => {
    const here = new CutOff(Page)
    here.handle(here.author).change((page) => (page.title = 'a'), { message: 'names it' })
    here.keep()
    const [before] = here.handle(here.author).history()
    here.timeMs += 1000
    const { state } = here.comeBack()
    const [after, ...others] = here.handle(state).history()
    assert.deepEqual(others, [])
    const { timeMs, message } = before!
    assert.deepEqual({ timeMs: after!.timeMs, message: after!.message }, { timeMs, message })
    assert.notEqual(after!.by, before!.by)
  })

  it('take out of a map what they took out, unless somebody wrote to it meanwhile', () => {
    for (const isWritten of [false, true]) {
      const here = new CutOff(map(Page))
      here
        .handle(here.author)
        .at('x')
        .change((page) => (page.title = 'a'))
      here.send()
      here.handle(here.author).delete('x')
      here.keep()
      if (isWritten)
        here
          .handle(here.member)
          .at('x')
          .change((page) => void page.tags.push('b'))
      const { state } = here.comeBack()
      for (const each of [state, here.member]) {
        assert.equal(here.handle(each).has('x'), isWritten)
        if (isWritten) assert.deepEqual(here.handle(each).at('x').value.tags, ['b'])
      }
    }
  })

  it('are not made again where what they build on is gone for good, and that is told', () => {
    const here = new CutOff(Page)
    const other = new SpaceState({ replica: packReplica(3, 1), clock: () => here.timeMs++ })
    here.handle(other).change((page) => void page.tags.push('theirs'))
    here.author.apply(other.takeBatch()!)
    here.handle(here.author).change((page) => (page.title = 'mine'))
    here.keep()
    const { state, isWhole } = here.comeBack()
    assert.equal(isWhole, false)
    assert.deepEqual(here.handle(state).value, here.handle(here.member).value)
    assert.equal(here.handle(state).value.title, '')
  })
})
