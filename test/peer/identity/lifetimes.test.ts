import { strict as assert } from 'node:assert'
import type { Lifetime } from '@joinery/crdt-objects'
import { decodeControlState, encodeControlState } from '#peer/identity/core/control-codec.ts'
import type { ControlCommand, ControlReply } from '#peer/identity/core/control-contract.ts'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { defaultSpacePlanSettings, SpacePlan } from '#peer/identity/space-plan.ts'

const space = 'space'

/** A control group with one space, of which its leader's plan is asked each half second. */
class Lives {
  control = new ControlState()
  nowMs = 1_000_000
  /** What the leader takes for agreed time may be another than what is stamped. */
  aheadMs = 0
  plan = new SpacePlan({ ...defaultSpacePlanSettings, recordsMax: 256 })
  #sessions = 0

  constructor(lifetime?: Lifetime) {
    assert.equal(this.found(lifetime), 'done')
  }

  apply(command: ControlCommand): ControlReply {
    return this.control.apply(command, this.nowMs)
  }

  /** What comes of it, in a word. */
  ask(command: ControlCommand): string {
    const reply = this.apply(command)
    return reply.kind === 'refused' ? reply.reason : reply.kind
  }

  found(lifetime?: Lifetime): string {
    return this.ask({ kind: 'found', space, keepers: 3, durability: 2, lifetime })
  }

  get isThere(): boolean {
    return this.control.spaceByName.has(space)
  }

  get founded(): number {
    return this.control.spaceByName.get(space)!.founding.generation
  }

  /** Somebody leases a slot, and activates. */
  join(isUsed: boolean): { readonly member: bigint; readonly session: string } {
    const session = `session ${++this.#sessions}`
    const leased = this.apply({ kind: 'lease', space, session, request: 1, isUsed })
    assert.ok(leased.kind === 'leased')
    const { member, epoch } = leased
    const of = { space, member, number: 1, epoch }
    this.apply({ kind: 'activate', ...of, held: [], settled: epoch })
    return { member, session }
  }

  use(member: bigint, isUsed: boolean, number: number): string {
    return this.ask({ kind: 'use', space, member, isUsed, number })
  }

  look(): readonly ControlCommand[] {
    const { nowMs } = this
    const look = { nowMs, agreedMs: nowMs + this.aheadMs, silentMs: () => 0 }
    return this.plan.next(this.control.spaceByName.get(space)!, look).commands
  }

  /** So much time goes by, with a look each half second until the space ends. Gives when it did. */
  pass(ms: number): number | undefined {
    for (let passedMs = 0; passedMs < ms && this.isThere; passedMs += 500) {
      for (const command of this.look()) this.apply(command)
      if (!this.isThere) return passedMs
      this.nowMs += 500
    }
    return undefined
  }

  /** Another leads, from a snapshot of the state. */
  changeLeader(): void {
    this.control = decodeControlState(encodeControlState(this.control))
    this.plan = new SpacePlan({ ...defaultSpacePlanSettings, recordsMax: 256 })
  }
}

describe('The lifetime of a space', () => {
  it('is that of its founder, and whoever names another changes nothing', () => {
    const lives = new Lives({ leaseMs: 5_000 })
    const before = encodeControlState(lives.control)
    for (const other of [{ leaseMs: 5_001 }, { ttlMs: 5_000 }, 'keep'] as const) {
      assert.equal(lives.found(other), 'exists-otherwise')
    }
    assert.equal(lives.found({ leaseMs: 5_000 }), 'done')
    assert.equal(lives.found(), 'done', 'who names none takes what there is')
    assert.deepEqual(encodeControlState(lives.control), before)
    lives.changeLeader()
    assert.equal(lives.found({ ttlMs: 5_000 }), 'exists-otherwise')
    const answer = lives.control.view({ kind: 'view', space, member: 0n, epoch: 0 })
    assert.ok(answer.kind === 'view')
    assert.deepEqual(answer.view.lifetime, { leaseMs: 5_000 })
  })

  it('that nobody named ends ten minutes after the last member has gone', () => {
    const lives = new Lives()
    const { session } = lives.join(false)
    assert.equal(lives.found({ ttlMs: 1 }), 'exists-otherwise', 'none is one, too')
    assert.equal(lives.pass(20 * 60_000), undefined, 'it is kept')
    lives.apply({ kind: 'end-session', session })
    const endedMs = lives.pass(20 * 60_000)
    assert.ok(endedMs !== undefined && endedMs >= 10 * 60_000 && endedMs < 10 * 60_000 + 5_000)
    assert.equal(lives.found(), 'done', 'its name is free at once')
  })

  it('that is kept ends by nobody’s absence', () => {
    const lives = new Lives('keep')
    const { session } = lives.join(true)
    lives.apply({ kind: 'end-session', session })
    assert.equal(lives.pass(60 * 60_000), undefined)
  })
})

