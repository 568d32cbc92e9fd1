import { strict as assert } from 'node:assert'
import { VersionVector } from '@joinery/crdt-objects/engine'
import type { SmallBatch } from '#test/simulation/identity/small-replica.ts'
import { add, increment, remove, Rig, type RigMember } from './rig.ts'

/** All batches that a member keeps, in the order in which it would give them. */
function kept(member: RigMember): readonly SmallBatch[] {
  return member.core.replica?.batchesAfter(new VersionVector(), Infinity)?.batches ?? []
}

describe('batches that come with a state', () => {
  it('never stand in the log before what was there, for that may be what they build on', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const seen = second.write(add('x'))
    third.take(seen)
    const builtOn = third.write(remove('x'))
    first.take(seen, builtOn)
    first.joinStateOf(second)
    assert.deepEqual(kept(first), [seen, builtOn])
  })

  it('stand in the log of who had nothing, and come to others from there', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const batches = [second.write(increment(1)), second.write(increment(10))]
    first.joinStateOf(second)
    assert.equal(first.replica.value, 11)
    assert.deepEqual(kept(first), batches)
    third.syncFrom(first)
    assert.equal(third.replica.value, 11)
  })

  it('leave nothing in the log that what follows would not join up with', () => {
    const rig = new Rig()
    const second = rig.join({ offeredSizeMax: 0 })
    const first = rig.join()
    first.take(second.write(increment(1)))
    second.write(increment(10))
    first.joinStateOf(second)
    const third = second.write(increment(100))
    assert.deepEqual(first.take(third), ['applied'])
    assert.equal(first.core.replica?.usage.kept, third.size)
    assert.equal(first.core.replica.batchesAfter(new VersionVector(), Infinity), undefined)
  })
})

describe('batches of a life that has ended', () => {
  it('are all given to who has not entered its end, or a state must help', () => {
    const rig = new Rig()
    const second = rig.join({ offeredSizeMax: 0 })
    const [first, third, behind] = [rig.join(), rig.join(), rig.join()]
    const before = first.replica.vector.copy()
    const last = third.write(increment(1))
    second.take(last)
    behind.take(last)
    first.joinStateOf(second)
    rig.expire(third)
    rig.contactAll(first, second, behind, first, second, behind)
    rig.closeEpoch()
    rig.contactAll(first, second)
    assert.deepEqual([first.replica.epoch, second.replica.epoch], [1, 1])
    const answerOf = ({ core }: RigMember, vector: VersionVector) =>
      core.replica?.batchesAfter(vector, Infinity)?.batches
    assert.equal(answerOf(first, before), undefined)
    assert.deepEqual(answerOf(second, before), [last])
    assert.deepEqual(answerOf(first, second.replica.vector), [])
  })
})

