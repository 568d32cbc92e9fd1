import type { StateMachine } from '#consensus/host/state-machine.ts'
import { GroupNode } from '#consensus/group/group-node.ts'
import { groupDefaults, type GroupOptions } from '#consensus/group/options.ts'
import type { GroupClock, GroupReport } from '#consensus/group/ports.ts'
import type { LogStorage } from '#consensus/storage/log-storage.ts'
import { type GroupNetwork } from './group-network.ts'
import { type Random } from './random.ts'
import { SimulatedDisk } from './simulated-log.ts'
import { type VirtualClock } from './virtual-clock.ts'

interface SimulatedMemberParts<Machine extends StateMachine> {
  readonly id: number
  readonly clock: VirtualClock
  readonly random: Random
  readonly network: GroupNetwork
  readonly machine: (id: number) => Machine
  readonly options: Partial<GroupOptions>
  readonly syncMsMax: number
  /** Opens its log, on its disk or elsewhere; on the disk as it is if not given. */
  readonly openLog?:
    ((member: { readonly id: number; readonly disk: SimulatedDisk }) => LogStorage) | undefined
}

/** 1 January 2026. */
const EPOCH_MS = 1_767_225_600_000

/** One member of a simulated group, through all its lives: its disk outlives the process. */
export class SimulatedMember<Machine extends StateMachine> {
  readonly id: number
  readonly disk: SimulatedDisk
  readonly reports: GroupReport[] = []
  /** How much faster than the true clock this one's runs, and how far it is off. */
  drift = 0
  wallSkewMs = 0
  /** How long its disk takes at most. */
  syncMsMax: number
  /** Called at each report, in the midst of what it reports. */
  onReport: ((report: GroupReport) => void) | undefined
  /** Counts the lives of the process; tasks of an earlier one are void. */
  life = 0
  readonly #parts: SimulatedMemberParts<Machine>
  #node: GroupNode | undefined
  #machine: Machine | undefined
  /** Reports of earlier lives. */
  #reportsBefore = 0
  readonly #crashHooks = new Set<() => void>()
  /** What waits for the process to go on, while it is stopped. */
  #backlog: (() => void)[] | undefined

  constructor(parts: SimulatedMemberParts<Machine>) {
    this.#parts = parts
    this.id = parts.id
    const { clock, random } = parts
    this.syncMsMax = parts.syncMsMax
    this.disk = new SimulatedDisk({
      schedule: (task) => clock.after(random.integer(0, this.syncMsMax), task),
      random: () => random.next(),
    })
  }

  get isUp(): boolean {
    return this.#node !== undefined
  }

  get isPaused(): boolean {
    return this.#backlog !== undefined
  }

  get node(): GroupNode {
    if (this.#node === undefined) throw new Error(`member ${this.id} is down`)
    return this.#node
  }

  get machine(): Machine {
    if (this.#machine === undefined) throw new Error(`member ${this.id} is down`)
    return this.#machine
  }

  reportsOf<Kind extends GroupReport['kind']>(kind: Kind): Extract<GroupReport, { kind: Kind }>[] {
    return this.reports.filter(
      (report): report is Extract<GroupReport, { kind: Kind }> => report.kind === kind,
    )
  }

  /** Whether its disk has failed it: it stands still until it is started anew. */
  get hasFailed(): boolean {
    return this.reports.slice(this.#reportsBefore).some(({ kind }) => kind === 'storage-failed')
  }

  /** Its log, before anything runs on it. */
  mount(): { readonly storage: LogStorage } {
    return { storage: this.#open() }
  }

  start(storage: LogStorage = this.#open()): void {
    const { id, clock, random, network, machine, options } = this.#parts
    const life = ++this.life
    this.#reportsBefore = this.reports.length
    this.#machine = machine(id)
    this.#node = new GroupNode(
      id,
      {
        storage,
        machine: this.#machine,
        transport: { send: (to, bytes, isBulk) => network.send(id, to, bytes, isBulk) },
        clock: memberClock(clock, this),
        random: () => random.next(),
        defer: (task) => clock.after(0, () => this.#run(life, task)),
        report: (report) => {
          this.reports.push(report)
          this.onReport?.(report)
        },
      },
      options,
    )
    network.attach(id, {
      receive: (from, bytes) => this.#run(life, () => this.node.receive(from, bytes)),
      partSent: (to, ok) => this.#run(life, () => this.node.partSent(to, ok)),
    })
    this.#tickOn(life)
  }

  crash(): void {
    this.life++
    this.#node = undefined
    this.#machine = undefined
    this.#backlog = undefined
    this.disk.crash()
    const hooks = [...this.#crashHooks]
    this.#crashHooks.clear()
    for (const hook of hooks) hook()
  }

  /** Calls `hook` at the next crash; gives what prevents it. */
  onCrash(hook: () => void): () => void {
    this.#crashHooks.add(hook)
    return () => void this.#crashHooks.delete(hook)
  }

  /** As SIGSTOP does: time goes on, and what arrives waits. */
  pause(): void {
    this.#backlog ??= []
  }

  resume(): void {
    const backlog = this.#backlog ?? []
    this.#backlog = undefined
    for (const task of backlog) task()
  }

  /** Has the process do something, as what arrives from outside does; gives whether there is one. */
  post(task: () => void): boolean {
    if (this.isUp) this.#run(this.life, task)
    return this.isUp
  }

  unreachable(id: number): void {
    this.#run(this.life, () => this.#node?.unreachable(id))
  }

  #open(): LogStorage {
    return this.#parts.openLog?.(this) ?? this.disk.open()
  }

  #run(life: number, task: () => void): void {
    if (life !== this.life) return
    if (this.#backlog === undefined) task()
    else this.#backlog.push(() => this.#run(life, task))
  }

  #tickOn(life: number): void {
    const { clock, options } = this.#parts
    const tickMs = (options.tickMs ?? groupDefaults.tickMs) / (1 + this.drift)
    clock.after(tickMs, () => {
      if (life !== this.life) return
      // A process that is stopped gets one of the ticks it missed, not all.
      if (this.#backlog === undefined) this.node.tick()
      this.#tickOn(life)
    })
  }
}

/** The clock of a process that runs a little fast or slow, and of which the date is off. */
export function memberClock(
  clock: VirtualClock,
  off: { readonly drift: number; readonly wallSkewMs: number },
): GroupClock {
  return {
    monotonicMs: () => clock.nowMs * (1 + off.drift),
    wallMs: () => EPOCH_MS + off.wallSkewMs + clock.nowMs * (1 + off.drift),
  }
}
