import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { loadEngines, SpaceState, type LeafEngine } from '#crdt-objects/engine.ts'
import { counter, list, map, struct } from '#crdt-objects/index.ts'
import { glimpse, open, replica } from './replicas.ts'

/** Carries out `work` as if no engine of lists were loaded. */
function withoutEngine(work: (engine: LeafEngine) => void): void {
  const [engine] = list().kind.engines
  assert.ok(engine)
  const { mock: unloaded } = mock.getter(engine, 'loaded', () => false)
  try {
    work(engine)
  } finally {
    unloaded.restore()
  }
}

const Board = map(struct({ cards: list<string>(), votes: counter() }))

describe('a state that lacks an engine', () => {
  before(() => loadEngines(Board.kind))

  it('takes nothing of a batch, and all of it once the engine is loaded', () => {
    const author = replica(1n)
    open(author, counter(), 'plain').add(1)
    open(author, Board).at('a').cards.push('first')
    const batch = author.takeBatch()!
    const asked: LeafEngine[] = []
    const state = new SpaceState({
      replica: 2n,
      clock: () => 1_000,
      onEngineMissing: (engines) => asked.push(...engines),
    })
    const before = glimpse(state)
    withoutEngine((engine) => {
      assert.equal(state.apply(batch), 'engine-missing')
      assert.deepEqual(asked, [engine])
      assert.equal(glimpse(state), before)
    })
    assert.equal(state.apply(batch), 'applied')
    assert.deepEqual(open(state, Board).at('a').cards.value, ['first'])
    assert.equal(open(state, counter(), 'plain').value, 1)
  })

  it('takes nothing of a whole state, and all of it once the engine is loaded', () => {
    const author = replica(1n)
    open(author, Board).at('a').votes.add(1)
    author.takeBatch()
    const whole = author.encodeState()
    const state = replica(2n)
    const before = glimpse(state)
    withoutEngine(() => {
      assert.equal(state.joinState(whole), 'engine-missing')
      assert.equal(glimpse(state), before)
    })
    assert.equal(state.joinState(whole), true)
    assert.equal(open(state, Board).at('a').votes.value, 1)
  })

  it('waits with a state in pieces where it lacks one, and goes on from there', () => {
    const author = replica(1n)
    open(author, counter(), 'plain').add(1)
    open(author, Board).at('a').votes.add(1)
    author.takeBatch()
    const encoding = author.beginStateEncoding()
    const first = encoding.next(1)!
    open(author, Board).at('a').cards.push('first')
    author.takeBatch()
    const asked: LeafEngine[] = []
    const onEngineMissing = (engines: readonly LeafEngine[]): void => {
      asked.push(...engines)
    }
    const state = new SpaceState({ replica: 2n, clock: () => 1_000, onEngineMissing })
    const joining = state.beginStateJoining()
    joining.add(first)
    for (let piece = encoding.next(); piece !== undefined; piece = encoding.next()) {
      joining.add(piece)
    }
    withoutEngine((engine) => {
      let progress = joining.step()
      while (progress === 'more') progress = joining.step()
      assert.equal(progress, 'engine-missing')
      assert.equal(joining.step(), 'engine-missing')
      assert.ok(asked.length > 0 && asked.every((each) => each === engine))
    })
    while (joining.step() === 'more');
    assert.equal(joining.commit(), true)
    assert.deepEqual(open(state, Board).at('a').cards.value, ['first'])
    assert.equal(open(state, counter(), 'plain').value, 1)
  })
})
