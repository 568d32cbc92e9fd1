// What the checks of a nemesis must find: each history here is planted.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '#test/simulation/random.ts'
import { gather } from './gather.ts'
import type { Line } from './records.ts'
import { verify, type Verified } from './verify.ts'

describe('the checks of a nemesis', () => {
  let folder: string
  let ops = 0

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'joinery-verify-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function check(...lines: readonly (readonly Line[])[]): Verified {
    const files = lines.map((each, i) => {
      const file = join(folder, `${i}.jsonl`)
      // The last line of one that was killed is cut short.
      writeFileSync(file, `${each.map((line) => JSON.stringify(line)).join('\n')}\n{"kind":"en`)
      return file
    })
    return verify(gather(files), { searches: 10, random: new Random(1) })
  }

  /** An operation from `at` to `at + 5`. */
  function done(
    [object, operation, ...given]: readonly [string, string, ...unknown[]],
    at: number,
    result: unknown,
    index: number,
  ): Line[] {
    const op = ops++
    const what = { op, client: 1, object, operation, arguments: given, invokedAt: at }
    return [
      { kind: 'begin', ...what },
      { kind: 'end', op, result, at: at + 5, index },
    ]
  }

  /** One that its client knows nothing of. */
  function unknown(
    [object, operation, ...given]: readonly [string, string, ...unknown[]],
    at: number,
    sequence: number,
  ): Line[] {
    const op = ops++
    const what = { op, client: 2, object, operation, arguments: given, invokedAt: at }
    return [
      { kind: 'begin', ...what },
      { kind: 'sent', op, session: 's', sequence },
    ]
  }

  const applied = (sequence: number, position: number): Line => ({
    ...{ kind: 'applied', session: 's', sequence, position },
  })

  it('pass a history that is linearizable, and say how much of it they have checked', () => {
    const verified = check(
      [...done(['register 0', 'set', 1], 10, undefined, 1), ...done(['register 0', 'read'], 20, 1, 1)], // prettier-ignore
      done(['total', 'addAndGet', 1], 12, 1, 2),
    )
    assert.deepEqual(verified.violations, [])
    assert.deepEqual([verified.witnessed, verified.objects], [3, 2])
    assert.equal(verified.searched.operations, 3 - 1, 'one of a single operation is not searched')
  })

  it('find a write that was acknowledged and is lost', () => {
    const { violations } = check([
      ...done(['register 0', 'set', 1], 10, undefined, 1),
      ...done(['register 0', 'read'], 20, 0, 2),
    ])
    assert.equal(violations.length, 2, 'both by the witness and by the search')
  })

  it('know that an operation without an answer happened, because a voter applied it', () => {
    const lines = [
      ...unknown(['total', 'addAndGet', 1], 10, 1),
      ...done(['total', 'read'], 20, 1, 1),
    ]
    assert.deepEqual(check(lines, [applied(1, 1)]).violations, [])
    assert.equal(check(lines).violations.length, 1, 'without it, nobody has added')
  })

  it('find voters who applied one call at different places', () => {
    assert.match(check([applied(1, 1)], [applied(1, 2)]).violations.join(), /applied at 1 and at 2/)
  })

  it('find two leaders of one term', () => {
    const leads = (at: number): Line => ({ kind: 'leads', term: 3, at })
    assert.match(check([leads(1)], [leads(2)]).violations.join(), /2 voters led in term 3/)
  })

  it('find a client that was told that nothing was done, when it was', () => {
    const lines = unknown(['total', 'addAndGet', 1], 10, 1)
    const op = ops - 1
    const told: Line = { kind: 'fail', op, at: 15, outcome: 'not-applied', code: 'CALL_TIMEOUT' }
    assert.match(check([...lines, told], [applied(1, 1)]).violations.join(), /told it was not/)
  })

  it('find an item that is gone, and one that was completed twice', () => {
    const { violations, items } = check([
      ...done(['items', 'put', 7], 10, undefined, 1),
      ...done(['items', 'put', 8], 20, undefined, 2),
      ...done(['items', 'complete', 8, 1], 30, true, 3),
      ...done(['items', 'complete', 8, 2], 40, true, 4),
    ])
    assert.equal(items, 2)
    assert.deepEqual(violations, ['item 8 was completed 2 times', 'item 7 was put, and is gone'])
  })

  it('find two holders of a lock at a time, unless one of them may have lost it', () => {
    const holding = (id: number, from: number, to: number, isLost: boolean): Line[] => [
      {
        ...{ kind: 'held', id, lock: 'guard', client: id, fence: String(id + 1) },
        ...{ requestedAt: from, acquiredAt: from },
      },
      { kind: 'released', id, at: to, isLost },
    ]
    const second = holding(1, 15, 30, false)
    assert.match(check([...holding(0, 10, 20, false), ...second]).violations.join(), /two hold it/)
    assert.deepEqual(check([...holding(0, 10, 20, true), ...second]).violations, [])
    const [killed] = holding(0, 10, 20, false)
    assert.deepEqual(check([killed!, ...second]).violations, [], 'its holder was killed')
  })

  it('find a late write under a lock by its fence', () => {
    const held = (id: number, fence: number, at: number): Line[] => [
      {
        ...{ kind: 'held', id, lock: 'guard', client: id, fence: String(fence) },
        ...{ requestedAt: at, acquiredAt: at },
      },
      { kind: 'released', id, at: at + 5, isLost: false },
    ]
    const { violations } = check([
      ...[...held(0, 1, 10), ...held(1, 2, 20)],
      ...done(['ledger', 'set', 2], 22, undefined, 3),
      ...done(['ledger', 'set', 1], 40, undefined, 4),
    ])
    assert.match(violations.join(), /with the fence 1 was taken after one with 2/)
  })
})
