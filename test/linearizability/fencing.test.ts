import assert from 'node:assert/strict'
import { checkFencing, type Holding } from './fencing.ts'

function holding(
  fence: number,
  from: number,
  to: number | undefined,
  more: Partial<Holding> = {},
): Holding {
  return {
    ...{ client: fence, lock: 'it', mode: 'exclusive', fence: BigInt(fence) },
    ...{ requestedAt: from - 1, acquiredAt: from, releasedAt: to, isLost: false },
    ...more,
  }
}

describe('A check of locks by their fences', () => {
  it('passes holders one after the other, in whatever order they are listed', () => {
    const holdings = [holding(9, 20, 25), holding(2, 1, 5), holding(4, 5, 19)]
    assert.deepEqual(checkFencing(holdings), { kind: 'ok', operations: 3 })
  })

  const bad: readonly (readonly [string, Holding[]])[] = [
    ['two holders at a time', [holding(1, 1, 9), holding(2, 5, 12)]],
    [
      'a holder beside a longer one that came before another',
      [holding(1, 1, 30), holding(2, 2, 2), holding(3, 9, 12)],
    ],
    ['a holder beside one that never gave it back', [holding(1, 1, undefined), holding(2, 5, 12)]],
    ['one fence twice', [holding(1, 1, 2), holding(1, 5, 6)]],
    ['one fence twice, of a lost lock', [holding(1, 1, 2, { isLost: true }), holding(1, 5, 6)]],
    ['fences that descend', [holding(2, 1, 2), holding(1, 5, 6)]],
    ['fences that descend, of lost locks', [holding(2, 1, 2, { isLost: true }), holding(1, 5, 6)]],
    [
      'a shared holder beside an exclusive one',
      [holding(1, 1, 9, { mode: 'shared' }), holding(2, 5, 12)],
    ],
    [
      'an exclusive holder beside a shared one',
      [holding(1, 1, 9), holding(2, 5, 12, { mode: 'shared' })],
    ],
  ]
  for (const [title, holdings] of bad) {
    it(`finds ${title}`, () => {
      assert.equal(checkFencing(holdings).kind, 'violation')
      assert.equal(checkFencing(holdings.toReversed()).kind, 'violation')
    })
  }

  it('passes shared holders at a time, other locks, and a holder after one that had lost it', () => {
    const shared = { mode: 'shared' } as const
    assert.equal(checkFencing([holding(1, 1, 9, shared), holding(2, 2, 8, shared)]).kind, 'ok')
    assert.equal(checkFencing([holding(1, 1, 9), holding(2, 2, 8, { lock: 'other' })]).kind, 'ok')
    assert.equal(checkFencing([holding(1, 1, 9, { isLost: true }), holding(2, 5, 12)]).kind, 'ok')
  })

  it('passes fences whose holders asked for the lock at the same time', () => {
    const late = holding(1, 9, 10, { requestedAt: 0 })
    assert.equal(checkFencing([holding(2, 2, 3, { requestedAt: 1 }), late]).kind, 'ok')
  })

  it('finds a guarded write by a holder that is late', () => {
    const [first, second] = [
      { lock: 'it', fence: 1n },
      { lock: 'it', fence: 2n },
    ]
    const other = { lock: 'other', fence: 1n }
    assert.equal(checkFencing([], [first, first, second, other]).kind, 'ok')
    assert.equal(checkFencing([], [second, other, first]).kind, 'violation')
  })
})
