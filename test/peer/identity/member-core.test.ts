import { strict as assert } from 'node:assert'
import { nameOf } from '#peer/identity/core/incarnation.ts'
import { add, increment, remove, Rig, type RigMember } from './rig.ts'

/** Hears that its life is over, and begins another from what `other` has. */
function comeBack(member: RigMember, other: RigMember): void {
  for (let i = 0; i < 2; i++) member.contact('back')
  member.beginFrom(other)
  member.contact('back')
  assert.equal(member.core.status, 'active')
}

describe('a member of a space', () => {
  it('begins with nothing where nobody has been, and from a snapshot where somebody is', () => {
    const rig = new Rig()
    const first = rig.join()
    first.write(increment(3))
    const second = rig.join()
    assert.equal(second.replica.value, 3)
    assert.deepEqual(rig.space.members().map(nameOf), ['0.1', '1.1'])
  })

  it('shows and says nothing as a joiner, and counts for nobody', () => {
    const rig = new Rig({ durability: 1 })
    const [first, second] = [rig.join(), rig.join()]
    rig.appoint(second)
    first.contact()
    const joiner = rig.newcomer()
    joiner.contact()
    joiner.beginFrom(first)
    assert.equal(joiner.core.offer('snapshot'), undefined)
    assert.equal(joiner.core.offer('state'), undefined)
    const batch = first.write(increment(1))
    joiner.take(batch)
    second.take(batch)
    // Its log would be dropped if the joiner stood for a member, but for the second, who has not spoken.
    first.hear(joiner)
    first.contact()
    assert.equal(first.core.replica?.usage.kept, 1)
    first.hear(second)
    first.contact()
    assert.equal(first.core.replica?.usage.kept, 0)
  })

  it('does not take the word of a joiner for that of a keeper', () => {
    const rig = new Rig({ keepers: 1, durability: 1 })
    const [first, second] = [rig.join(), rig.join()]
    rig.apply({ kind: 'replace-keepers', space: 'space', keepers: [second.id] })
    rig.contactAll(first, second)
    const batch = first.write(increment(1))
    first.step({ kind: 'flush', id: 1, replicas: 1 })
    second.take(batch)
    const statement = second.core.statement()
    assert.ok(statement !== undefined)
    first.step({ kind: 'statement', statement: { ...statement, isMember: false } })
    assert.equal(first.ofKind('flushed').length, 0)
    first.step({ kind: 'statement', statement })
    assert.equal(first.ofKind('flushed').length, 1)
  })

  it('stages what a seal may cut, shows it when the seal closed, and refuses the rest', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const batches = [1, 2, 3].map((n) => third.write(increment(n)))
    first.take(batches[0]!, batches[1]!)
    rig.expire(third)
    rig.contactAll(first, second)
    assert.deepEqual(second.take(batches[0]!, batches[1]!, batches[2]!), [
      ...['staged', 'staged', 'fenced'],
    ])
    assert.equal(second.replica.value, 0)
    rig.contactAll(second, first)
    rig.closeEpoch()
    rig.contactAll(first, second)
    assert.equal(second.replica.value, 3)
    assert.deepEqual(second.take(batches[2]!), ['duplicate'])
    assert.equal(first.replica.fingerprint(), second.replica.fingerprint())
  })

  it('reports all that is in sealing at once', () => {
    const rig = new Rig()
    const [first] = [rig.join(), rig.join()]
    const leavers = [rig.join(), rig.join(), rig.join()]
    for (const leaver of leavers) rig.expire(leaver)
    first.waits = true
    first.contact()
    const [look] = first.asked
    first.step({ kind: 'answer', answer: rig.answer(look!) })
    const reports = first.asked.flatMap((request) => (request.kind === 'report' ? [request] : []))
    assert.deepEqual(
      reports.map(({ held }) => held.length),
      [leavers.length],
    )
  })

  it('lifts no fence by an answer that comes late', () => {
    const rig = new Rig()
    const [first, , third] = [rig.join(), rig.join(), rig.join()]
    const epoch = first.replica.epoch
    const early = rig.control.view({ kind: 'view', space: 'space', member: first.id, epoch })
    rig.expire(third)
    first.contact()
    assert.deepEqual([...first.core.replica!.book.fenced], [third.id])
    first.step({ kind: 'answer', answer: early })
    assert.deepEqual([...first.core.replica!.book.fenced], [third.id])
    assert.match(first.ofKind('ignored').at(-1)!.reason, /late/)
  })

  it('keeps the snapshot that it has spoken of to the group', () => {
    const rig = new Rig()
    const [first] = [rig.join(), rig.join()]
    const joiner = rig.newcomer()
    joiner.contact()
    joiner.beginFrom(first)
    joiner.waits = true
    joiner.contact()
    joiner.step({ kind: 'answer', answer: rig.answer(joiner.asked[0]!) })
    assert.equal(joiner.asked.at(-1)?.kind, 'activate')
    first.write(increment(5))
    joiner.beginFrom(first)
    assert.equal(joiner.replica.value, 0)
    // The command arrives, its answer does not: the next contact tells.
    rig.answer(joiner.asked.at(-1)!)
    joiner.waits = false
    joiner.contact()
    assert.equal(joiner.core.status, 'active')
  })

  it('takes another snapshot when a seal has cut what the first one holds', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const lost = third.write(increment(7))
    const joiner = rig.newcomer()
    joiner.contact()
    joiner.beginFrom(third)
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    rig.contactAll(first, second)
    joiner.contact()
    assert.equal(joiner.core.replica, undefined)
    joiner.beginFrom(first)
    joiner.contact()
    assert.equal(joiner.core.status, 'active')
    assert.deepEqual(joiner.take(lost), ['duplicate'])
    assert.equal(joiner.replica.value, 0)
  })

  it('refuses a state that shows what a seal may cut, that comes from a fenced sender, or skips epochs', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const batch = third.write(increment(1))
    rig.expire(third)
    first.contact()
    first.joinStateOf(third)
    assert.match(first.ofKind('ignored').at(-1)!.reason, /in sealing/)
    second.take(batch)
    first.joinStateOf(second)
    assert.match(first.ofKind('ignored').at(-1)!.reason, /may cut/)
    assert.equal(first.replica.value, 0)
    rig.contactAll(second, fourth, first)
    first.take(batch)
    fourth.take(batch)
    rig.contactAll(first, fourth, second)
    rig.closeEpoch()
    rig.contactAll(second)
    const offer = second.core.offer('state')!
    fourth.step({ kind: 'state', offer: { ...offer, records: [] } })
    assert.match(fourth.ofKind('ignored').at(-1)!.reason, /skips an epoch/)
    fourth.step({ kind: 'state', offer })
    assert.equal(fourth.replica.epoch, 1)
  })

  it('refuses a state that holds what a seal has cut', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const batch = third.write(increment(1))
    fourth.take(batch)
    const stale = fourth.core.offer('state')!
    rig.expire(third)
    rig.expire(fourth)
    rig.contactAll(first, second)
    first.waits = second.waits = true
    rig.closeEpoch()
    const records = [...rig.space.records]
    first.step({ kind: 'records', records })
    first.step({ kind: 'state', offer: { ...stale, records: [] } })
    assert.match(first.ofKind('ignored').at(-1)!.reason, /sealed|cut/)
    assert.equal(first.replica.value, 0)
  })

  it('drops what is staged on an update that was cut', () => {
    const rig = new Rig()
    const [first, second, witness] = [rig.join(), rig.join(), rig.join()]
    const [third, fourth] = [rig.join(), rig.join()]
    const plain = fourth.write(increment(1))
    const cut = third.write(increment(1))
    fourth.take(cut)
    const orphan = fourth.write(increment(10))
    witness.take(plain, cut, orphan)
    first.take(plain)
    rig.expire(fourth)
    rig.contactAll(witness, first, second)
    assert.deepEqual(first.take(orphan), ['staged'], 'the witness holds so much')
    rig.expire(witness)
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    assert.equal(rig.space.sealingOf(third.id), undefined, 'cut at nothing')
    first.contact()
    assert.equal(first.replica.epoch, 1)
    assert.equal(first.core.replica?.held(fourth.id), 1)
    assert.equal(first.core.replica.usage.staged, 0)
  })

  it('keeps where lives ended for as long as a member is behind', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const cut = third.write(increment(1))
    rig.expire(third)
    rig.contactAll(first, second, fourth)
    rig.closeEpoch()
    rig.contactAll(first, second)
    assert.equal(
      first.core.replica?.book.limit(third.id),
      0,
      'the fourth has not entered the epoch',
    )
    assert.deepEqual(first.take(cut), ['duplicate'])
    rig.contactAll(fourth)
    rig.contactAll(first)
    assert.equal(first.core.replica?.book.limit(third.id), undefined)
  })

  it('sends its reports again until the group has them', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    rig.expire(third)
    first.waits = true
    first.contact()
    first.step({ kind: 'answer', answer: rig.answer(first.asked[0]!) })
    assert.equal(first.asked[1]?.kind, 'report')
    first.waits = false
    rig.contactAll(second)
    rig.closeEpoch()
    assert.equal(rig.space.epoch, 0, 'the first report was lost')
    rig.contactAll(first)
    rig.closeEpoch()
    assert.equal(rig.space.epoch, 1)
  })

  it('tells what it has settled once nothing goes on any more, and then no more', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    rig.contactAll(first, second)
    first.hear(second)
    second.hear(first)
    // What they settle with the next answer is news to the group, and no seal will have them report.
    rig.contactAll(first, second)
    rig.contactAll(first, second)
    assert.deepEqual([rig.space.epoch, rig.space.settledFloor()], [1, 1])
    first.waits = true
    first.contact()
    assert.deepEqual(
      first.asked.map(({ kind }) => kind),
      ['view'],
    )
    first.step({ kind: 'answer', answer: rig.answer(first.asked[0]!) })
    assert.equal(first.asked.length, 1)
  })

  it('does not wait with that because another has just told the same', () => {
    const rig = new Rig()
    const [gone, ...others] = [rig.join(), rig.join(), rig.join(), rig.join(), rig.join()]
    rig.expire(gone)
    rig.contactAll(...others)
    rig.closeEpoch()
    rig.contactAll(...others)
    for (const one of others) for (const other of others) if (one !== other) one.hear(other)
    rig.contactAll(...others)
    rig.contactAll(...others)
    assert.deepEqual([rig.space.epoch, rig.space.settledFloor()], [1, 1])
  })

  it('that is back before its seal closed goes on, and others lift the fence', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    rig.expire(third)
    rig.contactAll(first, second)
    third.contact('another session')
    assert.equal(third.core.status, 'active')
    const batch = third.write(increment(2))
    rig.contactAll(first)
    assert.deepEqual(first.take(batch), ['applied'])
  })
})