describe('A space with a lease', () => {
  it('lives while somebody is in it, and so long after the last has gone', () => {
    const lives = new Lives({ leaseMs: 5_000 })
    lives.join(false)
    const { session } = lives.join(true)
    assert.equal(lives.pass(60_000), undefined)
    lives.apply({ kind: 'end-session', session })
    assert.equal(lives.pass(60_000), 5_000, 'who only keeps it is not in it')
  })

  it('ends if nobody ever comes', () => {
    assert.equal(new Lives({ leaseMs: 2_000 }).pass(60_000), 2_000)
  })

  it('is renewed by who comes and goes between two looks', () => {
    const lives = new Lives({ leaseMs: 5_000 })
    lives.join(false)
    assert.equal(lives.pass(4_500), undefined)
    const { member } = lives.join(true)
    lives.apply({ kind: 'leave', space, member })
    assert.equal(lives.pass(60_000), 5_000)
  })

  it('goes by what its holders said last, whatever comes late', () => {
    const lives = new Lives({ leaseMs: 5_000 })
    const { member } = lives.join(true)
    lives.join(false)
    assert.equal(lives.use(member, false, 1), 'done')
    assert.equal(lives.pass(4_500), undefined)
    assert.equal(lives.use(member, true, 3), 'done')
    assert.equal(lives.use(member, false, 2), 'done')
    assert.equal(lives.pass(60_000), undefined)
    lives.changeLeader()
    assert.equal(lives.use(member, false, 2), 'done', 'late, after a snapshot too')
    assert.equal(lives.pass(60_000), undefined)
    assert.equal(lives.use(member, false, 4), 'done')
    assert.equal(lives.pass(60_000), 5_000)
  })

  it('begins anew with a leader, and never ends sooner', () => {
    const lives = new Lives({ leaseMs: 5_000 })
    lives.pass(4_500)
    lives.changeLeader()
    assert.equal(lives.pass(60_000), 5_000)
  })

  it('does not end if somebody comes after the last look', () => {
    const lives = new Lives({ leaseMs: 500 })
    lives.look()
    lives.nowMs += 500
    const [end] = lives.look()
    assert.equal(end?.kind, 'end-space')
    lives.join(true)
    assert.equal(lives.ask(end), 'not-its-time')
    assert.ok(lives.isThere)
  })

  it('counts who is in sealing, for it may be back; and nobody whose session has ended', () => {
    const lives = new Lives({ leaseMs: 5_000 })
    const { member, session } = lives.join(true)
    lives.join(false)
    lives.apply({ kind: 'start-seal', space, member })
    const { usedBy } = lives.control.spaceByName.get(space)!
    assert.equal(usedBy, 1)
    lives.apply({ kind: 'end-session', session })
    assert.equal(lives.control.spaceByName.get(space)!.usedBy, 0)
    lives.control.spaceByName.get(space)!.check()
  })
})

describe('A space with a time to live', () => {
  it('ends when it is over, whoever is in it, and whoever leads', () => {
    const lives = new Lives({ ttlMs: 10_000 })
    lives.join(true)
    assert.equal(lives.pass(6_000), undefined)
    lives.changeLeader()
    assert.equal(lives.pass(60_000), 4_000)
  })

  it('ends no sooner by agreed time, whatever a leader takes that for', () => {
    const lives = new Lives({ ttlMs: 10_000 })
    lives.aheadMs = 5_000
    assert.equal(lives.ask({ kind: 'expire', space }), 'not-its-time')
    assert.equal(lives.pass(60_000), 10_000)
  })

  it('is no other’s: what is late ends no space that was founded since', () => {
    const lives = new Lives({ ttlMs: 1_000 })
    lives.pass(60_000)
    lives.apply({ kind: 'swept', space, generation: 1 })
    assert.equal(lives.found({ ttlMs: 1_000 }), 'done')
    assert.equal(lives.ask({ kind: 'expire', space }), 'not-its-time')
  })

  it('lives as long when its members are lost', () => {
    const lives = new Lives({ ttlMs: 60_000 })
    const { session } = lives.join(true)
    lives.apply({ kind: 'end-session', session })
    assert.equal(lives.pass(30_000), undefined)
    assert.equal(lives.control.spaceByName.get(space)!.generation, 2)
    assert.equal(lives.founded, 1)
    assert.equal(lives.pass(60_000), 30_000)
  })
})

describe('A space that ends by somebody’s word', () => {
  it('is the one that is meant, in whichever generation, and no other of its name', () => {
    const lives = new Lives('keep')
    lives.join(true)
    lives.apply({ kind: 'declare-lost', space })
    for (const generation of [0, 3]) {
      assert.equal(lives.ask({ kind: 'end-space', space, generation }), 'not-its-time')
    }
    const word = { kind: 'end-space', space, generation: 1 } as const
    assert.equal(lives.ask(word), 'done')
    assert.equal(lives.ask(word), 'unknown-space')
    lives.apply({ kind: 'swept', space, generation: 2 })
    assert.equal(lives.found(), 'done')
    assert.equal(lives.founded, 3)
    assert.equal(lives.ask(word), 'not-its-time', 'a word that comes late')
    assert.ok(lives.isThere)
  })

  it('keeps its name until its objects in strong mode are gone, of the last end', () => {
    const lives = new Lives()
    lives.ask({ kind: 'end-space', space })
    assert.equal(lives.found(), 'not-its-time')
    lives.changeLeader()
    assert.equal(lives.found(), 'not-its-time')
    assert.equal(lives.ask({ kind: 'swept', space, generation: 0 }), 'done')
    assert.equal(lives.found(), 'not-its-time')
    assert.equal(lives.ask({ kind: 'swept', space, generation: 1 }), 'done')
    assert.equal(lives.found(), 'done')
    lives.ask({ kind: 'end-space', space })
    lives.ask({ kind: 'swept', space, generation: 1 })
    assert.equal(lives.found(), 'not-its-time', 'a leader of old has deleted what was there then')
  })

  it('counts among the spaces that there can be, until it is gone', () => {
    const lives = new Lives()
    lives.control = new ControlState({ spacesMax: 1 })
    lives.found()
    lives.ask({ kind: 'end-space', space })
    const other = { kind: 'found', space: 'other', keepers: 1, durability: 1 } as const
    assert.equal(lives.ask(other), 'too-many-spaces')
    lives.ask({ kind: 'swept', space, generation: 1 })
    assert.equal(lives.ask(other), 'done')
  })
})
