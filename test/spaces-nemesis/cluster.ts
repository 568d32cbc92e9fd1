import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { GroupSummary } from '@joinery/client/protocol'
import type { LeaveReport, PeerOptions } from '@joinery/peer'
import { eventually } from '#test/eventually.ts'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import type { Network } from '#test/nemesis/network.ts'
import { nowUs } from '#test/nemesis/records.ts'
import type { Command } from './fixtures/participant.ts'
import type { Holdings } from './records.ts'
import type { Observation } from './verify.ts'
import type { Mark, Pace } from './writer.ts'

const program = fileURLToPath(new URL('./fixtures/participant.ts', import.meta.url))
const clusterKey = 'a key for tests, and for tests only'

/** Of every peer that stays at its place: each has a network, and so all ports, for itself. */
export const ports = { listen: 4001, lane: 4002 } as const

/** Peers with a place of their own, the first `voterCount` of which vote. */
export const peerCount = 5
export const voterCount = 3
/** The network that visitors share. */
const visitorsNetwork = peerCount
export const networkCount = peerCount + 1

const voterReplaceMs = 2_500
const healthyWithinMs = 60_000
const restPollMs = 100

export type Participant = RemoteProcess<Command>

/** A place for a peer: its address stays, whoever is there. */
export interface Slot {
  readonly number: number
  lives: number
  process: Participant | undefined
  /** Of the writer that is there, or was there last. */
  writer: string
  id: string
}

export interface ClusterOptions {
  readonly network: Network
  /** Where the records are. */
  readonly folder: string
  readonly pace: Pace
}

/** Peers in processes and networks of their own, with one space among them. */
export class Cluster {
  readonly network: Network
  readonly slots: readonly Slot[]
  /** By the name of the writer, of all lives of all peers, and of all visitors. */
  readonly fileByWriter = new Map<string, string>()
  readonly #options: ClusterOptions
  readonly #visitors = new Set<Participant>()
  /** What `bystand` started. */
  #bystander: Participant | undefined
  #visits = 0
  /** What had been written by then is at every peer, if they have converged. */
  #convergedTo = 0

