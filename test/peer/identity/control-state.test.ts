import { strict as assert } from 'node:assert'
import { packReplica, slotOf } from '@joinery/crdt-objects/engine'
import type {
  ControlAnswer,
  ControlReply,
  MemberCommand,
} from '#peer/identity/core/control-contract.ts'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { blockersOf, readySeals } from '#peer/identity/core/seal-rule.ts'
import { increment, Rig, type RigMember } from './rig.ts'

const space = 'space'

function reasonOf(answer: ControlAnswer | ControlReply): string {
  return answer.kind === 'refused' ? answer.reason : answer.kind
}

/** What a member holds of another in sealing, for its command `number`. */
function report(
  rig: Rig,
  by: RigMember,
  of: RigMember,
  held: number,
  number: number,
): MemberCommand {
  const { round } = rig.space.sealingOf(of.id)!
  const reports = [{ incarnation: of.id, round, held }]
  const { epoch } = rig.space
  return { kind: 'report', space, member: by.id, number, epoch, held: reports, settled: 0 }
}

describe('leases and membership', () => {
  it('gives the same lease to who asks again, and another to who asks for another', () => {
    const control = new ControlState({ slotsMax: 2 })
    control.apply({ kind: 'found', space, keepers: 1, durability: 1 }, 0)
    const lease = (request: number): ControlReply =>
      control.apply({ kind: 'lease', space, session: 'a', request }, 0)
    const [first, again, other] = [lease(1), lease(1), lease(2)]
    assert.ok(first.kind === 'leased' && again.kind === 'leased' && other.kind === 'leased')
    assert.equal(first.member, again.member)
    assert.notEqual(first.member, other.member)
    assert.equal(reasonOf(lease(3)), 'no-free-slot')
  })

  it('takes what a session leases anew for the end of what it was before, and no late request for either', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    const { session } = second
    const lease = (request: number) => rig.apply({ kind: 'lease', space, session, request })
    const again = lease(7)
    assert.ok(again.kind === 'leased')
    assert.notEqual(again.member, second.id)
    assert.equal(rig.space.isMember(second.id), false)
    assert.equal(rig.space.slotOf(second.id)!.isAbandoned, true)
    second.contact()
    assert.equal(rig.space.isMember(second.id), false, 'and for good')
    const leases = rig.space.usedSlots
    assert.equal(reasonOf(lease(0)), 'not-its-time')
    const repeated = lease(7)
    assert.ok(repeated.kind === 'leased')
    assert.equal(repeated.member, again.member)
    assert.equal(rig.space.usedSlots, leases)
    assert.ok(rig.space.isMember(first.id))
    rig.space.check()
  })

  it('numbers each life after the epoch, and names in its record who outlasts that', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.newcomer()]
    third.contact()
    const [slot, old] = [slotOf(third.id), third.id]
    rig.apply({ kind: 'leave', space, member: old })
    rig.apply({ kind: 'close-epoch', space })
    assert.deepEqual(rig.space.records[0], {
      ...{ epoch: 1, seals: [{ incarnation: old, last: 0 }] },
      born: [first.id, second.id],
    })
    const leased = rig.apply({ kind: 'lease', space, session: 'later', request: 7 })
    const fresh = rig.apply({ kind: 'lease', space, session: 'later', request: 8 })
    assert.ok(leased.kind === 'leased' && fresh.kind === 'leased')
    assert.equal(leased.member, packReplica(slot, 2))
    assert.equal(fresh.member, packReplica(slot + 1, 2), 'a slot that nobody had, too')
    assert.deepEqual(rig.space.bornBefore(), [first.id, second.id])
  })

  it('leases nothing to a session that has ended', () => {
    const rig = new Rig()
    rig.apply({ kind: 'end-session', session: 'a' })
    assert.equal(
      reasonOf(rig.apply({ kind: 'lease', space, session: 'a', request: 1 })),
      'session-ended',
    )
  })

  it('makes a member only of who is in the current epoch and has fenced all that is in sealing', () => {
    const rig = new Rig()
    const [, , third] = [rig.join(), rig.join(), rig.join()]
    const joiner = rig.newcomer()
    joiner.contact()
    rig.expire(third)
    const { round } = rig.space.sealingOf(third.id)!
    const held = [{ incarnation: third.id, round, held: 0 }]
    const of = { space, member: joiner.id, number: 1, epoch: 0, settled: 0 }
    const activate = { kind: 'activate', ...of } as const
    assert.equal(reasonOf(rig.apply({ ...activate, held: [] })), 'not-its-time')
    assert.equal(reasonOf(rig.apply({ ...activate, epoch: 1, held })), 'not-its-time')
    assert.equal(reasonOf(rig.apply({ ...activate, held })), 'view')
    assert.ok(rig.space.isMember(joiner.id))
    const again = rig.apply({ ...activate, held })
    assert.ok(again.kind === 'view' && again.view.standing.status === 'active')
  })

  it('makes no member of who has settled less than all members have: they count on it', () => {
    const rig = new Rig()
    const [first, second, gone] = [rig.join(), rig.join(), rig.join()]
    const joiner = rig.newcomer()
    joiner.contact()
    rig.expire(gone)
    rig.contactAll(first, second)
    rig.closeEpoch()
    const { epoch } = rig.space
    assert.deepEqual([epoch, rig.space.settledFloor()], [1, 0])
    for (const { id } of [first, second]) {
      const of = { space, member: id, number: 1_000, epoch }
      rig.apply({ kind: 'report', ...of, held: [], settled: epoch })
    }
    assert.equal(rig.space.settledFloor(), epoch)
    const activate = { kind: 'activate', space, member: joiner.id, epoch, held: [] } as const
    const late = rig.apply({ ...activate, number: 1, settled: epoch - 1 })
    assert.equal(reasonOf(late), 'not-its-time')
    rig.apply({ ...activate, number: 2, settled: epoch })
    assert.ok(rig.space.isMember(joiner.id))
  })

  it('carries out nothing of a member that a later command of it has overtaken', () => {
    const rig = new Rig()
    const [first, , third] = [rig.join(), rig.join(), rig.join()]
    rig.expire(third)
    rig.apply(report(rig, first, third, 5, 100))
    rig.apply(report(rig, first, third, 7, 99))
    assert.equal(rig.space.sealingOf(third.id)?.heldByMember.get(first.id), 5)
  })

  it('never seals the last member, nor frees a slot before its seal closed', () => {
    const rig = new Rig()
    const first = rig.join()
    rig.expire(first)
    assert.ok(rig.space.isMember(first.id))
    assert.equal(
      reasonOf(rig.apply({ kind: 'start-seal', space, member: first.id })),
      'last-member',
    )
    const second = rig.join()
    rig.expire(second)
    const lease = rig.apply({ kind: 'lease', space, session: 'new', request: 1 })
    assert.ok(lease.kind === 'leased')
    assert.equal(lease.member, packReplica(2, 1))
  })

  it('seals at once, and at nothing, who never was a member', () => {
    const rig = new Rig()
    rig.join()
    const joiner = rig.newcomer()
    joiner.contact()
    rig.expire(joiner)
    assert.deepEqual(readySeals(rig.space), [{ incarnation: joiner.id, last: 0 }])
  })
})

