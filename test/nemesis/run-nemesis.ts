import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '#test/simulation/random.ts'
import type { Operation } from '#test/linearizability/history.ts'
import { type FaultName, faults } from './faults.ts'
import { gather, type Gathered } from './gather.ts'
import type { Network } from './network.ts'
import { nowUs } from './records.ts'
import { type Verified, verify } from './verify.ts'
import { type Participant, startClients, Voters } from './voters.ts'
import type { WorkOptions } from './worker.ts'

/** How a cluster is to be troubled. */
export interface NemesisOptions {
  readonly seed: number
  readonly seconds: number
  readonly network: Network
  readonly isDurable: boolean
  /** Each once, in this order, however long that takes; then as they are drawn, until the time is over. */
  readonly faults: readonly FaultName[]
  /** Of each voter, and behind gateways. */
  readonly clients: { readonly embedded: number; readonly remote: number }
  readonly faultMs: readonly [min: number, max: number]
  readonly calmMs: readonly [min: number, max: number]
  readonly epochMs: number
  readonly searches: number
  /** Keeps the records there. */
  readonly folder?: string | undefined
  readonly onProgress?: (seconds: number, what: string) => void
}

export interface StruckFault {
  readonly name: FaultName
  readonly struck: readonly number[]
  readonly lastedMs: number
  /** From its end until all voters were there again, and had a leader. */
  readonly recoveredMs: number
}

/** How long a killed leader was missed. */
export interface Gap {
  /** Until another voter led. */
  readonly leaderMs: number
  /** Until a write was answered that had been asked for since. */
  readonly writeMs: number
}

export interface NemesisReport {
  readonly faults: readonly StruckFault[]
  readonly gaps: readonly Gap[]
  readonly operations: { readonly ok: number; readonly unknown: number; readonly failed: number }
  readonly failures: ReadonlyMap<string, number>
  readonly verified: Verified
}

const clientsAtMost = 100
const leaderKillChance = 0.5

/** Runs a cluster of five under a nemesis, and checks what its clients saw. */
export async function runNemesis(options: NemesisOptions): Promise<NemesisReport> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'joinery-nemesis-'))
  mkdirSync(folder, { recursive: true })
  const run = new NemesisRun(options, folder)
  try {
    return await run.run()
  } finally {
    await run.end()
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

class NemesisRun {
  readonly #options: NemesisOptions
  readonly #folder: string
  readonly #random: Random
  readonly #startUs = nowUs()
  readonly #faults: StruckFault[] = []
  readonly #leaderKills: number[] = []
  #nextClient = 1
  #voters: Voters | undefined
  #clients: Participant | undefined

  constructor(options: NemesisOptions, folder: string) {
    this.#options = options
    this.#folder = folder
    this.#random = new Random(options.seed)
  }

  async run(): Promise<NemesisReport> {
    const { network, isDurable, clients, seconds } = this.#options
    const voters = await Voters.start(5, {
      ...{ network, isDurable, folder: this.#folder },
      workersOf: () => this.#workers(clients.embedded),
    })
    this.#voters = voters
    this.#clients = await startClients(voters, this.#workers(clients.remote))
    const endUs = nowUs() + seconds * 1_000_000
    const planned = [...this.#options.faults]
    await this.#pause(this.#options.calmMs)
    while (nowUs() < endUs || planned.length > 0) {
      await this.#strike(voters, planned.shift() ?? this.#drawFault())
      await this.#pause(this.#options.calmMs)
    }
    this.#progress('reading what is left')
    const participants = [...voters.running, this.#clients]
    await Promise.all(participants.map(async (each) => await each.ask({ kind: 'rest' })))
    const epochs = Math.ceil((nowUs() - this.#startUs) / 1000 / this.#options.epochMs)
    const [work] = this.#workers(1)
    await this.#clients.ask({ kind: 'finish', work: work!, epochs })
    // Followers hear of the last commands by the next heartbeats.
    await new Promise((resolve) => setTimeout(resolve, 500))
    this.#progress('checking')
    return this.#report(gather(voters.files))
  }

  async end(): Promise<void> {
    for (const { voter } of this.#voters?.slots ?? []) if (voter?.isFrozen === true) voter.thaw()
    await this.#clients?.kill()
    await this.#voters?.kill()
  }

  #report(gathered: Gathered): NemesisReport {
    const { searches } = this.#options
    const count = (kind: Operation['kind']): number =>
      gathered.history.filter((operation) => operation.kind === kind).length
    return {
      faults: this.#faults,
      gaps: this.#leaderKills.map((at) => gapAfter(at, gathered)),
      operations: { ok: count('ok'), unknown: count('unknown'), failed: count('failed') },
      failures: gathered.failures,
      verified: verify(gathered, { searches, random: this.#random }),
    }
  }

  /** Leaders are killed more often: how long they are missed is what users notice most. */
  #drawFault(): FaultName {
    const { faults } = this.#options
    const often: FaultName = 'kill the leader'
    const isOften = faults.includes(often) && this.#random.chance(leaderKillChance)
    return isOften ? often : this.#random.pick(faults)
  }

  async #strike(voters: Voters, name: FaultName): Promise<void> {
    const { network, faultMs } = this.#options
    this.#progress(name)
    const startMs = performance.now()
    const { struck, leaderKilledAt, end } = await faults[name]({
      ...{ voters, network, random: this.#random },
    })
    if (leaderKilledAt !== undefined) this.#leaderKills.push(leaderKilledAt)
    await this.#pause(faultMs)
    await end()
    const lastedMs = performance.now() - startMs
    this.#progress(`after: ${name}`)
    await voters.healthy()
    const recoveredMs = performance.now() - startMs - lastedMs
    this.#faults.push({ name, struck, lastedMs, recoveredMs })
  }

  #workers(count: number): WorkOptions[] {
    const { epochMs } = this.#options
    return Array.from({ length: count }, () => {
      const client = this.#nextClient++
      const seed = this.#options.seed * clientsAtMost + client
      return { client, seed, startUs: this.#startUs, epochMs }
    })
  }

  #progress(what: string): void {
    this.#options.onProgress?.((nowUs() - this.#startUs) / 1_000_000, what)
  }

  async #pause([min, max]: readonly [min: number, max: number]): Promise<void> {
    const delayMs = this.#random.integer(min, max)
    await new Promise((resolve) => setTimeout(resolve, delayMs))
  }
}

function gapAfter(killedAt: number, { leads, history }: Gathered): Gap {
  const leader = leads.find(({ at }) => at > killedAt)
  let answered = Infinity
  for (const { kind, invokedAt, returnedAt, operation } of history) {
    if (kind !== 'ok' || invokedAt < killedAt || operation === 'read') continue
    answered = Math.min(answered, returnedAt ?? Infinity)
  }
  const since = (at: number): number => (at - killedAt) / 1000
  return { leaderMs: since(leader?.at ?? Infinity), writeMs: since(answered) }
}
