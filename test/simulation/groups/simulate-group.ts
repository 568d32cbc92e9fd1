/*
 * A whole group and its clients in one process, on virtual time, from one seed: the production core, driver, state
 * machine, objects and callers, over disks, networks, clocks and processes that fail. First everything may go wrong, and
 * nothing wrong may be seen; then all is mended, and everything must come to its end in a stated time.
 */
import { strict as assert } from 'node:assert'
import { checkFencing, type Holding } from '#test/linearizability/fencing.ts'
import type { Verdict } from '#test/linearizability/history.ts'
import { searchLinearization } from '#test/linearizability/search.ts'
import { checkWitness } from '#test/linearizability/witness.ts'
import { STRAY_MS_MAX } from './attempt.ts'
import { Client } from './client.ts'
import { HandOver } from './hand-over.ts'
import { HistoryRecorder } from './history-recorder.ts'
import { MembershipChurn } from './membership-churn.ts'
import { Nemesis } from './nemesis.ts'
import { modelOf, type ObjectName } from './objects.ts'
import { drawPlan, type Plan } from './plan.ts'
import { runScript, type ScriptName, scriptNames } from './scripts.ts'
import { loadTypes, type Member, SimulatedGroup } from './simulated-group.ts'

/** What happened in a simulation that went well. */
export interface GroupReport {
  readonly operations: number
  readonly commands: number
  readonly replies: number
  readonly elections: number
  readonly changes: number
  readonly crashes: number
  readonly commits: number
  readonly searched: number
  readonly undecided: number
  readonly healedMs: number
}

/** Within so much virtual time of healing, every open call is answered. */
export const healingMsMax = 30_000
/** And within so much more, nothing is left of the clients, and the members are alike. */
const settlingMsMax = 30_000
/** One history in so many is searched as well. */
const SEARCH_SEEDS = 4
const SEARCH_STEPS_MAX = 50_000
/** In a second in which nobody calls, of each member: heartbeats and their answers, and little else. */
const IDLE_MESSAGES_MAX = 70
const SCRIPTS_MIN = 3
const SCRIPTS_MAX = 6

/** Runs one simulation; fails with the seed in the message. */
export async function simulateGroup(seed: number): Promise<GroupReport> {
  await loadTypes()
  const simulation = new GroupSimulation(drawPlan(seed))
  try {
    return await simulation.run()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`seed ${seed}: ${reason}`, { cause: error })
  }
}

class GroupSimulation {
  readonly #plan: Plan
  readonly #group: SimulatedGroup
  readonly #recorder = new HistoryRecorder()
  readonly #notes = new HandOver()
  readonly #holdings: Holding[] = []
  readonly #churn: MembershipChurn
  readonly #nemesis: Nemesis
  /** What all clients do in this run: the fewer, the more they meet. */
  readonly #scripts: readonly ScriptName[]
  #clients: Client[] = []
  #lastClient = 0
  /** Scripts that have not come to their end, of clients that live. */
  readonly #running = new Map<Client, number>()
  #failure: Error | undefined
  #isTouched = false

