/*
 * The beat of the control group: whoever leads it looks at the state that its own member has applied, and asks for what
 * is to be done. A look at a space in which nothing has changed costs a comparison. Between two beats it waits for the
 * state to change, for an epoch that could close at once makes everybody wait no longer than it must.
 */
import { isJoineryError } from '@joinery/crdt-objects'
import { type Reporter } from '../report.ts'
import { type ControlPort } from './control-client.ts'
import { type ControlCommand } from './core/control-contract.ts'
import { type ControlState } from './core/control-state.ts'
import { type SpaceControl } from './core/space-control.ts'
import {
  defaultSpacePlanSettings,
  SpacePlan,
  type SpacePlanSettings,
  type SpaceStep,
} from './space-plan.ts'

/** The control state at the member that leads, and what only the leader knows. */
export interface LedControl {
  readonly state: ControlState
  /** Agreed time, as the leader would stamp it into the log now. */
  readonly agreedMs: number
  silentMs(session: string): number | undefined
  /** Calls `done` once when something was applied after `position`; with undefined when nobody knows. Gives what ends that. */
  watch(position: number, done: (position: number | undefined) => void): () => void
  readonly position: number
}

export interface ControlDriverPorts {
  /** Undefined while this peer does not lead the control group. */
  led(): LedControl | undefined
  readonly control: Pick<ControlPort, 'ask'>
  readonly report: Reporter
  now(): number
  /** Deletes the objects in strong mode of a space that has ended. */
  sweep(space: string): Promise<void>
  /** In a space something changed that its members must act on: what is in sealing, the epoch, the keepers, or that it has ended. */
  onChange(space: string, revision: number): void
}

const BEAT_MS = 500
/** What changes together is looked at once. */
const GLANCE_MS = 20
const ASK_MS = 5_000
/** Spaces of which something is asked, from where on those that have ended wait. */
const ASKING_MAX = 64

/** Drives the control group where it is led. */
export class ControlDriver {
  readonly #ports: ControlDriverPorts
  readonly #settings: Partial<SpacePlanSettings>
  readonly #plans = new Map<string, SpacePlan>()
  /** Spaces of which something is asked: until it is answered, the state does not show it. */
  readonly #asking = new Set<string>()
  #beat: NodeJS.Timeout | undefined
  #glance: NodeJS.Timeout | undefined
  #endWatch: (() => void) | undefined

  constructor(ports: ControlDriverPorts, settings: Partial<SpacePlanSettings> = {}) {
    this.#ports = ports
    this.#settings = settings
  }

  start(): void {
    this.#beat ??= setInterval(() => this.look(), BEAT_MS).unref()
  }

  stop(): void {
    clearInterval(this.#beat)
    this.#beat = undefined
    this.#lose()
  }

  /** One look at everything, with what follows from it. */
  look(): void {
    const led = this.#ports.led()
    if (led === undefined) {
      this.#lose()
      return
    }
    const { state, agreedMs } = led
    const nowMs = this.#ports.now()
    const silentMs = (session: string): number => led.silentMs(session) ?? Infinity
    for (const space of state.spaceByName.values()) {
      if (this.#asking.has(space.name)) continue
      const look = { nowMs, agreedMs, silentMs }
      this.#carryOut(space, this.#planOf(space, state).next(space, look))
    }
    this.#takeLeave(state)
    this.#watch(led)
  }

  #watch(led: LedControl): void {
    this.#endWatch ??= led.watch(led.position, (position) => {
      this.#endWatch = undefined
      // Nobody knows: the next beat looks again.
      if (position === undefined) return
      this.#glance ??= setTimeout(() => {
        this.#glance = undefined
        this.#glanceAtAll()
      }, GLANCE_MS).unref()
    })
  }

  #glanceAtAll(): void {
    const led = this.#ports.led()
    if (led === undefined) return
    const nowMs = this.#ports.now()
    for (const space of led.state.spaceByName.values()) {
      if (this.#asking.has(space.name)) continue
      this.#carryOut(space, this.#planOf(space, led.state).glance(space, nowMs))
    }
    this.#takeLeave(led.state)
    this.#watch(led)
  }

  #planOf({ name, founding }: SpaceControl, { limits }: ControlState): SpacePlan {
    const found = this.#plans.get(name)
    if (found?.founded === founding.generation) return found
    const { recordsMax } = limits
    const settings = { ...defaultSpacePlanSettings, recordsMax, ...this.#settings }
    const plan = new SpacePlan(settings, founding.generation)
    this.#plans.set(name, plan)
    return plan
  }

  /** Tells of spaces that have ended, and has what is left of them deleted. */
  #takeLeave({ spaceByName, unsweptByName }: ControlState): void {
    if (this.#plans.size > spaceByName.size) {
      for (const name of this.#plans.keys()) {
        if (spaceByName.has(name)) continue
        this.#plans.delete(name)
        this.#ports.onChange(name, Infinity)
      }
    }
    for (const [name, generation] of unsweptByName) {
      if (this.#asking.size >= ASKING_MAX) return
      if (this.#asking.has(name)) continue
      this.#asking.add(name)
      void this.#sweep(name, generation).finally(() => this.#asking.delete(name))
    }
  }

  async #sweep(space: string, generation: number): Promise<void> {
    try {
      await this.#ports.sweep(space)
    } catch (error) {
      // A group has no leader: it is tried again at the next look.
      if (!isJoineryError(error)) throw error
      return
    }
    await this.#ask({ kind: 'swept', space, generation })
  }

  #carryOut(space: SpaceControl, { commands, isChanged, keepersLeft }: SpaceStep): void {
    const { name, revision } = space
    const { report } = this.#ports
    if (isChanged) this.#ports.onChange(name, revision)
    if (keepersLeft !== undefined) {
      const { wanted } = space.keepers
      report({ kind: 'space-under-replicated', space: name, keepers: keepersLeft, wanted })
    }
    if (commands.length === 0) return
    const next = space.generation + 1
    this.#asking.add(name)
    void Promise.all(
      commands.map(async (command) => {
        const isDone = await this.#ask(command)
        if (!isDone) this.#plans.get(name)?.failed()
        else if (command.kind === 'declare-lost')
          report({ kind: 'space-lost', space: name, generation: next })
      }),
    ).finally(() => this.#asking.delete(name))
  }

  /** Tells whether it was done. What is not is asked again, if it is still wanted at the next look. */
  async #ask(command: ControlCommand): Promise<boolean> {
    try {
      const answer = await this.#ports.control.ask(command, { timeoutMs: ASK_MS })
      return answer.kind !== 'refused'
    } catch {
      return false
    }
  }

  #lose(): void {
    this.#plans.clear()
    clearTimeout(this.#glance)
    this.#glance = undefined
    this.#endWatch?.()
    this.#endWatch = undefined
  }
}
