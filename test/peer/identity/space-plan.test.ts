import { strict as assert } from 'node:assert'
import type { ControlCommand } from '#peer/identity/core/control-contract.ts'
import { defaultSpacePlanSettings, SpacePlan, type SpaceStep } from '#peer/identity/space-plan.ts'
import { increment, Rig, type RigMember } from './rig.ts'

const settings = { ...defaultSpacePlanSettings, recordsMax: 256 }
const space = 'space'

/** A rig with the plan that its group's leader goes by; the longer nobody heard of it, the more silent a member is. */
class PlannedRig extends Rig {
  readonly plan = new SpacePlan(settings)
  readonly silentMsBySession = new Map<string, number>()

  /** A look after so much more time. */
  look(afterMs = 0): SpaceStep {
    this.nowMs += afterMs
    const silentMs = (session: string): number => this.silentMsBySession.get(session) ?? 0
    return this.plan.next(this.space, { nowMs: this.nowMs, agreedMs: this.nowMs, silentMs })
  }

  kinds(afterMs = 0): string[] {
    return this.look(afterMs).commands.map(({ kind }) => kind)
  }

  /** Carries out what a look asks for. */
  follow(afterMs = 0): readonly ControlCommand[] {
    const { commands } = this.look(afterMs)
    for (const command of commands) this.apply(command)
    return commands
  }

  /** A member that says that it is there to stay. */
  joinStable(): RigMember {
    const member = this.newcomer()
    const { session } = member
    const lease = { kind: 'lease', space, session, request: 0, isStable: true } as const
    this.apply(lease)
    member.contact()
    const [first] = this.members
    if (first !== undefined && first !== member) member.beginFrom(first)
    member.contact()
    assert.equal(member.core.status, 'active')
    return member
  }
}