describe('what builds on a tail that a seal may cut', () => {
  it('is hidden with it, and held: more of that tail may build on it', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const tail = third.write(increment(1))
    fourth.take(tail)
    const builtOn = fourth.write(increment(10))
    third.take(builtOn)
    const rest = third.write(increment(100))
    fourth.take(rest)
    rig.expire(third)
    rig.contactAll(fourth, first, second)
    for (const member of [first, second]) {
      assert.deepEqual(member.take(tail, builtOn, rest), ['staged', 'staged', 'staged'])
      assert.equal(member.replica.value, 0)
      assert.equal(member.core.replica?.held(third.id), 2)
    }
    rig.contactAll(first, second, fourth)
    rig.closeEpoch()
    rig.contactAll(first, second)
    assert.deepEqual([first.replica.value, second.replica.value], [111, 111])
  })

  it('is shown as soon as the group has our report of the tail, for no seal cuts that', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const tail = third.write(increment(1))
    fourth.take(tail)
    const builtOn = fourth.write(increment(10))
    rig.expire(third)
    rig.contactAll(fourth, first)
    assert.deepEqual(first.take(tail, builtOn), ['staged', 'staged'])
    first.waits = true
    first.contact()
    for (const kind of ['view', 'report'] as const) {
      const request = first.asked.at(-1)
      assert.equal(request?.kind, kind)
      assert.equal(first.replica.value, 0, 'it may be lost with its only other holder')
      first.step({ kind: 'answer', answer: rig.answer(request) })
    }
    assert.equal(first.replica.value, 11)
    first.waits = false
    rig.expire(fourth)
    rig.contactAll(second, first)
    second.contact()
    second.take(tail, builtOn)
    rig.contactAll(second, first)
    rig.closeEpoch()
    rig.contactAll(second, first)
    assert.equal(rig.space.epoch, 1)
    assert.deepEqual([first.replica.value, second.replica.value], [11, 11])
  })

  it('is not held any more where it does not decode, and shown only once it is reported again', () => {
    const rig = new Rig()
    const [first, , third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const tail = third.write(increment(1))
    fourth.take(tail)
    rig.expire(third)
    rig.contactAll(fourth, first)
    first.take(tail)
    const { replica } = first
    const apply = replica.apply.bind(replica)
    Object.assign(replica, { apply: () => 'damaged' })
    first.waits = true
    first.contact()
    const answer = (): void =>
      first.step({ kind: 'answer', answer: rig.answer(first.asked.at(-1)!) })
    for (const held of [1, 0]) {
      answer()
      const request = first.asked.at(-1)
      assert.deepEqual(request?.kind === 'report' && request.held.map((each) => each.held), [held])
    }
    Object.assign(replica, { apply })
    assert.deepEqual(first.take(tail), ['staged'])
    assert.equal(replica.value, 0, 'the group is told that it is not held')
    answer()
    assert.equal(replica.value, 0)
    answer()
    assert.equal(replica.value, 1)
  })
})

describe('an answer', () => {
  it('brings of who is in sealing what is held, and nothing from beyond a gap', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const [one, two, three] = [increment(1), increment(10), increment(100)].map((operation) =>
      third.write(operation),
    ) as [SmallBatch, SmallBatch, SmallBatch]
    second.take(one, two, three)
    const other = first.write(increment(1000))
    rig.expire(third)
    rig.contactAll(second, first)
    assert.deepEqual(first.take(one, three), ['staged', 'staged'])
    const asked = (sizeMax: number): readonly SmallBatch[] | undefined =>
      first.core.replica?.batchesAfter(fourth.replica.vector, sizeMax, [third.id])?.batches
    assert.deepEqual(asked(Infinity), [one, other])
    first.take(two)
    assert.deepEqual(asked(Infinity), [one, two, three, other])
    assert.deepEqual(asked(one.size), [one], 'within a size, what comes first of it')
  })
})

describe('the first batch of a life', () => {
  it('waits for the end of the life before, whatever it builds on', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    first.contact()
    for (let i = 0; i < 2; i++) third.contact('back')
    third.beginFrom(first)
    third.contact('back')
    const batch = { ...third.write(increment(1)), dependencies: [] }
    for (const epoch of [0, batch.epoch]) {
      assert.deepEqual(second.take({ ...batch, epoch }), ['held-back'])
    }
    rig.contactAll(second)
    assert.deepEqual(second.take(batch), ['applied'])
  })
})

describe('a snapshot that holds what a seal has cut', () => {
  it('is not gone on with, also where members are as far behind', () => {
    const rig = new Rig()
    const [first, second, third, behind] = [rig.join(), rig.join(), rig.join(), rig.join()]
    third.write(increment(7))
    const joiner = rig.newcomer()
    joiner.contact()
    joiner.beginFrom(third)
    rig.expire(third)
    rig.contactAll(first, second, behind)
    rig.closeEpoch()
    rig.contactAll(first, second)
    // So a snapshot of this epoch is no reason yet to take another.
    assert.equal(behind.replica.epoch, joiner.replica.epoch)
    joiner.contact()
    assert.equal(joiner.core.replica, undefined)
    joiner.beginFrom(behind)
    joiner.contact()
    assert.equal(joiner.core.status, 'active')
    assert.equal(joiner.replica.value, 0)
  })
})
