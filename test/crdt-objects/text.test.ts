import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { loadEngines } from '#crdt-objects/engine.ts'
import type { SequenceStep, TextHandle, TextSpan } from '#crdt-objects/index.ts'
import { map, text } from '#crdt-objects/index.ts'
import { stateText } from '#test/suites/state-text.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'
import { applySteps, mirrorSpans, spansOf } from './sequence-mirror.ts'

type Text = TextHandle<'local'>

const bold = { bold: true }

describe('text', () => {
  before(() => loadEngines(text().kind))

  it('is edited like a string, at places counted in UTF-16 units', () => {
    const { handles } = share(text(), 1)
    const [words] = handles as [Text]
    words.insert(0, 'world')
    words.insert(0, 'Hello, ')
    words.append('!')
    words.delete(5)
    assert.equal(words.value, 'Hello world!')
    words.delete(5, 6)
    assert.equal(words.value, 'Hello!')
    assert.equal(words.length, 6)
    assert.equal(words.count(), 6)
    assert.equal(words.toJSON(), 'Hello!')
  })

  it('keeps what is typed at one place at the same time together, and both everywhere', () => {
    const { states, handles } = share(text())
    const [a, b] = handles as [Text, Text]
    a.append('[]')
    sync(...states)
    for (const letter of 'one') a.insert(a.length - 1, letter)
    for (const letter of 'two') b.insert(b.length - 1, letter)
    sync(...states)
    assert.equal(a.value, b.value)
    assert.ok(['[onetwo]', '[twoone]'].includes(a.value), a.value)
  })

  it('takes in what arrives behind edits that nobody has looked at yet', () => {
    const { states, handles } = share(text())
    const [a, b] = handles as [Text, Text]
    a.append('middle')
    sync(...states)
    b.insert(0, 'before the ')
    const batch = states[1]!.takeBatch()!
    a.insert(3, '-')
    states[0]!.apply(batch)
    a.append('!')
    assert.equal(a.value, 'before the mid-dle!')
    sync(...states)
    assert.equal(b.value, a.value)
  })

  it('has marks: an insertion takes on those before it unless it has its own, null takes one away', () => {
    const { states, handles } = share(text())
    const [a, b] = handles as [Text, Text]
    a.append('plain bold')
    a.format(6, 4, { ...bold, colour: { red: 1 } })
    a.append('er')
    a.append(' not', {})
    a.format(6, 2, { bold: null })
    sync(...states)
    const spans = [
      { insert: 'plain ' },
      { insert: 'bo', attributes: { colour: { red: 1 } } },
      { insert: 'lder', attributes: { bold: true, colour: { red: 1 } } },
      { insert: ' not' },
    ]
    for (const handle of [a, b]) assert.deepEqual(handle.spans(), spans)
  })

  it('takes the steps of an editor as one operation', () => {
    const { states, handles } = share(text(), 1)
    const [words] = handles as [Text]
    words.append('Gandalf the Grey')
    words.edit([
      { retain: 7, attributes: bold },
      { retain: 5 },
      { insert: 'White', attributes: { colour: '#fff' } },
      { delete: 4 },
    ])
    assert.deepEqual(words.spans(), [
      { insert: 'Gandalf', attributes: bold },
      { insert: ' the ' },
      { insert: 'White', attributes: { colour: '#fff' } },
    ])
    assert.equal(states[0]!.pendingUpdates, 2)
    words.edit([{ retain: 3 }])
    words.edit([])
    assert.equal(states[0]!.pendingUpdates, 2, 'nothing changed: no update')
  })

  it('refuses what it cannot take, and is left as it was', () => {
    const { states, handles } = share(text(), 1)
    const [words] = handles as [Text]
    words.append('a😀b')
    const refused = (call: () => void): void => {
      refuses(states[0]!, 'VALUE_INVALID', call)
    }
    for (const index of [-1, 5, 0.5, NaN, Infinity, '1' as never]) {
      refused(() => {
        words.insert(index, 'x')
      })
      refused(() => {
        words.delete(index)
      })
    }
    refused(() => {
      words.delete(2)
    })
    refused(() => {
      words.delete(0, 2)
    })
    refused(() => {
      words.insert(2, 'x')
    })
    refused(() => {
      words.format(1, 1, bold)
    })
    refused(() => {
      words.edit([{ retain: 2 }, { insert: 'x' }])
    })
    refused(() => {
      words.edit([{ retain: 1 }, { insert: 'x' }, { delete: 9 }])
    })
    refused(() => {
      words.edit([{ insert: ['x'] }])
    })
    for (const wrong of [null, { retain: -1 }, {}, 'x']) {
      refused(() => {
        words.edit([wrong as never])
      })
    }
    refused(() => {
      words.delete(0, -1)
    })
    refused(() => {
      words.insert(0, '\ud800')
    })
    refused(() => {
      words.insert(0, 7 as never)
    })
    const marks = [
      { x: NaN },
      { x: undefined },
      { x: 1n },
      { x: new Date(0) },
      { ['__proto__']: 1 },
      { ['x'.repeat(1025)]: 1 },
      [],
      null,
    ]
    for (const wrong of marks) {
      refused(() => {
        words.insert(0, 'x', wrong as never)
      })
      refused(() => {
        words.format(0, 1, wrong as never)
      })
    }
    refuses(states[0]!, 'OBJECT_TOO_LARGE', () => {
      words.append('é'.repeat(100_000))
    })
    assert.throws(() => {
      words.insert(9, 'x')
    }, /length 4/)
    assert.equal(words.value, 'a😀b')
  })

  it('knows half characters that came from elsewhere', () => {
    const { states, handles } = share(text())
    const [a, b] = handles as [Text, Text]
    a.append('😀')
    sync(...states)
    refuses(states[1]!, 'VALUE_INVALID', () => {
      b.insert(1, 'x')
    })
    b.insert(2, '!')
    b.insert(0, 'é')
    refuses(states[1]!, 'VALUE_INVALID', () => {
      b.delete(2, 1)
    })
    assert.equal(b.value, 'é😀!')
  })

  it('is removed from a map as far as it was seen: what others insert meanwhile survives', () => {
    const { states, handles } = share(map(text()))
    const [a, b] = handles as [(typeof handles)[0], (typeof handles)[0]]
    a.at('note').append('draft')
    a.at('note').format(0, 5, bold)
    sync(...states)
    a.delete('note')
    b.at('note').append(' two')
    assert.equal(a.has('note'), false)
    assert.equal(a.at('note').value, '')
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle.value], [['note', ' two']])
    b.delete('note')
    sync(...states)
    for (const handle of handles) {
      assert.equal(handle.size, 0)
      assert.deepEqual(handle.at('note').spans(), [])
    }
  })

  it('keeps of a removed text a few bytes for each run that was deleted', () => {
    const state = replica(1n)
    const notes = open(state, map(text()))
    state.takeBatch()
    const empty = state.encodeState().length
    for (let i = 0; i < 100; i++) notes.at('note').insert(0, 'a line of text\n')
    state.takeBatch()
    notes.delete('note')
    state.takeBatch()
    const kept = state.encodeState().length - empty
    assert.ok(kept < 100 * 10, `${kept} bytes`)
  })

  it('costs nothing where nobody wrote, and leaves nothing where writing failed', () => {
    const state = replica(1n)
    const notes = open(state, map(text()))
    const before = state.encodeState().length
    assert.equal(notes.at('note').value, '')
    assert.equal(notes.at('note').length, 0)
    assert.throws(() => {
      notes.at('note').insert(1, 'x')
    })
    assert.equal(state.takeBatch(), undefined)
    assert.equal(state.encodeState().length, before)
  })

  it('shows in a transaction what it wrote, and takes it back when the transaction fails', () => {
    const { states, handles } = share(text())
    const [words, other] = handles as [Text, Text]
    words.append('one', bold)
    states[0]!.transact((tx) => {
      const draft = tx(words) as Text
      draft.append(' two')
      draft.insert(0, 'zero ', {})
      draft.delete(5, 1)
      draft.format(0, 4, { colour: 1 })
      assert.equal(words.value, 'zero ne two')
      assert.equal(words.length, 11)
      const [zero, , rest] = words.spans()
      assert.deepEqual(zero, { insert: 'zero', attributes: { colour: 1 } })
      assert.deepEqual(rest, { insert: 'ne two', attributes: bold })
    })
    const kept = words.spans()
    assert.throws(() => {
      states[0]!.transact((tx) => {
        const draft = tx(words) as Text
        draft.delete(0, 11)
        draft.append('😀')
        draft.insert(1, 'within')
      })
    }, /within one of two units/)
    assert.deepEqual(words.spans(), kept)
    words.append('.')
    sync(...states)
    assert.equal(other.value, 'zero ne two.')
    assert.deepEqual(other.spans(), words.spans())
  })

  it('tells of every change in steps that lead from the text before to the text after', () => {
    const { states, handles } = share(text())
    const [a, b] = handles as [Text, Text]
    const seen: (readonly SequenceStep[] | undefined)[] = []
    b.subscribe(({ detail }) => seen.push(...detail.map(({ delta }) => delta)))
    a.append('ab')
    sync(...states)
    b.insert(1, 'x', bold)
    b.insert(2, 'y')
    b.format(0, 2, { bold: null, colour: 1 })
    b.delete(3)
    assert.deepEqual(seen, [
      [{ insert: 'ab' }],
      [{ retain: 1 }, { insert: 'x', attributes: bold }],
      [{ retain: 2 }, { insert: 'y', attributes: bold }],
      [{ retain: 2, attributes: { bold: null, colour: 1 } }],
      [{ retain: 3 }, { delete: 1 }],
    ])
  })

  it('can be mirrored from change events alone, marks included', () => {
    fastCheck.assert(
      fastCheck.property(
        fastCheck.array(fastCheck.array(fastCheck.nat(999), { minLength: 5, maxLength: 5 }), {
          minLength: 1,
          maxLength: 40,
        }),
        (drawn) => {
          const { states, handles } = share(text(), 3)
          const mirrors: TextSpan[][] = handles.map(() => [])
          for (const [index, handle] of handles.entries()) {
            handle.subscribe(({ detail }) => {
              for (const { delta } of detail) {
                mirrors[index] = mirrorSpans(mirrors[index]!, delta!)
              }
            })
          }
          for (const [who, what, from, to, mark] of drawn) {
            const state = states[who! % 3]!
            const handle = handles[who! % 3] as Text
            if (what! % 6 === 5) sync(...states)
            else if (what! % 6 === 4) {
              state.transact((tx) => {
                randomEdit(tx(handle) as Text, handle, [from!, to!, mark!, what!])
                randomEdit(tx(handle) as Text, handle, [to!, from!, what!, mark!])
              })
            } else randomEdit(handle, handle, [what!, from!, to!, mark!])
            assert.deepEqual(mirrors[who! % 3], spansOf(handle))
          }
          sync(...states)
          for (const [index, handle] of handles.entries()) {
            assert.deepEqual(mirrors[index], spansOf(handle as Text))
            assert.deepEqual(handles[0]!.spans(), handle.spans())
            assert.equal(
              handle.value,
              handle
                .spans()
                .map(({ insert }) => insert)
                .join(''),
            )
          }
        },
      ),
    )
  })

  it('reads the same wherever the same has arrived, whether anybody listens or not', () => {
    const { states, handles } = share(text(), 3)
    const [a, b, listened] = handles as [Text, Text, Text]
    listened.subscribe(() => undefined)
    for (let round = 0; round < 30; round++) {
      a.insert(a.length >> 1, `a${round}`, round % 3 === 0 ? bold : undefined)
      b.format(0, b.length, { colour: round % 4 })
      a.format(0, a.length, { bold: round % 2 === 0 ? true : null })
      if (b.length > 6) b.delete(2, 3)
      sync(...states)
      for (const handle of handles) assert.deepEqual(handle.spans(), a.spans())
    }
    const [first, ...others] = states.map(stateText)
    for (const other of others) assert.equal(other, first)
  })

  it('applies ten thousand keystrokes that came one by one without a transaction for each', () => {
    const { states, handles } = share(text())
    const [a, b] = handles as [Text, Text]
    const batches: Uint8Array[] = []
    for (let i = 0; i < 10_000; i++) {
      a.insert(i, 'x')
      batches.push(states[0]!.takeBatch()!)
    }
    for (const batch of batches) states[1]!.apply(batch)
    assert.equal(b.value, 'x'.repeat(10_000))
    assert.ok(states[1]!.encodeState().length < 10_200)
  })

  it('makes steps again out of steps', () => {
    const steps: SequenceStep[] = [{ retain: 1 }, { insert: 'x' }, { delete: 1 }]
    assert.equal(applySteps('ab', steps), 'ax')
  })
})

/** Some edit that fits the text. */
function randomEdit(draft: Text, { length }: Text, draws: readonly number[]): void {
  const [what, from, to, mark] = draws as [number, number, number, number]
  const index = from % (length + 1)
  const count = to % (length - index + 1)
  const marks = [undefined, {}, bold, { bold: false }, { colour: 1 }, { bold: null, colour: 2 }]
  const drawn = marks[mark % marks.length]
  const word = ['a', 'bc', 'def'][to % 3]!
  if (what % 4 === 0) draft.delete(index, count)
  else if (what % 4 === 1 && drawn !== undefined) draft.format(index, count, drawn)
  else if (what % 4 === 2 && drawn !== undefined && !('bold' in drawn && drawn.bold === null)) {
    draft.edit([
      { retain: index },
      { insert: word, attributes: drawn },
      { delete: count },
      { retain: length - index - count, attributes: drawn },
    ])
  } else draft.insert(index, word, drawn)
}