describe('the plan for a space', () => {
  it('closes what is ready, no sooner than some time after the last', () => {
    const rig = new PlannedRig()
    const members = [rig.join(), rig.join(), rig.join(), rig.join()]
    const [first, second, third, fourth] = members as [RigMember, RigMember, RigMember, RigMember]
    rig.look()
    rig.expire(fourth)
    assert.deepEqual(rig.kinds(), [], 'nobody has reported')
    rig.contactAll(first, second, third)
    const [close] = rig.plan.glance(rig.space, rig.nowMs).commands
    assert.equal(close?.kind, 'close-epoch')
    assert.deepEqual(rig.plan.glance(rig.space, rig.nowMs).commands, [], 'once for a revision')
    rig.apply(close)
    rig.plan.glance(rig.space, rig.nowMs)
    const joiner = rig.newcomer()
    joiner.contact()
    rig.expire(joiner)
    assert.deepEqual(rig.plan.glance(rig.space, rig.nowMs + 499).commands, [])
    assert.deepEqual(rig.kinds(500), ['close-epoch'])
  })

  it('seals who blocks for too long, the silent first: one at a time, while fewer than two hold all', () => {
    const rig = new PlannedRig({ keepers: 1, durability: 1 })
    const members = Array.from({ length: 5 }, () => rig.join())
    const [first, second, third, fourth, fifth] = members
    rig.apply({ kind: 'replace-keepers', space, keepers: [first!.id] })
    rig.expire(fifth!)
    rig.contactAll(first!)
    rig.silentMsBySession.set(fourth!.session, 9_000).set(third!.session, 100)
    rig.look()
    assert.deepEqual(rig.kinds(4_999), [])
    assert.deepEqual(rig.follow(1), [{ kind: 'start-seal', space, member: fourth!.id }])
    assert.deepEqual(rig.kinds(), [], 'it may come back as one that does not')
    rig.contactAll(second!)
    assert.deepEqual(rig.look().commands, [{ kind: 'start-seal', space, member: third!.id }])
    rig.contactAll(third!, first!, second!)
    assert.deepEqual(rig.kinds(), ['close-epoch'], 'it has caught up')
  })

  it('fills up keepers, and replaces those that are gone and those that will not stay', () => {
    const rig = new PlannedRig({ keepers: 2, durability: 1 })
    const [first, second] = [rig.join(), rig.join()]
    assert.deepEqual(rig.follow(), [])
    const stable = rig.joinStable()
    assert.deepEqual(rig.follow(), [
      { kind: 'appoint-keeper', space, incoming: stable.id, outgoing: first.id },
    ])
    assert.deepEqual(rig.follow(), [], 'one at a time')
    rig.expire(stable)
    assert.deepEqual(rig.follow(), [{ kind: 'abandon-keeper', space }])
    rig.expire(second)
    const third = rig.join()
    assert.deepEqual(rig.follow(), [
      { kind: 'appoint-keeper', space, incoming: third.id, outgoing: second.id },
    ])
    rig.apply({ kind: 'replace-keepers', space, keepers: [] })
    const appointed = [rig.follow(), rig.follow()].flat().map(({ kind }) => kind)
    assert.deepEqual(appointed, ['appoint-keeper', 'appoint-keeper'])
    assert.deepEqual(rig.space.keepers.keepers, [first.id, third.id])
  })

  it('replaces a keeper that is silent before its session ends, by one that is not', () => {
    const rig = new PlannedRig({ keepers: 2, durability: 1 })
    const [first, second] = [rig.joinStable(), rig.joinStable()]
    const [third, fourth] = [rig.joinStable(), rig.joinStable()]
    assert.deepEqual(rig.follow(), [])
    rig.silentMsBySession.set(second.session, 5_000)
    assert.deepEqual(rig.follow(), [])
    rig.silentMsBySession.set(second.session, 5_001).set(third.session, 9_000)
    assert.deepEqual(rig.follow(), [
      { kind: 'appoint-keeper', space, incoming: fourth.id, outgoing: second.id },
    ])
    rig.silentMsBySession.set(second.session, 0).set(third.session, 0)
    assert.deepEqual(rig.follow(), [], 'what is begun goes on')
    rig.silentMsBySession.set(fourth.session, 5_001)
    assert.deepEqual(rig.follow(), [{ kind: 'abandon-keeper', space }])
    rig.silentMsBySession.set(first.session, Infinity)
    assert.deepEqual(rig.follow(), [], 'of whom nothing is known, nothing is made')
  })

  it('hides nothing from the look at everything by a glance', () => {
    const rig = new PlannedRig({ keepers: 1, durability: 1 })
    const [first, second] = [rig.join(), rig.join()]
    rig.look()
    rig.expire(first)
    assert.deepEqual(rig.plan.glance(rig.space, rig.nowMs).commands, [])
    rig.plan.glance(rig.space, rig.nowMs)
    assert.deepEqual(rig.follow(), [
      { kind: 'appoint-keeper', space, incoming: second.id, outgoing: first.id },
    ])
    const third = rig.join()
    rig.apply({ kind: 'replace-keepers', space, keepers: [] })
    rig.apply({ kind: 'start-seal', space, member: third.id })
    third.contact()
    rig.plan.glance(rig.space, rig.nowMs)
    assert.deepEqual(rig.kinds(), ['appoint-keeper'])
  })

  it('declares lost what nobody is left of, after a while', () => {
    const rig = new PlannedRig()
    const [first, second] = [rig.join(), rig.join()]
    rig.expire(second)
    rig.expire(first)
    assert.deepEqual(rig.kinds(), [])
    assert.deepEqual(rig.kinds(2_999), [])
    const [lost] = rig.look(1).commands
    assert.deepEqual(lost, { kind: 'declare-lost', space, revision: rig.space.revision })
    second.contact('back')
    assert.equal(rig.apply(lost).kind, 'refused', 'somebody came back meanwhile')
    assert.deepEqual(rig.kinds(10_000), [])
  })

  it('forgets a space of which no slot has been in use for long', () => {
    const rig = new PlannedRig()
    assert.deepEqual(rig.kinds(), [])
    assert.deepEqual(rig.kinds(599_999), [])
    assert.deepEqual(rig.follow(1), [{ kind: 'end-space', space, revision: 1 }])
    assert.equal(rig.control.spaceByName.size, 0)
  })

  it('tells once that there are too few keepers: at once where nothing is sealed any more', () => {
    const rig = new PlannedRig()
    const members = Array.from({ length: 5 }, () => rig.join())
    rig.apply({ kind: 'replace-keepers', space, keepers: members.slice(0, 3).map(({ id }) => id) })
    rig.look()
    rig.expire(members[0]!)
    assert.equal(rig.look().keepersLeft, undefined)
    assert.equal(rig.look(9_999).keepersLeft, undefined)
    assert.equal(rig.look(1).keepersLeft, 2)
    rig.expire(members[1]!)
    assert.equal(rig.look(20_000).keepersLeft, undefined, 'it was told')
    for (const member of members.slice(0, 2)) member.contact('back')
    rig.look()
    for (const session of ['back']) rig.apply({ kind: 'end-session', session })
    assert.equal(rig.look().keepersLeft, 1)
  })

  it('does not tell of too few where all who stay keep it', () => {
    const rig = new PlannedRig()
    const [first, second] = [rig.join(), rig.join()]
    rig.look()
    rig.apply({ kind: 'leave', space, member: second.id })
    rig.contactAll(first)
    assert.equal(rig.look().keepersLeft, undefined)
    assert.equal(rig.look(20_000).keepersLeft, undefined)
  })

  it('says that members have something to act on', () => {
    const rig = new PlannedRig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    assert.equal(rig.look().isChanged, false, 'the first look')
    first.write(increment(1))
    rig.contactAll(first, second)
    assert.equal(rig.look().isChanged, false)
    rig.expire(third)
    assert.equal(rig.look().isChanged, true)
    third.contact('back')
    assert.equal(rig.plan.glance(rig.space, 0).isChanged, true, 'a sealing is over')
  })

  it('reads no member, slot or seal where nothing has changed', () => {
    const rig = new PlannedRig()
    for (let i = 0; i < 5; i++) rig.join()
    rig.look()
    const read = new Set<string | symbol>()
    const watched = new Proxy(rig.space, {
      get: (space, key): unknown => {
        read.add(key)
        return Reflect.get(space, key, space)
      },
    })
    const look = { nowMs: rig.nowMs, agreedMs: rig.nowMs, silentMs: () => 0 }
    assert.deepEqual(rig.plan.next(watched, look).commands, [])
    assert.deepEqual([...read], ['name', 'revision', 'arrivals', 'founding', 'usedSlots'])
  })
})
