import { strict as assert } from 'node:assert'
import { slotOf } from '@joinery/crdt-objects/engine'
import type { ControlAnswer, MemberCommand } from '#peer/identity/core/control-contract.ts'
import { decodeControlState, encodeControlState } from '#peer/identity/core/control-codec.ts'
import { readySeals } from '#peer/identity/core/seal-rule.ts'
import { increment, Rig, type RigMember } from './rig.ts'

const space = 'space'

function reasonOf(answer: ControlAnswer): string {
  return answer.kind === 'refused' ? answer.reason : answer.kind
}

function dissolve(rig: Rig, member: RigMember, number = 100): ControlAnswer {
  const { epoch } = rig.space
  const command = { kind: 'dissolve', space, member: member.id, number, epoch } as const
  return rig.apply(command satisfies MemberCommand)
}

function leave(rig: Rig, member: RigMember): ControlAnswer {
  return rig.apply({ kind: 'leave', space, member: member.id })
}

describe('a new member', () => {
  it('is a keeper at once where there are to be more, and no change is under way', () => {
    const rig = new Rig({ keepers: 2, durability: 1 })
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    assert.deepEqual(rig.space.keepers.keepers, [first.id, second.id])
    rig.appoint(third, first)
    const { version } = rig.space.keepers
    rig.apply({ kind: 'replace-keepers', space, keepers: [first.id] })
    rig.appoint(third, first)
    rig.join()
    assert.deepEqual(rig.space.keepers.keepers, [first.id], 'one change at a time')
    assert.equal(rig.space.keepers.version, version + 2)
  })

  it('is known to stay if it says so when it leases', () => {
    const rig = new Rig()
    const lease = { kind: 'lease', space, session: 'a', request: 1 } as const
    rig.apply({ ...lease, isStable: true })
    rig.apply({ ...lease, request: 2 })
    const { control } = rig
    const { slots } = decodeControlState(encodeControlState(control)).spaceByName.get(space)!
    assert.deepEqual(
      slots.map(({ isStable }) => isStable),
      [true, false],
    )
  })
})

describe('a member that gives the space up', () => {
  it('leaves a new generation behind, if it is the only one that may have anything', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    assert.equal(reasonOf(dissolve(rig, first)), 'not-its-time')
    rig.apply({ kind: 'start-seal', space, member: second.id })
    assert.equal(reasonOf(dissolve(rig, first, 101)), 'not-its-time', 'it may come back')
    const third = rig.join()
    rig.contactAll(first, third)
    rig.closeEpoch()
    leave(rig, third)
    rig.join()
    assert.equal(rig.space.generation, 1)
  })

  it('goes on where it is refused, and can retire', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    assert.equal(reasonOf(dissolve(rig, first, Number.MAX_SAFE_INTEGER)), 'not-its-time')
    first.step({ kind: 'retire', ticks: 100 })
    second.hear(first)
    first.hear(second)
    first.contact()
    second.contact()
    assert.equal(rig.space.sealingOf(first.id)?.claimed, 0)
  })

  it('has left when it hears first from another that it is sealed', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    first.step({ kind: 'retire', ticks: 100 })
    second.hear(first)
    first.hear(second)
    first.contact()
    assert.equal(first.core.status, 'retiring')
    rig.contactAll(second)
    rig.closeEpoch()
    first.step({ kind: 'sealed-elsewhere' })
    assert.equal(first.core.status, 'retiring')
    first.contact()
    assert.equal(first.core.status, 'left')
  })

  it('waits for nobody whose session has ended', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    rig.expire(second)
    const answer = dissolve(rig, first)
    assert.ok(answer.kind === 'view' && answer.view.standing.status === 'sealed')
    assert.deepEqual([rig.space.generation, rig.space.usedSlots], [2, 0])
  })

  it('takes whoever is about to join along, to begin with nothing', () => {
    const rig = new Rig()
    const first = rig.join()
    const joiner = rig.newcomer()
    joiner.contact()
    const answer = dissolve(rig, first)
    assert.ok(answer.kind === 'view' && answer.view.standing.status === 'sealed')
    assert.equal(rig.space.generation, 2)
    assert.equal(rig.space.usedSlots, 0)
    assert.equal(reasonOf(dissolve(rig, first, 101)), 'view', 'a repeated command')
    assert.equal(rig.space.generation, 2)
    joiner.contact()
    joiner.contact()
    joiner.contact()
    assert.equal(joiner.core.status, 'active')
  })

  it('does not while it has only leased', () => {
    const rig = new Rig()
    const lease = { kind: 'lease', space, session: 'a', request: 1 } as const
    const leased = rig.apply(lease)
    assert.ok(leased.kind === 'leased')
    const { member } = leased
    const command = { kind: 'dissolve', space, member, number: 1, epoch: 0 } as const
    assert.equal(reasonOf(rig.apply(command)), 'not-its-time')
    assert.equal(rig.space.generation, 1)
  })
})

