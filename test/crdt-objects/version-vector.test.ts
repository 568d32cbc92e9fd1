// Vectors of a space in which lives come and go, against the plain thing: how far each life is seen, for every life.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { packReplica, Reader, VersionVector, Writer } from '#crdt-objects/engine.ts'
import { seed } from '#test/seed.ts'
import { runsBy } from '#test/suites/runs.ts'

const SLOTS = 4
const EPOCHS = 6

interface Life {
  readonly id: bigint
  readonly inc: number
  /** The epoch that seals it. */
  readonly sealedIn: number
}

/** What happens to a slot in an epoch: nothing; its life is sealed, or else leased; sealed, and leased again. */
type Turn = 0 | 1 | 2

interface History {
  readonly lives: readonly Life[]
  sealedIn(epoch: number): bigint[]
  bornIn(epoch: number): bigint[]
}

function historyOf(turns: readonly (readonly Turn[])[]): History {
  const lives: Life[] = []
  for (let slot = 0; slot < SLOTS; slot++) {
    let inc: number | undefined
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const turn = turns[epoch]?.[slot] ?? 0
      if (turn === 0) continue
      const isFree = inc === undefined
      if (inc !== undefined) lives.push({ id: packReplica(slot, inc), inc, sealedIn: epoch })
      inc = isFree || turn === 2 ? epoch + 1 : undefined
    }
    if (inc !== undefined) lives.push({ id: packReplica(slot, inc), inc, sealedIn: Infinity })
  }
  return {
    lives,
    sealedIn: (epoch) => lives.filter(({ sealedIn }) => sealedIn === epoch).map(({ id }) => id),
    bornIn: (epoch) =>
      lives.filter(({ inc, sealedIn }) => inc === epoch && sealedIn > epoch).map(({ id }) => id),
  }
}

/** A replica that has entered `epoch`, and has seen what is drawn of the lives that may have written by then. */
function replicaAt(history: History, epoch: number, seen: readonly number[]): VersionVector {
  const vector = new VersionVector()
  for (let at = 0; at <= epoch; at++) {
    if (at > 0) vector.enter(history.sealedIn(at), history.bornIn(at))
    for (const [index, { id, inc }] of history.lives.entries()) {
      if (inc <= at + 1 && vector.hasBegun(id)) vector.advance(id, seen[index % seen.length] ?? 0)
    }
  }
  return vector
}

const arbitraryVectors = fastCheck
  .tuple(
    fastCheck.array(
      fastCheck.array(fastCheck.constantFrom<Turn>(0, 1, 2), {
        minLength: SLOTS,
        maxLength: SLOTS,
      }),
      {
        minLength: EPOCHS,
        maxLength: EPOCHS,
      },
    ),
    fastCheck.array(
      fastCheck.tuple(
        fastCheck.integer({ min: 0, max: EPOCHS - 1 }),
        fastCheck.array(fastCheck.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
      ),
      { minLength: 3, maxLength: 3 },
    ),
  )
  .map(([turns, replicas]) => {
    const history = historyOf(turns)
    const [a, b, c] = replicas.map(([epoch, seen]) => replicaAt(history, epoch, seen))
    return { history, a: a!, b: b!, c: c! }
  })

type Drawn = typeof arbitraryVectors extends fastCheck.Arbitrary<infer T> ? T : never

function property(check: (drawn: Drawn) => void): void {
  fastCheck.assert(fastCheck.property(arbitraryVectors, check), { ...runsBy(0.1), seed })
}

function joined(...vectors: readonly VersionVector[]): VersionVector {
  const made = new VersionVector()
  for (const vector of vectors) made.merge(vector)
  return made
}

function reaches({ lives }: History, vector: VersionVector): number[] {
  return lives.map(({ id }) => vector.lastOf(id, Infinity))
}

describe('Version vectors under churn', () => {
  it('have entries of lives that are not sealed, and of each such that their records name', () => {
    property(({ history, a }) => {
      for (const { id, inc, sealedIn } of history.lives) {
        const hasEntry = [...a.entries()].some(([of]) => of === id)
        assert.equal(a.get(id) === 'sealed', sealedIn <= a.epoch)
        if (sealedIn <= a.epoch) assert.ok(!hasEntry)
        else if (inc <= a.epoch) assert.ok(hasEntry)
      }
    })
  })

  it('join to what either has seen of each life', () => {
    property(({ history, a, b }) => {
      const [ofA, ofB] = [reaches(history, a), reaches(history, b)]
      const most = ofA.map((reach, index) => Math.max(reach, ofB[index] ?? 0))
      const both = joined(a, b)
      assert.deepEqual(reaches(history, both), most)
      assert.equal(both.epoch, Math.max(a.epoch, b.epoch))
      const isCovered = ofB.every((reach, index) => reach <= (ofA[index] ?? 0))
      assert.equal(a.covers(b), isCovered && a.epoch >= b.epoch)
      assert.ok(both.covers(a) && both.covers(b))
    })
  })

  it('join in any order and grouping, and to themselves', () => {
    property(({ a, b, c }) => {
      assert.ok(joined(a, b).equals(joined(b, a)))
      assert.ok(joined(joined(a, b), c).equals(joined(a, joined(b, c))))
      assert.ok(joined(a, a).equals(a))
      assert.ok(joined(joined(a, b), b).equals(joined(a, b)))
    })
  })

  it('keep their hash as they change', () => {
    property(({ history, a, b }) => {
      const kept = new VersionVector()
      const agrees = (): void => assert.equal(String(kept.hash()), String(kept.copy().hash()))
      for (const other of [a, b]) {
        agrees()
        kept.merge(other)
      }
      agrees()
      while (kept.epoch < EPOCHS) {
        kept.enter(history.sealedIn(kept.epoch + 1), history.bornIn(kept.epoch + 1))
        agrees()
        for (const { id } of history.lives) if (kept.hasBegun(id)) kept.advance(id, 9)
        agrees()
      }
    })
  })

  it('hash alike where they are equal, and come back from their bytes', () => {
    property(({ a, b }) => {
      assert.equal(a.hash() === b.hash(), a.equals(b))
      const writer = new Writer()
      a.encode(writer)
      const back = VersionVector.decode(new Reader(writer.finish()))
      assert.ok(back.equals(a))
      assert.equal(back.size, a.size)
      assert.equal(joined(a, b).hash(), joined(b, a).hash())
    })
  })

  it('that are put together from some entries claim nothing of others', () => {
    property(({ history, a, b }) => {
      const partial = new VersionVector(
        0,
        [...b.entries()].filter(([, last]) => last > 0),
      )
      for (const { id } of history.lives) {
        assert.ok(b.lastOf(id, Infinity) >= partial.lastOf(id, Infinity))
      }
      assert.ok(b.covers(partial))
      assert.ok(!a.covers(b) || a.covers(partial))
    })
  })

  it('do not bring back what is sealed', () => {
    const vector = new VersionVector(3)
    vector.advance(packReplica(0, 3), 7)
    assert.equal(vector.get(packReplica(0, 3)), 'sealed')
    assert.equal(vector.size, 0)
    assert.ok(vector.hasBegun(packReplica(0, 4)))
    assert.ok(!vector.hasBegun(packReplica(0, 5)))
  })
})
