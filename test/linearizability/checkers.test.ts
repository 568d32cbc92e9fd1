// The checkers themselves: histories known to be good or bad, random ones that are good by their making, and small ones of
// any kind against every order there is.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { seed } from '#test/seed.ts'
import { Random } from '#test/simulation/random.ts'
import type { Operation } from './history.ts'
import { refused, type Model } from './model.ts'
import { registerModel } from './models/register.ts'
import { counterModel } from './models/counter.ts'
import { queueModel } from './models/queue.ts'
import { drawHistory } from './random-history.ts'
import { searchLinearization } from './search.ts'
import { triedKinds } from './sequential-objects.ts'
import { checkWitness } from './witness.ts'

type Sketch = [string, unknown[], unknown, number, number | undefined, (number | undefined)?]

/** Operations as [verb, arguments, result, from, to, index]; those without an end are of unknown outcome. */
function historyOf(...sketches: Sketch[]): Operation[] {
  return sketches.map(([operation, given, result, invokedAt, returnedAt, index], client) => ({
    ...{ client, object: 'it', operation, arguments: given, result, invokedAt, returnedAt, index },
    kind: returnedAt === undefined ? 'unknown' : 'ok',
  }))
}

interface Known {
  readonly title: string
  readonly model: Model
  readonly history: Operation[]
  readonly search: 'ok' | 'violation'
  /** Of the witness, where it differs. */
  readonly witness?: 'ok' | 'violation' | 'undecided'
}

const known: readonly Known[] = [
  {
    title: 'a read that runs beside a write and sees it',
    ...{ model: registerModel(0), search: 'ok' },
    history: historyOf(['set', [1], undefined, 0, 10, 1], ['read', [], 1, 5, 6, 1]),
  },
  {
    title: 'a read that runs beside a write and does not see it yet',
    ...{ model: registerModel(0), search: 'ok' },
    history: historyOf(['set', [1], undefined, 0, 10, 1], ['read', [], 0, 5, 6, 0]),
  },
  {
    title: 'a stale read: the write had ended',
    ...{ model: registerModel(0), search: 'violation' },
    history: historyOf(['set', [1], undefined, 0, 2, 1], ['read', [], 0, 3, 4, 0]),
  },
  {
    title: 'reads that see two writes in one order, and places that say another',
    ...{ model: registerModel(0), search: 'ok', witness: 'violation' },
    history: historyOf(
      ...[['set', [1], undefined, 0, 20, 1] as Sketch, ['set', [2], undefined, 0, 20, 2] as Sketch],
      ...[['read', [], 2, 3, 4, 2] as Sketch, ['read', [], 1, 5, 6, 1] as Sketch],
    ),
  },
  {
    title: 'reads that see two writes in different orders',
    ...{ model: registerModel(0), search: 'violation' },
    history: historyOf(
      ...[['set', [1], undefined, 0, 20, 1] as Sketch, ['set', [2], undefined, 0, 20, 2] as Sketch],
      ...[['read', [], 2, 3, 4, 2] as Sketch, ['read', [], 1, 5, 6, 1] as Sketch],
      ['read', [], 2, 7, 8, 2],
    ),
  },
  {
    title: 'a lost update: two additions answered as if each were alone',
    ...{ model: counterModel(), search: 'violation' },
    history: historyOf(['addAndGet', [1], 1, 0, 5, 1], ['addAndGet', [1], 1, 1, 6, 2]),
  },
  {
    title: 'an addition that was applied twice',
    ...{ model: counterModel(), search: 'violation' },
    history: historyOf(['add', [1], undefined, 0, 1, 1], ['read', [], 2, 2, 3, 2]),
  },
  {
    title: 'a compare-and-set that two win',
    ...{ model: registerModel(0), search: 'violation' },
    history: historyOf(
      ['compareAndSet', [0, 1], true, 0, 9, 1],
      ['compareAndSet', [0, 2], true, 0, 9, 2],
    ),
  },
  {
    title: 'writes that are ordered against their time',
    ...{ model: registerModel(0), search: 'ok', witness: 'violation' },
    history: historyOf(['set', [1], undefined, 0, 1, 2], ['set', [2], undefined, 2, 3, 1]),
  },
  {
    title: 'one place for two writes',
    ...{ model: counterModel(), search: 'ok', witness: 'violation' },
    history: historyOf(['add', [1], undefined, 0, 1, 1], ['add', [1], undefined, 2, 3, 1]),
  },
  {
    title: 'an answered operation whose place nobody knows',
    ...{ model: counterModel(), search: 'ok', witness: 'undecided' },
    history: historyOf(['add', [1], undefined, 0, 1, undefined]),
  },
  {
    title: 'a write of unknown outcome that nobody sees',
    ...{ model: registerModel(0), search: 'ok' },
    history: historyOf(['set', [1], undefined, 0, undefined], ['read', [], 0, 8, 9, 0]),
  },
  {
    title: 'a write of unknown outcome that is seen late, and has its place from elsewhere',
    ...{ model: registerModel(0), search: 'ok' },
    history: historyOf(
      ['set', [1], undefined, 0, undefined, 1],
      ...[['read', [], 0, 4, 5, 0] as Sketch, ['read', [], 1, 8, 9, 1] as Sketch],
    ),
  },
  {
    title: 'a write of unknown outcome and no place that is seen',
    ...{ model: registerModel(0), search: 'ok', witness: 'undecided' },
    history: historyOf(['set', [1], undefined, 0, undefined], ['read', [], 1, 8, 9, 1]),
  },
  {
    title: 'a write of unknown outcome that is seen, and then not',
    ...{ model: registerModel(0), search: 'violation', witness: 'undecided' },
    history: historyOf(
      ['set', [1], undefined, 0, undefined],
      ...[['read', [], 1, 4, 5, 1] as Sketch, ['read', [], 0, 8, 9, 0] as Sketch],
    ),
  },
  {
    title: 'a write of unknown outcome that is seen before it was called',
    ...{ model: registerModel(0), search: 'violation' },
    history: historyOf(['read', [], 1, 0, 1, 1], ['set', [1], undefined, 5, undefined, 1]),
  },
  {
    title: 'a queue that gives items in another order than they came',
    ...{ model: queueModel(), search: 'violation' },
    history: historyOf(
      ...[
        ['put', ['a'], undefined, 0, 1, 1] as Sketch,
        ['put', ['b'], undefined, 2, 3, 2] as Sketch,
      ],
      ...[['take', [], 'b', 4, 5, 3] as Sketch, ['take', [], 'a', 6, 7, 4] as Sketch],
    ),
  },
  {
    title: 'a queue that gives an item twice',
    ...{ model: queueModel(), search: 'violation' },
    history: historyOf(
      ['put', ['a'], undefined, 0, 1, 1],
      ...[['take', [], 'a', 4, 9, 2] as Sketch, ['take', [], 'a', 4, 9, 3] as Sketch],
    ),
  },
  {
    title: 'a queue whose item went to one who does not know',
    ...{ model: queueModel(), search: 'ok', witness: 'undecided' },
    history: historyOf(
      ['put', ['a'], undefined, 0, 1, 1],
      ['take', [], undefined, 4, undefined],
      ['tryTake', [], undefined, 6, 7, 3],
    ),
  },
]