describe('a member that is gone', () => {
  it('is sealed on its own word, and what it asked for before and comes late does not bring it back', () => {
    const rig = new Rig()
    const [, , third] = [rig.join(), rig.join(), rig.join()]
    assert.equal(leave(rig, third).kind, 'done')
    const { round, isForBlocking } = rig.space.sealingOf(third.id)!
    assert.equal(isForBlocking, false)
    assert.equal(leave(rig, third).kind, 'done')
    assert.equal(rig.space.sealingOf(third.id)!.round, round, 'once, however often it is said')
    third.contact()
    assert.equal(rig.space.isMember(third.id), false)
    assert.equal(rig.space.slotOf(third.id)!.isAbandoned, true)
    rig.space.check()
  })

  it('on the word that its session has ended may come back before that', () => {
    const rig = new Rig()
    const [, , third] = [rig.join(), rig.join(), rig.join()]
    rig.expire(third)
    third.contact('another session')
    assert.ok(rig.space.isMember(third.id))
    assert.equal(rig.space.slotOf(third.id)!.isAbandoned, false)
  })

  it('gives up for good while it only joins, too', () => {
    const rig = new Rig()
    const first = rig.join()
    const joiner = rig.newcomer()
    joiner.contact()
    joiner.beginFrom(first)
    joiner.waits = true
    joiner.contact()
    leave(rig, joiner)
    for (const late of joiner.asked) rig.answer(late)
    assert.equal(rig.space.slotOf(joiner.id)?.isActive, false)
    rig.space.check()
  })

  it('is sealed at the next beat if it never was a member', () => {
    const rig = new Rig()
    rig.join()
    const joiner = rig.newcomer()
    joiner.contact()
    leave(rig, joiner)
    assert.deepEqual(readySeals(rig.space), [{ incarnation: joiner.id, last: 0 }])
    rig.closeEpoch()
    assert.equal(leave(rig, joiner).kind, 'done', 'nobody is there any more')
  })

  it('and was the last is sealed as soon as there is another', () => {
    const rig = new Rig()
    const first = rig.join()
    const joiner = rig.newcomer()
    joiner.contact()
    joiner.beginFrom(first)
    rig.expire(first)
    assert.ok(rig.space.isMember(first.id), 'the last is not sealed')
    assert.ok(rig.space.isDeserted)
    joiner.contact()
    assert.equal(joiner.core.status, 'active')
    assert.equal(rig.space.isMember(first.id), false)
    assert.equal(rig.space.isDeserted, false)
    rig.space.check()
  })

  it('and was the last is sealed when another comes back from its own seal', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    rig.expire(second)
    rig.expire(first)
    assert.ok(rig.space.isDeserted)
    second.contact('back')
    assert.ok(rig.space.isMember(second.id))
    assert.equal(rig.space.isMember(first.id), false)
  })

  it('and comes back as the last goes on as if nothing had been', () => {
    const rig = new Rig()
    const first = rig.join()
    rig.expire(first)
    first.contact('back')
    assert.equal(rig.space.isDeserted, false)
    rig.join()
    assert.ok(rig.space.isMember(first.id))
  })
})

describe('a holder in sealing', () => {
  it('is nobody who could go on with the space, while it is behind the epoch', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const lacking = fourth.write(increment(1))
    for (const member of [first, second]) member.take(lacking)
    // The second lacks it: so the seal of the third cannot close with the other.
    first.take(third.write(increment(10)))
    rig.apply({ kind: 'start-seal', space, member: third.id })
    rig.expire(fourth)
    rig.contactAll(first, second)
    rig.closeEpoch()
    assert.equal(rig.space.epoch, 1)
    for (const member of [first, second]) rig.expire(member)
    third.contact()
    assert.equal(third.replica.epoch, 0, 'it lacks what the fourth wrote')
    assert.ok(rig.space.isDeserted)
    third.take(lacking)
    third.contact()
    third.contact()
    assert.equal(third.core.status, 'active')
    assert.equal(rig.space.isDeserted, false)
    rig.space.check()
  })
})

describe('a space that ends', () => {
  it('does so only if nothing has changed since its leader looked, or on somebody’s word', () => {
    const rig = new Rig()
    const { revision } = rig.space
    rig.newcomer().contact()
    for (const kind of ['declare-lost', 'end-space'] as const) {
      assert.equal(reasonOf(rig.apply({ kind, space, revision })), 'not-its-time')
    }
    assert.equal(rig.space.generation, 1)
    assert.equal(rig.apply({ kind: 'end-space', space }).kind, 'done')
    assert.equal(rig.control.spaceByName.size, 0)
  })

  it('is never taken for a later one of its name: no life has the id of one before', () => {
    const rig = new Rig()
    const first = rig.join()
    rig.join()
    rig.apply({ kind: 'end-space', space })
    rig.apply({ kind: 'swept', space, generation: 1 })
    rig.apply({ kind: 'found', space, keepers: 3, durability: 2 })
    first.contact()
    first.contact()
    const fresh = decodeControlState(encodeControlState(rig.control)).spaceByName.get(space)!
    assert.equal(fresh.generation, 2)
    assert.equal(fresh.firstSlot, 2)
    assert.equal(fresh.epoch, 1, 'no vector of the one before takes its lives for sealed')
    assert.equal(slotOf(first.id), 2, 'it has heard that its life is over, and has another')
    assert.equal(first.core.status, 'active')
  })
})

describe('what a member is told', () => {
  it('of records is what one answer takes, and the rest when it has come so far', () => {
    const rig = new Rig()
    const first = rig.join()
    const seals = Array.from({ length: 4_000 }, () => ({ incarnation: 1n, last: 0 }))
    for (let epoch = 1; epoch <= 9; epoch++) rig.space.records.push({ epoch, seals, born: [] })
    rig.space.epoch = 9
    const recordsFrom = (epoch: number): number[] => {
      const answer = rig.control.view({ kind: 'view', space, member: first.id, epoch })
      assert.ok(answer.kind === 'view')
      return answer.view.records.map((record) => record.epoch)
    }
    assert.deepEqual(recordsFrom(0), [1, 2, 3, 4])
    assert.deepEqual(recordsFrom(4), [5, 6, 7, 8])
    assert.deepEqual(recordsFrom(8), [9])
  })
})