describe('a seal that is cancelled', () => {
  it('leaves staged what was reported as held: others may count on it', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const batches = [third.write(increment(1)), third.write(increment(2))]
    first.take(...batches)
    rig.expire(third)
    rig.contactAll(first, second)
    // The second lacks the first batch of two, so what it stages cannot be applied yet.
    assert.deepEqual(second.take(batches[1]!), ['staged'])
    third.contact('back')
    second.contact()
    assert.equal(second.core.replica?.usage.staged, 1)
    second.take(batches[0]!)
    assert.equal(second.replica.value, 3)
  })
})

describe('operations that a seal has cut', () => {
  it('are issued again: own updates are replaced, stamps are kept, what is in stays in', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const kept = third.write(add('kept'))
    first.take(kept)
    second.take(kept)
    const lost = [third.write(add('x')), third.write(remove('x')), third.write(add('y'))]
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    rig.contactAll(first, second)
    comeBack(third, first)
    assert.deepEqual(
      third.reissued.map(({ operation, stamp }) => [operation.kind, operation.element, stamp]),
      lost.map(({ body: [update] }) => {
        const { kind, element, id } = update!.operation
        return [kind, element, id * 10]
      }),
    )
    const [, removal] = third.reissued
    assert.deepEqual(removal!.observed, [{ origin: third.id, seq: 1 }])
    assert.deepEqual(
      third.replica.tags().map((tag) => tag.split(' ')[1]),
      ['kept', 'y'],
    )
  })

  it('wait for what they acted on, and then take it out', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const seen = fourth.write(add('x'))
    third.take(seen)
    third.write(remove('x'))
    rig.expire(third)
    rig.contactAll(first, second, fourth)
    rig.closeEpoch()
    rig.contactAll(first, second)
    comeBack(third, first)
    assert.equal(third.reissued.length, 0)
    third.take(seen)
    assert.equal(third.reissued.length, 1)
    assert.deepEqual(third.replica.tags(), [])
  })

  it('go without what does not come, once their patience ends', () => {
    const rig = new Rig()
    const limits = { reissueTicks: 2 }
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(limits), rig.join()]
    third.take(fourth.write(add('x')))
    third.write(remove('x'))
    rig.expire(third)
    rig.contactAll(first, second, fourth)
    rig.closeEpoch()
    rig.contactAll(first, second)
    comeBack(third, first)
    for (let i = 0; i < 3; i++) third.step({ kind: 'tick' })
    assert.deepEqual(third.reissued[0]?.observed, [])
  })

  it('have an unknown outcome once the grave is gone', () => {
    const rig = new Rig({ limits: { graveMs: 1_000 } })
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    third.write(increment(1))
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    rig.nowMs = 2_000
    rig.contactAll(first, second)
    rig.closeEpoch()
    third.contact()
    assert.equal(third.ofKind('outcome-unknown')[0]?.intents.length, 1)
    assert.equal(third.reissued.length, 0)
  })
})