describe('A check of linearizability', () => {
  for (const { title, model, history, search, witness = search } of known) {
    it(`judges ${title}`, () => {
      assert.equal(searchLinearization(history, () => model).kind, search)
      assert.equal(checkWitness(history, () => model).kind, witness)
    })
  }

  it('leaves out what had no effect', () => {
    const history = historyOf(['set', [1], undefined, 0, 1, 1]).map((operation): Operation => ({
      ...operation,
      kind: 'failed',
    }))
    const model = registerModel(0)
    const all = [...history, ...historyOf(['read', [], 0, 5, 6, 0])]
    assert.deepEqual(
      searchLinearization(all, () => model),
      { kind: 'ok', operations: 1 },
    )
    assert.deepEqual(
      checkWitness(all, () => model),
      { kind: 'ok', operations: 1 },
    )
  })

  it('judges each object alone, and finds the bad one', () => {
    const good = historyOf(['add', [1], undefined, 0, 1, 1], ['read', [], 1, 2, 3, 1])
    const bad = historyOf(['read', [], 7, 0, 1, 1]).map((one) => ({ ...one, object: 'other' }))
    for (const check of [searchLinearization, checkWitness]) {
      const verdict = check([...good, ...bad], () => counterModel())
      assert.ok(verdict.kind === 'violation')
      assert.deepEqual(
        verdict.involved.map(({ object }) => object),
        ['other'],
      )
    }
  })

  for (const { name, model, make, draw } of triedKinds) {
    for (const unknownShare of [0, 0.05]) {
      const shown = unknownShare > 0 ? ', some of unknown outcome' : ''
      it(`passes operations on a ${name} by five clients${shown}`, () => {
        for (let run = 0; run < 6; run++) {
          const random = new Random(seed + run)
          const history = drawHistory(random, {
            ...{ object: name, clients: 5, operations: 40, target: make(), draw, unknownShare },
            hasAllIndexes: true,
          })
          for (const check of [searchLinearization, checkWitness]) {
            const verdict = check(history, () => model)
            assert.equal(verdict.kind, 'ok', `run ${run}: ${JSON.stringify(verdict, noBigints)}`)
          }
        }
      })
    }

    it(`finds an answer on a ${name} that was changed, or another order that explains it`, () => {
      let found = 0
      for (let run = 0; run < 20; run++) {
        const random = new Random(seed + run)
        const target = make()
        const history = drawHistory(random, {
          object: name,
          clients: 3,
          operations: 30,
          target,
          draw,
        })
        const answered = history.filter(({ result }) => result !== undefined)
        if (answered.length < 2) continue
        const [one, other] = [random.pick(answered), random.pick(answered)]
        const changed = history.map((operation) =>
          operation === one ? { ...operation, result: other.result } : operation,
        )
        const searched = searchLinearization(changed, () => model)
        const witnessed = checkWitness(changed, () => model)
        if (searched.kind === 'violation') found++
        if (witnessed.kind === 'ok') assert.equal(searched.kind, 'ok')
      }
      assert.ok(found >= 2, `${found} of 20`)
    })
  }

  it('agrees with the try of every order, and the witness passes nothing that has none', () => {
    const verb = fastCheck.constantFrom<Sketch[0]>('read', 'set', 'compareAndSet', 'getAndSet')
    const value = fastCheck.integer({ min: 0, max: 2 })
    const one = fastCheck.record({
      ...{ operation: verb, first: value, second: value, result: value },
      ...{
        from: fastCheck.integer({ min: 0, max: 9 }),
        lasts: fastCheck.integer({ min: 0, max: 6 }),
      },
      index: fastCheck.integer({ min: 0, max: 5 }),
      isKnown: fastCheck.integer({ min: 0, max: 4 }).map((n) => n > 0),
    })
    const counts = { ok: 0, violation: 0, undecided: 0, witnessed: 0 }
    fastCheck.assert(
      fastCheck.property(fastCheck.array(one, { maxLength: 5 }), (drawn) => {
        const history = drawn.map((sketch, client): Operation => {
          const { operation, first, second, from, lasts, isKnown, index } = sketch
          const result = operation === 'compareAndSet' ? sketch.result > 0 : sketch.result
          return {
            ...{ client, object: 'it', operation, arguments: [first, second], result, index },
            ...{ invokedAt: from, returnedAt: isKnown ? from + lasts : undefined },
            kind: isKnown ? 'ok' : 'unknown',
          }
        })
        const model = registerModel(0)
        const truth = hasOrder(history, model) ? 'ok' : 'violation'
        assert.equal(searchLinearization(history, () => model).kind, truth)
        counts[truth]++
        if (checkWitness(history, () => model).kind !== 'ok') return
        counts.witnessed++
        assert.equal(truth, 'ok')
      }),
      { numRuns: 2000 },
    )
    for (const count of [counts.ok, counts.violation, counts.witnessed]) {
      assert.ok(count > 50, JSON.stringify(counts))
    }
  })

  it('is undecided, and not passed, when a search runs out of steps', () => {
    const { model, make, draw } = triedKinds[0]!
    const options = { object: 'it', clients: 8, operations: 100, target: make(), draw }
    const history = drawHistory(new Random(seed), options)
    assert.equal(searchLinearization(history, () => model).kind, 'ok')
    const verdict = searchLinearization(history, () => model, { stepsMax: 50 })
    assert.equal(verdict.kind, 'undecided')
  })
})

const noBigints = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value

/** By the definition: some order of the answered operations and any others, as the model wants, and as time has it. */
function hasOrder(left: readonly Operation[], model: Model, state = model.initial): boolean {
  if (left.every(({ kind }) => kind === 'unknown')) return true
  return left.some((operation) => {
    const others = left.filter((other) => other !== operation)
    const isFirst = others.every(
      ({ kind, returnedAt }) => kind === 'unknown' || returnedAt! >= operation.invokedAt,
    )
    if (!isFirst) return false
    const next = model.step(state, operation)
    return next !== refused && hasOrder(others, model, next)
  })
}
