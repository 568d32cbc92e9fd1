// What the checks of a nemesis on eventual spaces must find: each history here is planted.
import assert from 'node:assert/strict'
import { type HeldWrites, type Line, rangesOf } from './records.ts'
import {
  checkEnd,
  checkObservation,
  checkReads,
  historyOf,
  type History,
  type Observation,
} from './verify.ts'

const writes = (count: number): Line[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'write', seq: i + 1 }))
const acknowledged = (seq: number, at: number): Line => ({ kind: 'acknowledged', seq, at })
const fenced = (at: number): Line => ({ kind: 'report', at, report: 'space-fenced' })
const read = (at: number, counts: Readonly<Record<string, number>>, total: number): Line => ({
  ...{ kind: 'read', at, total, counts },
})

/** What a replica has that has the first `count` writes of a writer. */
function first(count: number): HeldWrites {
  const all = Array.from({ length: count }, (_, i) => i + 1)
  return { count, entries: rangesOf(all), members: rangesOf(all.slice(-20)) }
}

function shown(writers: Readonly<Record<string, HeldWrites>>, replica = 'b'): Observation {
  const total = Object.values(writers).reduce((sum, { count }) => sum + count, 0)
  return { replica, asOf: 100, holdings: { total, writers, digest: JSON.stringify(writers) } }
}

const of = (...lines: readonly Line[]): ReadonlyMap<string, History> =>
  new Map([['a', historyOf(lines)]])

describe('the checks of a nemesis on spaces', () => {
  const history = of(...writes(50), acknowledged(30, 10), acknowledged(40, 200))

  it('pass a replica that has what was acknowledged by the time it has to show', () => {
    assert.deepEqual(checkObservation(shown({ a: first(30) }), history), [])
    assert.deepEqual(checkObservation(shown({ a: first(50) }), history), [])
  })

  it('find an acknowledged write that is lost: a flush that resolved before any other peer held it', () => {
    const [problem] = checkObservation(shown({ a: first(29) }), history)
    assert.match(problem!, /LOST 1 of 30 acknowledged writes of a/)
    assert.match(checkObservation(shown({}), history).join(), /LOST 30 of 30/)
  })

  it('let go what was not acknowledged of a writer that died', () => {
    assert.deepEqual(checkEnd([{ ...shown({ a: first(41) }), asOf: 300 }], history, []), [])
  })

  it('find what is gone in the end of a writer that lives', () => {
    const [problem] = checkEnd([shown({ a: first(49) })], history, ['a'])
    assert.match(problem!, /1 writes of a, which lives, are gone/)
  })

  it('find a write that is in twice', () => {
    const twice = { ...first(30), count: 31 }
    assert.match(checkObservation(shown({ a: twice }), history).join(), /1 writes of a in TWICE/)
  })

  it('find a transaction that is there by half', () => {
    const half = { ...first(30), count: 29 }
    assert.match(checkObservation(shown({ a: half }), history).join(), /counts 29 .* entries of 30/)
    const { holdings, ...rest } = shown({ a: first(30) })
    const total = { ...rest, holdings: { ...holdings, total: 29 } }
    assert.match(checkObservation(total, history).join(), /a total of 29, and counts of 30/)
  })

  it('find a gap in what one writer wrote', () => {
    const gap = { ...first(40), count: 39, entries: [[1, 34], [36, 40]] as const } // prettier-ignore
    assert.match(checkObservation(shown({ a: gap }), history).join(), /write 40 .* 1 fewer before/)
  })

  it('find a write that nobody made', () => {
    assert.match(checkObservation(shown({ a: first(51) }), history).join(), /who made 50/)
    assert.match(checkObservation(shown({ z: first(1), a: first(30) }), history).join(), /z has/)
  })

  it('find a member that came back, and one that is gone', () => {
    const back = { ...first(40), members: [[3, 3], [21, 40]] as const } // prettier-ignore
    assert.match(checkObservation(shown({ a: back }), history).join(), /member 3 .* taken out/)
    const gone = { ...first(40), members: [[21, 30], [32, 40]] as const } // prettier-ignore
    assert.match(checkObservation(shown({ a: gone }), history).join(), /lacks some of the members/)
  })

  it('know that a member is added before the transaction, and one is taken out after it', () => {
    const within = { ...first(40), members: [[20, 41]] as const }
    assert.deepEqual(checkObservation(shown({ a: within }), history), [])
  })

  it('find replicas that differ in the end', () => {
    const both = [shown({ a: first(50) }, 'b'), shown({ a: first(49) }, 'c')]
    assert.match(checkEnd(both, history, []).join(), /not all replicas show the same/)
  })

  it('find a count that falls, unless the replica was fenced, and then only once', () => {
    const falls = [read(1, { x: 5 }, 5), read(2, { x: 3 }, 3)]
    const again = [read(4, { x: 4 }, 4), read(5, { x: 2 }, 2)]
    const problems = (...lines: Line[]): string[] => checkReads('a', historyOf(lines))
    assert.match(problems(...falls).join(), /the count of x went from 5 to 3/)
    assert.deepEqual(problems(fenced(2), ...falls), [])
    assert.equal(problems(fenced(2), ...falls, ...again).length, 1)
    assert.deepEqual(problems(fenced(2), ...falls, fenced(5), ...again), [])
    assert.equal(problems(...falls, fenced(3)).length, 1, 'told too late')
  })

  it('find a total that is not that of the counts shown with it', () => {
    const history = historyOf([read(1, { x: 5, y: 1 }, 6), read(2, { x: 6 }, 6)])
    assert.match(checkReads('a', history).join(), /a total of 6, and counts of 7/)
  })

  it('take the writes of one who was fenced as they come again, until the end', () => {
    const histories = of(...writes(50), acknowledged(30, 10), fenced(50))
    const coming = { ...first(40), count: 39, entries: [[1, 34], [36, 40]] as const } // prettier-ignore
    assert.deepEqual(checkObservation(shown({ a: coming }), histories), [])
    assert.match(checkEnd([shown({ a: coming })], histories, ['a']).join(), /which lives, are gone/)
    assert.deepEqual(checkEnd([shown({ a: coming })], histories, []), [], 'it was killed meanwhile')
    const lost = { ...coming, count: 38, entries: [[1, 29], [32, 40]] as const } // prettier-ignore
    assert.match(checkEnd([shown({ a: lost })], histories, []).join(), /LOST 1 of 30/)
  })

  it('leave out a write that was refused', () => {
    const lines: Line[] = [...writes(3), { kind: 'refused', seq: 3, code: 'SPACE_ENDED' }]
    assert.equal(historyOf(lines).written, 2)
  })
})
