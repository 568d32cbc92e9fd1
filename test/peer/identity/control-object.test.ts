import { strict as assert } from 'node:assert'
import { GroupState } from '#consensus/host/group-state.ts'
import { decodeViewAnswer } from '#peer/identity/control-answer-codec.ts'
import { controlDescriptor, controlPlace, controlType } from '#peer/identity/control-object.ts'
import { decodeControlReply } from '#peer/identity/control-reply-codec.ts'
import { encodeControlCommand, encodeViewRequest } from '#peer/identity/control-wire-codec.ts'
import type {
  ControlCommand,
  ControlLimits,
  ControlReply,
  SpaceView,
} from '#peer/identity/core/control-contract.ts'
import { checkSpaceName } from '#peer/spaces/names.ts'
import { codeOf, HostRig, valueOf } from '#test/consensus/host/host-rig.ts'

const SPACE = 'space'

/** A group with the control state in it. */
class ControlRig {
  readonly host = new HostRig(new GroupState([controlType]))
  readonly object: number

  constructor(limits?: Partial<ControlLimits>) {
    this.object = this.host.open(
      { strongKind: { descriptor: controlDescriptor(limits) } },
      controlPlace.name,
      controlPlace.space,
    )
  }

  ask(session: string, command: ControlCommand): ControlReply {
    const bytes = encodeControlCommand(command)
    const reply = valueOf(this.host.call(session, this.object, 'command', bytes))
    return decodeControlReply(reply as Uint8Array)
  }

  /** A member of the space, under that session. */
  join(session: string): bigint {
    const leased = this.ask(session, { kind: 'lease', space: SPACE, session, request: 1 })
    assert.ok(leased.kind === 'leased')
    const { member, epoch } = leased
    const { sealings } = this.view(member)
    const held = sealings.map(({ incarnation, round }) => ({ incarnation, round, held: 0 }))
    this.ask(session, {
      kind: 'activate',
      space: SPACE,
      member,
      number: 1,
      epoch,
      held,
      settled: epoch,
    })
    assert.equal(this.view(member).standing.status, 'active')
    return member
  }

  view(member: bigint): SpaceView {
    const request = encodeViewRequest({ kind: 'view', space: SPACE, member, epoch: 0 })
    const answer = this.host.read(this.object, 'view', request)
    const decoded = decodeViewAnswer(answer as Uint8Array)
    assert.ok(decoded.kind === 'view')
    return decoded.view
  }

  endSession(session: string): void {
    this.host.one({ kind: 'end-sessions', sessions: [session], reason: 'expired' })
  }

  /** Goes on from a snapshot of the group. */
  restart(): void {
    const snapshot = this.host.machine.snapshot()
    const machine = new GroupState([controlType])
    machine.restore(snapshot)
    assert.deepEqual(machine.snapshot(), snapshot)
    this.host.machine = machine
  }
}

function founded(limits?: Partial<ControlLimits>): {
  rig: ControlRig
  sessions: readonly [string, string, string]
  members: readonly [bigint, bigint, bigint]
} {
  const rig = new ControlRig(limits)
  const sessions = [rig.host.session(1), rig.host.session(2), rig.host.session(3)] as const
  rig.ask(sessions[0], { kind: 'found', space: SPACE, keepers: 3, durability: 1 })
  const members = [rig.join(sessions[0]), rig.join(sessions[1]), rig.join(sessions[2])] as const
  return { rig, sessions, members }
}

describe('the control state in a group', () => {
  it('is where no user can open anything', () => {
    assert.throws(() => checkSpaceName(controlPlace.space), { code: 'VALUE_INVALID' })
  })

  it('begins to seal what was leased under a session that ends', () => {
    const { rig, sessions, members } = founded()
    rig.endSession(sessions[0])
    const view = rig.view(members[1])
    assert.deepEqual(
      view.sealings.map(({ incarnation }) => incarnation),
      [members[0]],
    )
    assert.deepEqual(view.members, [members[1], members[2]])
  })

  it('does so after a snapshot as well', () => {
    const { rig, sessions, members } = founded()
    rig.restart()
    rig.endSession(sessions[0])
    assert.equal(rig.view(members[0]).standing.status, 'sealing')
  })

  it('lets nobody lease or come back under a session other than its own', () => {
    const { rig, sessions, members } = founded()
    const [own, other] = sessions
    const before = rig.view(members[0])
    const lease = { kind: 'lease', space: SPACE, session: other, request: 2 } as const
    const of = { space: SPACE, member: members[0], number: 9, epoch: 0, held: [], settled: 0 }
    const reinstate = { kind: 'reinstate', session: other, ...of } as const
    for (const command of [lease, reinstate]) {
      assert.deepEqual(rig.ask(own, command), { kind: 'refused', reason: 'session-ended' })
    }
    assert.deepEqual(rig.view(members[0]), before)
  })

  it('answers a command that is repeated with its first answer', () => {
    const { rig, sessions } = founded()
    const [session] = sessions
    const lease = { kind: 'lease', space: SPACE, session, request: 7 } as const
    const bytes = encodeControlCommand(lease)
    const call = rig.host.command(session, rig.object, 'command', [bytes])
    const first = rig.host.one(call)
    rig.restart()
    assert.deepEqual(rig.host.one(call), first)
  })

  it('keeps what ended, and for how long, over a snapshot', () => {
    const { rig, sessions, members } = founded({ graveMs: 1_000 })
    rig.endSession(sessions[0])
    for (const at of [1, 2] as const) {
      const { sealings } = rig.view(members[at])
      const held = sealings.map(({ incarnation, round }) => ({ incarnation, round, held: 5 }))
      const of = { space: SPACE, member: members[at], number: 2, epoch: 0 }
      rig.ask(sessions[at], { kind: 'report', ...of, held, settled: 0 })
    }
    const [first, second, third] = members
    rig.ask(sessions[1], { kind: 'replace-keepers', space: SPACE, keepers: [second, third] })
    rig.ask(sessions[1], { kind: 'close-epoch', space: SPACE })
    rig.restart()
    assert.deepEqual(rig.view(first).standing, { status: 'sealed', last: 5 })
    rig.host.pass(1_001)
    rig.ask(sessions[1], { kind: 'close-epoch', space: SPACE })
    assert.deepEqual(rig.view(first).standing, { status: 'sealed', last: undefined })
  })

  it('refuses what is no command, and is not changed by it', () => {
    const { rig, sessions } = founded()
    const before = rig.host.machine.changedAt(rig.object)
    const garbled = Uint8Array.of(1, 99)
    const call = (method: string, ...args: unknown[]): string =>
      codeOf(rig.host.call(sessions[0], rig.object, method, ...args))
    assert.equal(call('command', garbled), 'ENCODING_INVALID')
    assert.equal(call('command', 'text'), 'VALUE_INVALID')
    assert.equal(call('command'), 'VALUE_INVALID')
    assert.equal(call('view', garbled), 'ENCODING_INVALID')
    assert.equal(call('apply', garbled), 'VALUE_INVALID')
    assert.equal(rig.host.machine.changedAt(rig.object), before)
  })

  it('refuses a descriptor that is none', () => {
    const host = new HostRig(new GroupState([controlType]))
    const { length } = controlDescriptor()
    const broken = ['["joinery:control"]', '["joinery:control",2]', '["joinery:control",1,-1]']
    for (const descriptor of [...broken, controlDescriptor().slice(0, length - 1)]) {
      const { space, name } = controlPlace
      const outcome = host.one({ kind: 'open-object', space, name, descriptor })
      assert.equal(codeOf(outcome), 'VALUE_INVALID')
    }
  })
})
