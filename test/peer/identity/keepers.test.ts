import { strict as assert } from 'node:assert'
import { readySeals } from '#peer/identity/core/seal-rule.ts'
import { increment, Rig, type RigMember } from './rig.ts'

/** Three keepers and a writer who is none. */
function withKeepers(): {
  rig: Rig
  keepers: [RigMember, RigMember, RigMember]
  writer: RigMember
} {
  const rig = new Rig()
  const keepers: [RigMember, RigMember, RigMember] = [rig.join(), rig.join(), rig.join()]
  const writer = rig.join()
  for (const keeper of keepers) rig.appoint(keeper)
  rig.contactAll(...keepers, writer)
  return { rig, keepers, writer }
}

function flush(writer: RigMember, replicas = 2): void {
  writer.step({ kind: 'flush', id: 1, replicas })
}

const isFlushed = (writer: RigMember): boolean => writer.ofKind('flushed').length > 0

describe('a write', () => {
  it('is acknowledged when enough keepers hold it, whoever else does', () => {
    const { rig, keepers, writer } = withKeepers()
    const [first, second] = keepers
    const bystander = rig.join()
    const batch = writer.write(increment(1))
    flush(writer)
    for (const member of [first, bystander]) {
      member.take(batch)
      writer.hear(member)
    }
    assert.equal(isFlushed(writer), false)
    second.take(batch)
    writer.hear(second)
    assert.equal(isFlushed(writer), true)
  })

  it('counts its author, if he is a keeper', () => {
    const { keepers } = withKeepers()
    const [first, second] = keepers
    const batch = first.write(increment(1))
    flush(first)
    second.take(batch)
    first.hear(second)
    assert.equal(isFlushed(first), true)
  })

  it('is not acknowledged by keepers that learnt of a change its author has not heard of', () => {
    const { rig, keepers, writer } = withKeepers()
    const [first, second, third] = keepers
    const incoming = rig.join()
    const batch = writer.write(increment(1))
    flush(writer)
    third.take(batch)
    writer.hear(third)
    rig.appoint(incoming, third)
    // The first knows of the change, and told the incoming one what it held before the batch came.
    rig.contactAll(first, second, incoming)
    incoming.hear(first)
    incoming.hear(second)
    first.take(batch)
    writer.hear(first)
    assert.equal(isFlushed(writer), false)
  })

  it('is not acknowledged by the keeper that goes, from the moment its author knows', () => {
    const { rig, keepers, writer } = withKeepers()
    const [first, , third] = keepers
    const incoming = rig.join()
    const batch = writer.write(increment(1))
    rig.appoint(incoming, third)
    rig.contactAll(first, third, writer)
    flush(writer)
    for (const keeper of [first, third]) {
      keeper.take(batch)
      writer.hear(keeper)
    }
    assert.equal(isFlushed(writer), false)
  })
})

describe('a write of a life that is over', () => {
  it('is held by nobody to whom it is over, and goes on being kept', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    third.write(increment(1))
    flush(third)
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    rig.contactAll(first, second)
    for (const member of [first, second]) third.hear(member)
    assert.equal(first.replica.vector.get(third.id), 'sealed')
    assert.equal(isFlushed(third), false)
    third.contact()
    assert.equal(third.ofKind('let-go').length, 0)
    assert.equal(third.ofKind('flush-void').length, 1)
    assert.equal(third.core.writes.redo.length, 1)
  })
})