describe('seals', () => {
  it('need the word of two members besides the sealed one', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    rig.expire(second)
    rig.contactAll(first)
    assert.deepEqual(readySeals(rig.space), [])
    const third = rig.join()
    rig.contactAll(first, third)
    assert.equal(readySeals(rig.space).length, 1)
  })

  it('take no report of a sealing that was cancelled', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    rig.expire(third)
    const late = report(rig, second, third, 0, 1_000)
    third.contact('back')
    assert.equal(rig.space.sealingOf(third.id), undefined)
    third.write(increment(1))
    rig.apply({ kind: 'end-session', session: 'back' })
    rig.apply(late)
    assert.equal(rig.space.sealingOf(third.id)?.heldByMember.has(second.id), false)
    rig.contactAll(first)
    // It has lifted its fence, so nothing may close on what it said before.
    assert.deepEqual(readySeals(rig.space), [])
  })

  it('forget what a member reported before it was fenced itself', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const batch = fourth.write(increment(1))
    third.take(batch)
    rig.expire(fourth)
    rig.contactAll(first, second, third)
    assert.equal(rig.space.sealingOf(fourth.id)?.heldByMember.get(third.id), 1)
    rig.expire(third)
    assert.equal(rig.space.sealingOf(fourth.id)?.heldByMember.has(third.id), false)
  })

  it('let nobody back who would block again what he was sealed for blocking', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    const batch = fourth.write(increment(1))
    for (const member of [first, second]) member.take(batch)
    rig.expire(fourth)
    rig.contactAll(first, second, third)
    assert.deepEqual(blockersOf(rig.space, fourth.id), [third.id])
    rig.apply({ kind: 'start-seal', space, member: third.id })
    third.contact()
    assert.equal(rig.space.isMember(third.id), false)
    third.take(batch)
    third.contact()
    assert.ok(rig.space.isMember(third.id), 'it holds what it lacked')
  })

  it('close without what a retiring holder claimed once its session ended', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    third.contact()
    third.hear(first)
    third.step({ kind: 'retire', ticks: 10 })
    assert.equal(rig.space.sealingOf(third.id)?.claimed, 0)
    rig.expire(third)
    assert.equal(rig.space.sealingOf(third.id)?.claimed, undefined)
    assert.equal(rig.space.isMember(third.id), false)
    rig.contactAll(first, second)
    rig.closeEpoch()
    assert.equal(rig.space.epoch, 1)
  })

  it('wait while the table of records is full, but for those that hold the floor down', () => {
    const rig = new Rig({ limits: { recordsMax: 2 } })
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const sealOne = (): void => {
      const joiner = rig.newcomer()
      joiner.contact()
      rig.expire(joiner)
      rig.closeEpoch()
    }
    for (let i = 0; i < 3; i++) sealOne()
    assert.equal(rig.space.epoch, 2, 'the third waits')
    rig.expire(third)
    rig.contactAll(first, second)
    rig.closeEpoch()
    assert.equal(rig.space.epoch, 3)
    rig.contactAll(first, second)
    assert.equal(rig.space.records.length, 0)
  })

  it('leave graves, for a time and in a number', () => {
    const rig = new Rig({ limits: { graveMs: 1_000, gravesMax: 1 } })
    const [first, second] = [rig.join(), rig.join()]
    const leavers = [rig.join(), rig.join()]
    for (const leaver of leavers) {
      rig.expire(leaver)
      rig.contactAll(first, second, ...leavers.filter(({ core }) => core.status === 'active'))
      rig.closeEpoch()
      rig.contactAll(first, second)
    }
    assert.equal(rig.space.graveById.size, 1)
    rig.nowMs = 1_001
    rig.closeEpoch()
    assert.equal(rig.space.graveById.size, 0)
  })

  it('of a space that is lost are all at nothing, and a new generation begins with nothing', () => {
    const rig = new Rig()
    const [first, second] = [rig.join(), rig.join()]
    second.take(first.write(increment(4)))
    rig.apply({ kind: 'declare-lost', space })
    assert.equal(rig.space.generation, 2)
    const fresh = rig.newcomer()
    fresh.contact()
    fresh.contact()
    assert.equal(fresh.core.status, 'active')
    assert.equal(fresh.replica.value, 0)
    for (const old of [first, second]) old.contact()
    assert.equal(first.core.status, 'leasing')
    fresh.joinStateOf(fresh)
    assert.equal(fresh.replica.value, 0)
  })
})
