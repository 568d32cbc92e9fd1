/*
 * Slots, seals and epochs under churn, from one seed: the production cores of members and of the control group, over a
 * network that loses, doubles and reorders, with peers that crash, freeze, are cut off, leave and come back. An oracle
 * that sees everything judges each seal as it closes. Then all is mended, everybody must become a member again, and
 * what is left must be what was asked for, less what may be lost.
 */
import { strict as assert } from 'node:assert'
import { decodeControlState, encodeControlState } from '#peer/identity/core/control-codec.ts'
import type {
  ControlCommand,
  ControlLimits,
  ControlReply,
  ViewAnswer,
  ViewRequest,
} from '#peer/identity/core/control-contract.ts'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { Cluster } from './cluster.ts'
import type { Counts } from './counts.ts'
import { drawPlan, type Plan } from './plan.ts'
import { RaftControl, type RaftCounts } from './raft-control.ts'
import type { Ordered } from './simulated-control.ts'
import type { SimulatedPeer } from './simulated-peer.ts'

export const STEPS = 3_000
/** Rounds of recovery within which everybody is a member again. */
const RECOVERY_ROUNDS = 400
/** From then on operators help where keepers are gone for good. */
const WORD_ROUNDS = 60
/** From then on a space whose members are all gone is given up, whoever else has an older state. */
const LOST_ROUNDS = 200
/** Small, so that the table gets full. */
const RECORDS_MAX = 12
const DRAIN_TICKS = 90
const STEPS_PER_TICK = 10
const SLOW_STEPS = 700

/** How often in a thousand steps each thing happens. */
const weights = {
  arrive: 30,
  write: 240,
  deliver: 330,
  sync: 140,
  contact: 150,
  control: 30,
  turnOff: 15,
  part: 7,
  unite: 10,
  cutFromControl: 6,
  freeze: 4,
  thaw: 6,
  outage: 1,
  outageEnds: 6,
  retire: 8,
  fence: 6,
} as const

type Happening = keyof typeof weights | 'crash'

/** The group's state as one object, with no log under it. */
class Alone implements Ordered {
  state: ControlState

  constructor(limits: Partial<ControlLimits>) {
    this.state = new ControlState(limits)
  }

  apply(command: ControlCommand, nowMs: number): ControlReply {
    return this.state.apply(command, nowMs)
  }

  view(request: ViewRequest): ViewAnswer {
    return this.state.view(request)
  }

  agreedMs(nowMs: number): number {
    return nowMs
  }

  restart(): void {
    const bytes = encodeControlState(this.state)
    this.state = decodeControlState(bytes, this.state.limits)
    assert.deepEqual(encodeControlState(this.state), bytes, 'a state comes back as it was')
  }
}

/** Runs one seed. Fails with the reason, which begins with the seed. */
export function simulateIdentity(seed: number, steps = STEPS): Counts {
  const plan = drawPlan(seed, steps)
  return run(plan, new Alone(limitsOf(plan)))
}

/** The same with a whole Raft group in place of the control state alone. */
export function simulateIdentityOverRaft(seed: number, steps = STEPS): Counts & RaftCounts {
  const plan = drawPlan(seed, steps)
  const control = new RaftControl(seed, limitsOf(plan))
  const counts = run(plan, control, () => control.compareAll())
  return { ...counts, ...control.counts }
}

function limitsOf({ slotsMax, graveMs }: Plan): Partial<ControlLimits> {
  return { slotsMax, graveMs, recordsMax: RECORDS_MAX }
}

function run(plan: Plan, ordered: Ordered, judgeGroup = (): void => {}): Counts {
  const { seed } = plan
  const simulation = new IdentitySimulation(new Cluster(plan, ordered))
  try {
    simulation.churn()
    simulation.outage()
    simulation.recover()
    simulation.judge()
    judgeGroup()
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
  }
  return simulation.counts
}