describe('keepers', () => {
  it('that are missing keep seals open: two of three that may have acknowledged alone', () => {
    const { rig, keepers, writer } = withKeepers()
    const [first, second, third] = keepers
    const fourth = rig.join()
    const batch = writer.write(increment(1))
    flush(writer)
    for (const keeper of [second, third]) {
      keeper.take(batch)
      writer.hear(keeper)
    }
    assert.equal(isFlushed(writer), true)
    for (const gone of [second, third, writer]) rig.expire(gone)
    rig.contactAll(first, fourth)
    rig.closeEpoch()
    assert.equal(rig.space.epoch, 0, 'what only they hold would be cut')
    second.contact('back')
    assert.ok(rig.space.isMember(second.id))
    rig.contactAll(first, fourth)
    for (const member of [first, fourth]) member.take(batch)
    rig.contactAll(first, fourth)
    second.contact('back')
    assert.ok(
      readySeals(rig.space).some(
        ({ incarnation, last }) => incarnation === writer.id && last === 1,
      ),
    )
  })

  it('that are fewer than there are to be are said to be so', () => {
    const { rig, keepers } = withKeepers()
    const [first, second, third] = keepers
    const viewOf = (member: RigMember): boolean => {
      const answer = rig.control.view({ kind: 'view', space: 'space', member: member.id, epoch: 0 })
      assert.ok(answer.kind === 'view')
      return answer.view.keepers.isUnderReplicated
    }
    assert.equal(viewOf(first), false)
    rig.expire(third)
    assert.equal(viewOf(second), true)
  })

  it('change one at a time', () => {
    const { rig, keepers } = withKeepers()
    const [first, second] = keepers
    const [incoming, another] = [rig.join(), rig.join()]
    assert.equal(rig.appoint(incoming, first).kind, 'done')
    assert.equal(rig.appoint(incoming, first).kind, 'done', 'a repeated command')
    const answer = rig.appoint(another, second)
    assert.ok(answer.kind === 'refused' && answer.reason === 'change-under-way')
    assert.deepEqual(
      rig.space.keepers.keepers,
      keepers.map(({ id }) => id),
    )
  })

  it('count once they hold what enough of the others held when these had learnt of the change', () => {
    const { rig, keepers, writer } = withKeepers()
    const [first, second, third] = keepers
    const incoming = rig.join()
    const batch = writer.write(increment(1))
    for (const keeper of keepers) keeper.take(batch)
    rig.appoint(incoming, third)
    // What they said before they knew of the change does not count.
    incoming.hear(first)
    incoming.hear(second)
    incoming.contact()
    rig.contactAll(first, second)
    incoming.hear(first)
    incoming.contact()
    assert.deepEqual(rig.space.keepers.change?.incoming, incoming.id, 'it lacks the batch')
    incoming.take(batch)
    incoming.contact()
    assert.deepEqual(rig.space.keepers.change?.incoming, incoming.id, 'it heard of one only')
    incoming.hear(second)
    incoming.contact()
    assert.equal(rig.space.keepers.change, undefined)
    assert.deepEqual(rig.space.keepers.keepers, [first.id, second.id, incoming.id])
  })

  it('say nothing of all that they held by telling of one origin', () => {
    const { rig, keepers, writer } = withKeepers()
    const [first, second, third] = keepers
    const incoming = rig.join()
    for (const keeper of [first, second]) incoming.hear(keeper)
    const batch = writer.write(increment(1))
    for (const keeper of keepers) keeper.take(batch)
    rig.appoint(incoming, third)
    rig.contactAll(first, second, incoming)
    for (const keeper of [first, second]) {
      const { sender, isMember, epoch, settled, keepersVersion } = keeper.core.statement()!
      const held = { origin: incoming.id, last: 0 }
      incoming.step({
        kind: 'held',
        held: { sender, isMember, epoch, settled, keepersVersion, ...held },
      })
    }
    incoming.contact()
    assert.ok(rig.space.keepers.change?.incoming === incoming.id, 'they hold more by now')
    for (const keeper of [first, second]) incoming.hear(keeper)
    incoming.take(batch)
    incoming.contact()
    assert.equal(rig.space.keepers.change, undefined)
  })

  it('that are to come and go themselves are called off', () => {
    const { rig, keepers } = withKeepers()
    const incoming = rig.join()
    rig.appoint(incoming, keepers[2])
    rig.expire(incoming)
    rig.contactAll(...keepers, rig.members[3]!)
    rig.closeEpoch()
    assert.equal(rig.space.keepers.change, undefined)
  })

  it('are replaced by an operator’s word, which names what may be lost', () => {
    const { rig, keepers, writer } = withKeepers()
    const [first, second, third] = keepers
    const answer = rig.apply({
      ...{ kind: 'replace-keepers', space: 'space', keepers: [first.id, writer.id] },
    })
    assert.ok(answer.kind === 'replaced')
    assert.deepEqual(answer.dropped, [second.id, third.id])
    assert.ok(answer.mayLose.includes(writer.id))
    assert.equal(rig.space.wordsGiven, 1)
  })
})
