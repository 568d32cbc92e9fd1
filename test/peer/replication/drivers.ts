import { counter, type Local } from '@joinery/crdt-objects'
import { kindOf } from '@joinery/crdt-objects/engine'
import { silentDissemination } from '#peer/dissemination/silent.ts'
import type { ControlPort } from '#peer/identity/control-client.ts'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { WriteCount } from '#peer/replication/counted-state.ts'
import { SpaceDriver } from '#peer/replication/driver.ts'
import type { FirstSync } from '#peer/replication/first-sync.ts'
import type { Report } from '#peer/report.ts'
import { answerAtOnce } from '#test/fixtures/answer-at-once.ts'

/** A group that answers at once, and the drivers of one space that ask it. */
export class DriverNetwork {
  readonly group = new ControlState()
  readonly nodes = new Map<string, DriverNode>()

  add(name: string): DriverNode {
    const node = new DriverNode(this, name)
    this.nodes.set(name, node)
    return node
  }

  /** The group takes them for gone, and hears from the others, until it has sealed them. */
  seal(...gone: readonly DriverNode[]): void {
    for (const { session } of gone) this.group.apply({ kind: 'end-session', session }, 0)
  }

  stop(): void {
    for (const node of this.nodes.values()) node.stop()
  }
}

/** The driver of a space at one peer, without the peer. */
export class DriverNode {
  readonly name: string
  readonly session: string
  readonly driver: SpaceDriver
  readonly reports: Report[] = []
  readonly #network: DriverNetwork
  readonly #linked = new Set<string>()
  readonly #timer: NodeJS.Timeout
  /** Whether the group does not answer it. */
  isCutOff = false

  constructor(network: DriverNetwork, name: string) {
    this.name = name
    this.session = `session of ${name}`
    this.#network = network
    const control: ControlPort = {
      session: this.session,
      openSession: async () => await Promise.resolve(this.session),
      onSession: () => () => false,
      ask: async (request) =>
        this.isCutOff
          ? await new Promise(() => undefined)
          : await Promise.resolve(answerAtOnce(network.group, request, 0)),
    }
    const ports = {
      ...{ control, dissemination: silentDissemination, idlePackMs: 1e7 },
      sendMessage: (_: string, to: string, bytes: Uint8Array) => this.#send(to, bytes),
      queueBytesOf: () => 0,
      report: (report: Report) => this.reports.push(report),
      now: () => Date.now(),
      onEnded: () => undefined,
      isUsed: () => true,
    }
    const rules = { keepers: 3, durability: 2, isStable: true, opening: 1 }
    this.driver = new SpaceDriver('s', ports, rules, new WriteCount())
    this.#timer = setInterval(() => this.driver.tick(Math.random()), 20)
  }

  link(...others: readonly DriverNode[]): void {
    for (const other of others) {
      this.#linked.add(other.name)
      other.#linked.add(this.name)
      this.driver.neighbourUp(other.name)
      other.driver.neighbourUp(this.name)
    }
  }

  unlink(...others: readonly DriverNode[]): void {
    for (const other of others) {
      this.#linked.delete(other.name)
      other.#linked.delete(this.name)
      this.driver.neighbourDown(other.name)
      other.driver.neighbourDown(this.name)
    }
  }

  /** As a registry does; resolves when it has all that the others have, or has given up. */
  async open(others: readonly DriverNode[], syncMaxMs = 5000): Promise<void> {
    const sync: FirstSync = this.driver.beginFirstSync()
    this.link(...others)
    await this.driver.open(5000)
    sync.expect(others.map(({ name }) => name))
    await this.driver.endFirstSync(sync, syncMaxMs)
  }

  /** Adds to a counter, and lets the batch out. */
  add(object: string, amount: number): void {
    this.#counter(object).add(amount)
    this.driver.seal()
  }

  value(object: string): number {
    return this.#counter(object).value
  }

  stop(): void {
    clearInterval(this.#timer)
    this.driver.stop()
  }

  #counter(object: string) {
    return this.driver.state.open(object, kindOf(counter())).handle() as Local<
      ReturnType<typeof counter>
    >
  }

  #send(to: string, bytes: Uint8Array): void {
    if (!this.#linked.has(to)) return
    setImmediate(() => {
      if (this.#linked.has(to)) this.#network.nodes.get(to)!.driver.message(this.name, bytes)
    })
  }
}