class IdentitySimulation {
  readonly #cluster: Cluster
  readonly #happenings: readonly Happening[]

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    const all = { ...weights, crash: cluster.plan.crashes }
    this.#happenings = Object.entries(all).flatMap(([name, weight]) =>
      Array.from({ length: weight }, () => name as Happening),
    )
  }

  get counts(): Counts {
    return this.#cluster.counts
  }

  churn(): void {
    const { control, plan } = this.#cluster
    for (let step = 1; step <= plan.steps; step++) {
      control.nowSteps = step
      if (!control.isUp) this.counts.outageSteps++
      this.#happen()
      if (step % STEPS_PER_TICK === 0) this.#cluster.tick()
      if (step % 50 === 0) this.#cluster.measure()
    }
  }

  #happen(): void {
    const { random, living, peers, plan } = this.#cluster
    const happening = random.pick(this.#happenings)
    if (living.length < Math.min(2, plan.peersMax) || happening === 'arrive') {
      if (living.length < plan.peersMax) this.#cluster.addPeer()
      return
    }
    const peer = random.pick(living)
    if (!this.#happensTo(happening, peer)) this.#happensToAll(happening)
    for (const each of peers) if (each.isAlive && each.hasLeft) each.isAlive = false
  }

  #happensTo(happening: Happening, peer: SimulatedPeer): boolean {
    const cluster = this.#cluster
    const { random, plan, control } = cluster
    const member = random.pick([...peer.memberBySpace.values()])
    switch (happening) {
      case 'write':
        if (!peer.isFrozen) cluster.write(member)
        return true
      case 'sync':
        for (const [space, each] of peer.memberBySpace) {
          const others = cluster.neighboursOf(peer, space)
          if (others.length > 0) each.sync(random.pick(others).id)
        }
        return true
      case 'contact':
        cluster.contact(peer)
        return true
      case 'turnOff':
        peer.isOnline = !peer.isOnline || random.chance(2 / 3)
        return true
      case 'cutFromControl':
        peer.reachesControl = !peer.reachesControl
        return true
      case 'freeze':
        if (!peer.isFrozen) this.counts.freezes++
        peer.isFrozen = true
        return true
      case 'thaw':
        for (const each of cluster.living) each.isFrozen = false
        return true
      case 'crash':
        if (!cluster.isSpareable(peer) && !(plan.isDoomed && random.chance(0.2))) return true
        cluster.crash(peer)
        this.counts.crashes++
        return true
      case 'retire':
        if (peer.isFrozen) return true
        for (const each of peer.memberBySpace.values()) {
          each.step({ kind: 'retire', ticks: DRAIN_TICKS })
        }
        return true
      case 'fence': {
        if (!control.isUp || control.state.endedSessions.has(peer.session)) return true
        const ails = !peer.isReachable || !peer.reachesControl || peer.part > 0
        if (!(ails || random.chance(0.25)) || !cluster.isSpareable(peer)) return true
        control.apply({ kind: 'end-session', session: peer.session })
        this.counts.fencings++
        return true
      }
      case 'unite':
        for (const each of cluster.living) each.part = 0
        peer.isOnline = peer.reachesControl = true
        return true
      default:
        return false
    }
  }

  #happensToAll(happening: Happening): void {
    const { random, control, living, mail, plan } = this.#cluster
    switch (happening) {
      case 'deliver':
        for (let i = 0; i < 4; i++) mail.deliverOne()
        return
      case 'part':
        for (const each of living) each.part = random.chance(1 / 3) ? 1 : 0
        return
      case 'outage':
        control.goDown()
        return
      case 'outageEnds':
        control.isUp = true
        return
      case 'control':
        if (!control.isUp) return
        control.closeEpochs()
        if (random.chance(0.3)) control.endDeadSessions()
        if (random.chance(0.2)) control.expireSlow(SLOW_STEPS)
        if (random.chance(0.5)) control.repairKeepers()
        if (plan.hasOperator && random.chance(0.2)) control.giveWord()
        if (plan.isDoomed && random.chance(0.1)) control.declareLost(true)
        if (plan.hasEnds && random.chance(0.05)) control.endOne()
        return
      default:
    }
  }

  /** The group is gone and everybody is linked: data goes on flowing, but for tails in sealing and what builds on them. */
  outage(): void {
    const cluster = this.#cluster
    const { control, mail } = cluster
    cluster.heal()
    mail.isCalm = true
    control.isUp = false
    mail.deliverAll()
    const active = cluster.living.flatMap((peer) =>
      [...peer.memberBySpace.entries()].filter(([, { core }]) => core.status === 'active'),
    )
    for (const [, member] of active) cluster.write(member)
    cluster.exchange(6)
    for (const [name] of cluster.truthBySpace) {
      const space = control.space(name)
      const members = active.flatMap(([of, member]) => (of === name ? [member] : []))
      const isQuiet = members.every(
        ({ core }) =>
          core.isWritable &&
          space.isMember(core.id!) &&
          core.replica?.book.hasFences === false &&
          core.replica.epoch === space.epoch,
      )
      if (space.sealingBySlot.size > 0 || !isQuiet) continue
      const prints = new Set(members.map(({ replica }) => replica.fingerprint()))
      assert.ok(prints.size <= 1, `${name}: without the group, members differ`)
    }
  }

  recover(): void {
    const cluster = this.#cluster
    const { control, mail, plan } = cluster
    control.isUp = true
    const fromStep = control.nowSteps
    for (let round = 0; round < RECOVERY_ROUNDS; round++) {
      control.nowSteps = fromStep + 20 * round
      cluster.heal()
      control.endDeadSessions()
      control.closeEpochs()
      control.repairKeepers()
      control.declareLost(round < LOST_ROUNDS)
      if (round > 10) control.expireSlow(200)
      if (round > WORD_ROUNDS || (plan.hasOperator && round > 20)) control.giveWord()
      if (round % 10 === 5 && this.#lacksPeers()) cluster.addPeer()
      for (let i = 0; i < 2; i++) cluster.tick()
      for (const peer of cluster.living) {
        cluster.contact(peer)
        mail.deliverAll()
        if (peer.hasLeft) peer.isAlive = false
      }
      cluster.exchange(1)
      if (round > 12 && this.#isQuiet()) break
    }
    cluster.exchange(3)
    for (const peer of cluster.living) cluster.contact(peer)
    mail.deliverAll()
    cluster.exchange(2)
  }

  /** Two besides the sealed one are needed in each space. */
  #lacksPeers(): boolean {
    const { control } = this.#cluster
    return control.spaces.some((space) => {
      const living = space.members().filter((id) => control.memberOf(space, id) !== undefined)
      return living.length < 3
    })
  }

  #isQuiet(): boolean {
    const { control, living } = this.#cluster
    return control.spaces.every(
      (space) =>
        space.sealingBySlot.size === 0 &&
        living.every((peer) => {
          const core = peer.memberBySpace.get(space.name)?.core
          const isBack = core?.id !== undefined && core.isWritable && space.isMember(core.id)
          return core === undefined || core.status === 'left' || isBack
        }),
    )
  }

  judge(): void {
    const { control, counts, living, truthBySpace } = this.#cluster
    assert.ok(living.length > 0, 'somebody is left')
    for (const [name, truth] of truthBySpace) {
      const space = control.space(name)
      const all = living.flatMap((peer) => {
        const member = peer.memberBySpace.get(name)
        return member === undefined || member.core.status === 'left' ? [] : [member]
      })
      const [first] = all
      if (first === undefined) continue
      const sealing = [...space.sealingBySlot.keys()]
      for (const { core, peer } of all) {
        const how = `peer ${peer} is ${core.status} in ${name}, in sealing ${sealing.join(' ')}`
        assert.ok(core.isWritable && space.isMember(core.id!), how)
      }
      for (const { replica } of all) {
        assert.equal(replica.fingerprint(), first.replica.fingerprint(), 'replicas differ')
      }
      counts.lost += truth.judge(first.replica).lost
      counts.acknowledged += truth.acknowledgedCount
      counts.acknowledgedLost += truth.acknowledgedLost
      for (const { core, replica } of all) {
        assert.ok(replica.vector.size <= space.usedSlots, 'I8: entries of lives that go on')
        assert.equal(replica.epoch, space.epoch, 'I2: every epoch is entered')
        const counted = `${replica.counted} totals of ${space.members().length} members`
        assert.ok(replica.counted <= space.members().length, `I8: ${counted}`)
        assert.equal(core.replica!.usage.staged, 0, 'I8: nothing stays staged')
      }
    }
  }
}
