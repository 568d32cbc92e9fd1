import type {
  ControlAnswer,
  ControlCommand,
  ViewRequest,
} from '#peer/identity/core/control-contract.ts'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { nameOf } from '#peer/identity/core/incarnation.ts'
import { blockersOf, closableSeals } from '#peer/identity/core/seal-rule.ts'
import { defaultSpacePlanSettings, SpacePlan } from '#peer/identity/space-plan.ts'
import type { SpaceControl } from '#peer/identity/core/space-control.ts'
import { answerAtOnce } from '#test/fixtures/answer-at-once.ts'
import type { Random } from './random.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** The one space of a simulation. */
export const SPACE = 'space'

/** What a simulation must know of: what may be lost by it is not promised any more. */
export interface GroupOutlet {
  /** All members were gone, and the space with them. */
  onLost(): void
  /** An operator has replaced keepers that are gone. */
  onWord(): void
}

const beatMs = 500

/**
 * The control group of a simulated cluster, as its clients see it: requests take their time, and go unanswered while it
 * is down; sessions end that nobody renews. That a Raft group does the same is shown where identity is simulated alone.
 */
export class SpaceGroup {
  readonly state = new ControlState()
  readonly #clock: VirtualClock
  readonly #random: Random
  readonly #leaseMs: number
  readonly #outlet: GroupOutlet
  readonly #plan: SpacePlan
  readonly #renewedMsBySession = new Map<string, number>()
  isDown = false
  /** Whether somebody looks after it. */
  hasOperator = false
  readonly #endById = new Map<bigint, number>()
  readonly counts = { seals: 0, epochs: 0, livesMax: 0, lost: 0, words: 0 }

  constructor(clock: VirtualClock, random: Random, leaseMs: number, outlet: GroupOutlet) {
    this.#clock = clock
    this.#random = random
    this.#leaseMs = leaseMs
    this.#outlet = outlet
    const { recordsMax } = this.state.limits
    this.#plan = new SpacePlan({ ...defaultSpacePlanSettings, recordsMax, lostAfterMs: 1000 })
    this.state.apply({ kind: 'found', space: SPACE, keepers: 3, durability: 2 }, 0)
    this.#beatLater()
  }

  get space(): SpaceControl {
    return this.state.spaceByName.get(SPACE)!
  }

  /** Whether this life is one of the present generation, and not sealed. */
  isCurrent(id: bigint): boolean {
    return this.space.slotOf(id) !== undefined
  }

  /** The last update that is in, of a life that is over. */
  endOf(id: bigint): number | undefined {
    return this.#endById.get(id)
  }

  /** Tells whether the session goes on. */
  renew(session: string): boolean {
    if (this.isDown) return true
    if (this.state.endedSessions.has(session)) return false
    this.#renewedMsBySession.set(session, this.#clock.nowMs)
    return true
  }

  /** Answers after a while, or never. */
  ask(request: ControlCommand | ViewRequest, done: (answer: ControlAnswer) => void): void {
    this.#clock.after(this.#random.integer(1, 15), () => {
      if (this.isDown) return
      const answer = this.#answer(request)
      // The command was carried out, and the answer is lost.
      if (this.#random.chance(0.02)) return
      this.#clock.after(this.#random.integer(1, 15), () => done(answer))
    })
  }

  describe(): string {
    const { space } = this
    const names = (ids: readonly bigint[]) => ids.map(nameOf).join(' ')
    const { keepers, change, version } = space.keepers
    const sealings = [...space.sealingBySlot.keys()].map((index) => {
      const id = space.idAt(index)
      return `${nameOf(id)} blocked by ${names(blockersOf(space, id))}`
    })
    const next = change === undefined ? '' : `, ${nameOf(change.incoming)} to come`
    return `group in ${space.epoch}, members ${names(space.members())}, keepers ${names(keepers)} of version ${version}${next}, sealing ${sealings.join(', ')}`
  }

  #answer(request: ControlCommand | ViewRequest): ControlAnswer {
    if (request.kind === 'view') return this.state.view(request)
    return this.#apply(request)
  }

  #apply(command: ControlCommand): ControlAnswer {
    const answer = answerAtOnce(this.state, command, Math.floor(this.#clock.nowMs))
    this.counts.livesMax = Math.max(this.counts.livesMax, this.space.usedSlots)
    return answer
  }

  #beatLater(): void {
    this.#clock.after(beatMs, () => {
      if (!this.isDown) this.#beat()
      this.#beatLater()
    })
  }

  #beat(): void {
    const { nowMs } = this.#clock
    for (const [session, renewedMs] of this.#renewedMsBySession) {
      if (nowMs - renewedMs < this.#leaseMs) continue
      this.#renewedMsBySession.delete(session)
      this.#apply({ kind: 'end-session', session })
    }
    if (this.hasOperator) this.#replaceKeepers()
    const silentMs = (session: string): number =>
      nowMs - (this.#renewedMsBySession.get(session) ?? -Infinity)
    const { commands } = this.#plan.next(this.space, { nowMs, agreedMs: nowMs, silentMs })
    for (const command of commands) this.#carryOut(command)
  }

  #carryOut(command: ControlCommand): void {
    const { space, counts } = this
    const { epoch } = space
    const seals = closableSeals(space, this.state.limits.recordsMax)
    const { kind } = this.#apply(command)
    if (command.kind === 'declare-lost' && kind !== 'refused') {
      counts.lost++
      this.#outlet.onLost()
    } else if (space.epoch > epoch) {
      for (const { incarnation, last } of seals) this.#endById.set(incarnation, last)
      counts.seals += seals.length
      counts.epochs++
    }
  }

  /** The operator's word: so many keepers are gone that no seal closes, and they will not be back. */
  #replaceKeepers(): void {
    const { space } = this
    const { keepers, durability, wanted } = space.keepers
    const missing = keepers.filter((keeper) => !space.isMember(keeper))
    if (missing.length < durability) return
    const members = space.members().slice(0, wanted)
    this.#apply({ kind: 'replace-keepers', space: SPACE, keepers: members })
    this.counts.words++
    this.#outlet.onWord()
  }
}