  private constructor(options: ClusterOptions) {
    this.#options = options
    this.network = options.network
    this.slots = Array.from({ length: peerCount }, (_, number) => ({
      ...{ number, lives: 0, process: undefined, writer: '', id: '' },
    }))
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options)
    try {
      const [founder, ...others] = cluster.slots
      await cluster.launch(founder!)
      await Promise.all(others.map(async (slot) => await cluster.launch(slot)))
      await cluster.healthy()
    } catch (error) {
      await cluster.kill()
      throw error
    }
    return cluster
  }

  /** Another life at a place: a new peer, which knows nothing of the one before. */
  async launch(slot: Slot, options: Partial<PeerOptions> = {}): Promise<void> {
    const { network, pace } = this.#options
    const isFounder = slot.number === 0 && slot.lives === 0
    const life = ++slot.lives
    slot.process = new RemoteProcess<Command>(program, { prefix: network.prefixOf(slot.number) })
    slot.writer = `peer-${slot.number}-${life}`
    const started = slot.process.ask<{ id: string }>({
      ...{ kind: 'start', name: slot.writer, file: this.#fileOf(slot.writer), pace },
      options: {
        clusterKey,
        listen: [this.#addressOf(slot)],
        lanePort: ports.lane,
        voter: slot.number < voterCount,
        votersMax: voterCount,
        voterReplaceMs,
        bootstrap: isFounder
          ? []
          : this.slots.filter((other) => other !== slot).map((other) => this.#addressOf(other)),
        ...options,
      },
    })
    slot.id = (await started).id
  }

  async killOne(slot: Slot): Promise<void> {
    const { process } = slot
    slot.process = undefined
    await process?.kill()
  }

  /** Ends one as the end of its machine would. */
  async crash(slot: Slot): Promise<void> {
    await this.killOne(slot)
    this.network.forgetSockets(slot.number)
  }

  /** Makes room for another life, with nothing lost. */
  async dismiss(slot: Slot): Promise<void> {
    await this.#leave(slot.process!)
    await this.killOne(slot)
  }

  async kill(): Promise<void> {
    const others = [...this.#visitors, this.#bystander]
    const ended = others.map(async (other) => await other?.kill())
    await Promise.all([...ended, ...this.slots.map(async (slot) => await this.killOne(slot))])
  }

  /**
   * Starts a peer that is a cluster of its own, and is struck by nothing: how fast it writes tells how busy the machine is.
   * Gives what it is to be asked by.
   */
  async bystand(): Promise<() => Promise<Mark>> {
    const bystander = new RemoteProcess<Command>(program)
    this.#bystander = bystander
    await bystander.ask({
      ...{ kind: 'start', name: 'bystander', pace: this.#options.pace, options: { clusterKey } },
      file: join(this.#options.folder, 'bystander.jsonl'),
    })
    return async () => await bystander.ask<Mark>({ kind: 'mark' })
  }

  /** A peer that has just joined, has written so much, and is about to leave. */
  async visit(writes: number, timeoutMs: number): Promise<Visitor> {
    const prefix = this.network.prefixOf(visitorsNetwork)
    const process = new RemoteProcess<Command>(program, { prefix })
    this.#visitors.add(process)
    const name = `visitor-${++this.#visits}`
    const listen = [`/ip4/${this.network.addressOf(visitorsNetwork)}/tcp/0`]
    const bootstrap = this.slots.map((slot) => this.#addressOf(slot))
    await process.ask({
      ...{ kind: 'start', name, file: this.#fileOf(name), pace: undefined },
      options: { clusterKey, listen, bootstrap },
    })
    const isAcknowledged = await process.ask<boolean>({ kind: 'visit', writes, timeoutMs })
    const end = async (): Promise<void> => {
      await process.kill()
      this.#visitors.delete(process)
    }
    return {
      isAcknowledged,
      kill: end,
      leave: async () => {
        const report = await this.#leave(process)
        await end()
        return report
      },
    }
  }

  /** Waits until all voters are there, and have a leader. */
  async healthy(): Promise<void> {
    const wanted = this.slots.slice(0, voterCount).map(({ id }) => id)
    await eventually(async () => {
      for (const { process } of this.slots) {
        const [group] = await process!.ask<GroupSummary[]>({ kind: 'groups' })
        assert.ok(group !== undefined && group.leader !== 0, 'a leader')
        assert.deepEqual(group.voters.map(({ peer }) => peer).sort(), [...wanted].sort())
      }
    }, healthyWithinMs)
  }

  async marks(): Promise<readonly Mark[]> {
    return await this.#askAll<Mark>({ kind: 'mark' })
  }

  /** Waits until each peer shows what all had written when this began; how long that took, `Infinity` if too long. */
  async converge(timeoutMs: number): Promise<number> {
    const startMs = performance.now()
    this.#convergedTo = nowUs()
    const counts = Object.fromEntries((await this.marks()).map(({ writer, seq }) => [writer, seq]))
    const reached = await this.#askAll<boolean>({ kind: 'reach', counts, timeoutMs })
    return reached.every(Boolean) ? performance.now() - startMs : Infinity
  }

  /** How many others each peer is connected to. */
  async connections(): Promise<readonly number[]> {
    return await this.#askAll<number>({ kind: 'connections' })
  }

  /** Waits until each peer is acknowledged what it has written; how long that took, `Infinity` if too long. */
  async acknowledged(timeoutMs: number): Promise<number> {
    const startMs = performance.now()
    const all = await this.#askAll<boolean>({ kind: 'acknowledge', timeoutMs })
    return all.every(Boolean) ? performance.now() - startMs : Infinity
  }

  /** What each peer shows. */
  async observe(): Promise<readonly Observation[]> {
    const asOf = this.#convergedTo
    const all = await this.#askAll<Holdings>({ kind: 'holdings' })
    return all.map((holdings, i) => ({ replica: this.slots[i]!.writer, asOf, holdings }))
  }

  /** Ends all writing, and gives what each peer shows once all show the same, or the time is over. */
  async rest(timeoutMs: number): Promise<readonly Observation[]> {
    await this.#askAll({ kind: 'rest' })
    const startMs = performance.now()
    await this.converge(timeoutMs)
    for (;;) {
      const observations = await this.observe()
      const digests = new Set(observations.map(({ holdings }) => holdings.digest))
      if (digests.size === 1 || performance.now() - startMs > timeoutMs) return observations
      // Of the last write of all the last part may be on its way.
      await sleep(restPollMs)
    }
  }

  async #askAll<T>(command: Command): Promise<T[]> {
    return await Promise.all(this.slots.map(async ({ process }) => await process!.ask<T>(command)))
  }

  async #leave(process: Participant): Promise<LeaveReport> {
    return await process.ask<LeaveReport>({ kind: 'leave' })
  }

  #addressOf({ number }: Slot): string {
    return `/ip4/${this.network.addressOf(number)}/tcp/${ports.listen}`
  }

  #fileOf(writer: string): string {
    const file = join(this.#options.folder, `${writer}.jsonl`)
    this.fileByWriter.set(writer, file)
    return file
  }
}

/** A peer that is about to go, one way or the other. */
export interface Visitor {
  /** Whether another peer holds what it wrote. */
  readonly isAcknowledged: boolean
  kill(): Promise<void>
  leave(): Promise<LeaveReport>
}
