/*
 * The beat of the control group: whoever leads it looks at the state that its own member has applied, and asks for what
 * is to be done. A look at a space in which nothing has changed costs a comparison. Between two beats it waits for the
 * state to change, for an epoch that could close at once makes everybody wait no longer than it must.
 */
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
  /** In a space something changed that its members must act on: what is in sealing, the epoch, or the keepers. */
  onChange(space: string, revision: number): void
}

const BEAT_MS = 500
/** What changes together is looked at once. */
const GLANCE_MS = 20
const ASK_MS = 5_000

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
    const { state } = led
    const nowMs = this.#ports.now()
    const silentMs = (session: string): number => led.silentMs(session) ?? Infinity
    for (const space of state.spaceByName.values()) {
      if (this.#asking.has(space.name)) continue
      this.#carryOut(space, this.#planOf(space.name, state).next(space, { nowMs, silentMs }))
    }
    if (this.#plans.size > state.spaceByName.size) {
      for (const name of this.#plans.keys()) {
        if (!state.spaceByName.has(name)) this.#plans.delete(name)
      }
    }
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
      this.#carryOut(space, this.#planOf(space.name, led.state).glance(space, nowMs))
    }
    this.#watch(led)
  }

  #planOf(name: string, { limits }: ControlState): SpacePlan {
    let plan = this.#plans.get(name)
    if (plan === undefined) {
      const { recordsMax } = limits
      plan = new SpacePlan({ ...defaultSpacePlanSettings, recordsMax, ...this.#settings })
      this.#plans.set(name, plan)
    }
    return plan
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