  constructor(plan: Plan) {
    this.#plan = plan
    this.#group = new SimulatedGroup(plan)
    const { random } = this.#group
    const names = scriptNames.toSorted(() => random.next() - 0.5)
    this.#scripts = names.slice(0, random.integer(SCRIPTS_MIN, SCRIPTS_MAX))
    this.#churn = new MembershipChurn(this.#group, plan.voters)
    this.#nemesis = new Nemesis({
      ...{ plan, group: this.#group, churn: this.#churn },
      clients: () => this.#clients,
      replaceClient: (client) => this.#replace(client),
    })
  }

  async run(): Promise<GroupReport> {
    const { cluster } = this.#group
    cluster.foundVoters(this.#plan.voters)
    for (let i = 0; i < this.#plan.clients; i++) this.#startClient()
    cluster.network.weather = this.#plan.weather
    this.#nemesis.start()
    await this.#pass(this.#plan.chaosMs)
    const healedMs = await this.#heal()
    await this.#checkEnd()
    const { searched, undecided } = this.#judge()
    const { truth } = this.#group
    return {
      ...{ operations: this.#recorder.count, commands: truth.commands, replies: truth.replies },
      ...{ elections: truth.elections, changes: this.#churn.changes },
      crashes: this.#group.crashes,
      commits: this.#group.commitsChecked,
      ...{ searched, undecided, healedMs },
    }
  }

  /** Lets virtual time pass, and promises have their turn whenever something of a client has run. */
  async #pass(durationMs: number, isDone: () => boolean = () => false): Promise<boolean> {
    const { clock } = this.#group
    const endMs = clock.nowMs + durationMs
    for (;;) {
      if (this.#isTouched) {
        this.#isTouched = false
        await settled()
        if (this.#failure !== undefined) throw this.#failure
        if (isDone()) return true
      }
      if (clock.nowMs >= endMs) return isDone()
      clock.run(endMs - clock.nowMs, () => this.#isTouched)
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    this.#isTouched = true
  }

  #newClient(): Client {
    return new Client({
      id: ++this.#lastClient,
      plan: this.#plan,
      group: this.#group,
      recorder: this.#recorder,
      holdings: this.#holdings,
      touched: () => {
        this.#isTouched = true
      },
    })
  }

  #startClient(): void {
    const client = this.#newClient()
    this.#clients.push(client)
    this.#running.set(client, this.#scripts.length)
    for (const name of this.#scripts) {
      runScript(name, client, this.#notes).then(
        () => this.#running.set(client, this.#running.get(client)! - 1),
        (error: unknown) => this.#fail(error),
      )
    }
    this.#isTouched = true
  }

  #replace(client: Client): void {
    client.die()
    this.#running.delete(client)
    this.#clients = this.#clients.filter((other) => other !== client)
    this.#startClient()
  }

  /** All is mended, and clients begin nothing more: every call must be answered. Gives how long that took. */
  async #heal(): Promise<number> {
    const healedMs = this.#group.clock.nowMs
    this.#nemesis.end()
    for (const client of this.#clients) client.isStopping = true
    let isRepaired = false
    this.#churn.repair(() => {
      isRepaired = true
      this.#isTouched = true
    })
    const isOver = (): boolean =>
      isRepaired && [...this.#running.values()].every((count) => count === 0)
    if (!(await this.#pass(healingMsMax, isOver))) {
      assert.fail(`${healingMsMax} ms after healing: ${this.#describe()}`)
    }
    return this.#group.clock.nowMs - healedMs
  }

  async #checkEnd(): Promise<void> {
    const checker = this.#newClient()
    checker.way.losses = { lost: 0, repeated: 0 }
    const left: string[] = []
    const work = (async () => {
      for (const name of ['counter', 'register', 'ledger'] as const) {
        await checker.perform(name, 'read', [], 'read')
      }
      await checker.perform('map', 'get', ['a'], 'read')
      await this.#endClients()
      // What is still on its way may open sessions once more. What the dead have claimed comes back when theirs end.
      await checker.process.sleep(STRAY_MS_MAX)
      while (this.#sessionsMost > 0) await checker.process.sleep(100)
      const queue = await checker.handle('work')
      for (let item = await queue.tryTake(); item !== undefined; item = await queue.tryTake()) {
        left.push(item)
      }
      await checker.caller.close(new Error('the end'))
    })()
    let isOver = false
    work.then(
      () => (isOver = true),
      (error: unknown) => this.#fail(error),
    )
    this.#isTouched = true
    if (!(await this.#pass(settlingMsMax, () => isOver))) assert.fail(`no end: ${this.#describe()}`)
    // Followers hear of the last commit.
    for (let tries = 0; tries < 40 && !this.#isAlike; tries++) await this.#pass(25)
    this.#checkMembers()
    this.#notes.check(left)
  }

  get #sessionsMost(): number {
    return Math.max(...this.#voters.map(({ machine }) => machine.state.sessionCount))
  }

  get #isAlike(): boolean {
    const [first, ...others] = this.#voters.map(({ machine }) => machine.count)
    return this.#sessionsMost === 0 && others.every((count) => count === first)
  }

  get #voters(): Member[] {
    const { voters } = this.#group.confState
    return this.#group.cluster.live.filter(({ id }) => voters.includes(id))
  }

  async #endClients(): Promise<void> {
    const reason = new Error('the client ends')
    await Promise.all(this.#clients.map((client) => client.caller.close(reason)))
  }

  #checkMembers(): void {
    const { cluster, confState } = this.#group
    this.#group.checkReports()
    const members = this.#voters
    const [first, ...others] = members
    assert.ok(first !== undefined && members.length > confState.voters.length / 2)
    for (const { id, machine } of others) {
      assert.equal(machine.count, first.machine.count, `${id} has applied what ${first.id} has`)
    }
    for (const { id, machine } of members) {
      machine.compare()
      assert.equal(machine.state.sessionCount, 0, `member ${id} keeps no session`)
      assert.equal(machine.state.parkedCount, 0, `member ${id} keeps no parked call`)
      assert.equal(machine.state.ignored, 0, `member ${id} understood every entry`)
    }
    const sentBefore = cluster.network.messagesSent
    cluster.run(1_000)
    const sent = cluster.network.messagesSent - sentBefore
    const bound = IDLE_MESSAGES_MAX * cluster.live.length
    assert.ok(sent <= bound, `${sent} messages in an idle second among ${cluster.live.length}`)
  }

  #judge(): { readonly searched: number; readonly undecided: number } {
    const history = this.#recorder.history(this.#group.truth)
    expectOk('by index', checkWitness(history, modelOf))
    expectOk('by fences', checkFencing(this.#holdings))
    if (this.#plan.seed % SEARCH_SEEDS !== 0) return { searched: 0, undecided: 0 }
    let undecided = 0
    const names = new Set(history.map(({ object }) => object as ObjectName))
    for (const name of names) {
      const ofObject = history.filter(({ object }) => object === name)
      const verdict = searchLinearization(ofObject, modelOf, { stepsMax: SEARCH_STEPS_MAX })
      if (verdict.kind === 'undecided') undecided++
      else expectOk('by search', verdict)
    }
    return { searched: names.size, undecided }
  }

  #describe(): string {
    const members = this.#group.cluster.live.map(({ node }) => {
      const { id, role, term, leader, applied, confState } = node.status()
      return `${id} is ${role} of ${leader} in ${term}, at ${applied}, voters ${confState.voters.join(' ')}`
    })
    const open = [...this.#running].map(([{ id }, count]) => `client ${id}: ${count} scripts`)
    return [...members, ...open].join('; ')
  }
}

function expectOk(how: string, verdict: Verdict): void {
  if (verdict.kind !== 'ok') assert.fail(`${verdict.kind} ${how}: ${verdict.reason}`)
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
