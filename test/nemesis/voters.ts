import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GroupSummary } from '@joinery/client/protocol'
import type { PeerOptions } from '@joinery/peer'
import { freePort } from '#test/bench/free-port.ts'
import { eventually } from '#test/eventually.ts'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import { clusterKey, type Command, token } from './fixtures/participant.ts'
import type { Network } from './network.ts'
import type { WorkOptions } from './worker.ts'

const program = fileURLToPath(new URL('./fixtures/participant.ts', import.meta.url))

export type Participant = RemoteProcess<Command>

export interface ClusterOptions {
  readonly network: Network
  /** Below it each voter has its directory, and the records are. */
  readonly folder: string
  readonly isDurable: boolean
  /** What each life of a voter, and each process of clients, is to work at. */
  readonly workersOf: (life: string) => readonly WorkOptions[]
}

/** A place for a voter: its address stays, whoever is there. */
interface Slot {
  readonly number: number
  readonly listen: string
  readonly gateway: { readonly port: number; readonly host: string; readonly token: string }
  lives: number
  voter: Participant | undefined
  id: string
}

/** How long the connection to a voter whose memory is lost may be gone before another takes its place. */
const voterReplaceMs = 2_500

/** Voters that come and go. */
export class Voters {
  readonly slots: Slot[] = []
  readonly files: string[] = []
  readonly #options: ClusterOptions

  private constructor(options: ClusterOptions) {
    this.#options = options
  }

  static async start(count: number, options: ClusterOptions): Promise<Voters> {
    const voters = new Voters(options)
    for (let number = 0; number < count; number++) {
      const host = options.network.addressOf(number)
      const [port, gatewayPort] = [await freePort(), await freePort()]
      voters.slots.push({
        ...{ number, lives: 0, voter: undefined, id: '' },
        listen: `/ip4/${host}/tcp/${port}`,
        gateway: { port: gatewayPort, host, token },
      })
    }
    try {
      const [founder, ...others] = voters.slots
      await voters.#launch(founder!, true)
      await Promise.all(others.map(async (slot) => await voters.#launch(slot, false)))
      await voters.healthy()
      for (const slot of voters.slots) await voters.#work(slot)
    } catch (error) {
      await voters.kill()
      throw error
    }
    return voters
  }

  get urls(): readonly string[] {
    return this.slots.map(({ gateway }) => `ws://${gateway.host}:${gateway.port}`)
  }

  fileOf(life: string): string {
    const file = join(this.#options.folder, `${life}.jsonl`)
    this.files.push(file)
    return file
  }

  /** Another life at the same place: with the directory of the last one, or without anything. */
  async restart(slot: Slot): Promise<void> {
    await this.#launch(slot, false)
    await this.#work(slot)
  }

  async killOne(slot: Slot): Promise<void> {
    const { voter } = slot
    slot.voter = undefined
    await voter?.kill()
  }

  async kill(): Promise<void> {
    await Promise.all(this.slots.map(async (slot) => await this.killOne(slot)))
  }

  get running(): readonly Participant[] {
    return this.slots.flatMap(({ voter }) => voter ?? [])
  }

  /** The place of the leader, as most of those know it that answer. */
  async leader(): Promise<Slot> {
    return await eventually(async () => {
      for (const { voter } of this.slots) {
        if (voter === undefined || voter.isFrozen) continue
        const found = await this.#group(voter)
        const peer = found?.voters.find(({ node }) => node === found.leader)?.peer
        const slot = this.slots.find(({ id }) => id === peer)
        if (slot?.voter !== undefined) return slot
      }
      throw new Error('nobody leads')
    }, 20_000)
  }

  /** Waits until all voters are there, and have a leader. */
  async healthy(): Promise<void> {
    const wanted = this.slots.map(({ id }) => id).sort()
    await eventually(async () => {
      for (const { voter } of this.slots) {
        const group = await this.#group(voter!)
        assert.ok(group !== undefined && group.leader !== 0, 'a leader')
        assert.deepEqual(group.voters.map(({ peer }) => peer).sort(), wanted)
      }
    }, 60_000)
  }

  async #group(voter: Participant): Promise<GroupSummary | undefined> {
    const late = new Promise<undefined>((resolve) => {
      setTimeout(resolve, 2_000, undefined)
    })
    const asked = voter.ask<GroupSummary[]>({ kind: 'groups' }).then(([group]) => group)
    return await Promise.race([asked.catch(() => undefined), late])
  }

  async #launch(slot: Slot, isFounder: boolean): Promise<void> {
    const { network, folder, isDurable } = this.#options
    const prefix = network.prefixOf(slot.number)
    slot.voter = new RemoteProcess<Command>(program, { prefix })
    const others = this.slots.filter((other) => other !== slot && other.lives > 0)
    const options: PeerOptions = {
      clusterKey,
      listen: [slot.listen],
      gateway: slot.gateway,
      voter: true,
      votersMax: 5,
      bootstrap: isFounder ? [] : others.map(({ listen }) => listen),
      ...(isDurable ? { directory: join(folder, `voter-${slot.number}`) } : { voterReplaceMs }),
    }
    const file = this.fileOf(`voter-${slot.number}-${++slot.lives}`)
    const { id } = await slot.voter.ask<{ id: string }>({ kind: 'peer', options, file })
    slot.id = id
  }

  async #work(slot: Slot): Promise<void> {
    const workers = this.#options.workersOf(`voter-${slot.number}-${slot.lives}`)
    await slot.voter!.ask({ kind: 'work', workers })
  }
}

/** Functions behind gateways, in a process of their own. */
export async function startClients(
  voters: Voters,
  workers: readonly WorkOptions[],
): Promise<Participant> {
  const clients = new RemoteProcess<Command>(program)
  const { urls } = voters
  await clients.ask({
    kind: 'clients',
    urls: workers.map((_, i) => [
      ...urls.slice(i % urls.length),
      ...urls.slice(0, i % urls.length),
    ]),
    file: voters.fileOf('clients'),
  })
  await clients.ask({ kind: 'work', workers })
  return clients
}

export type { Slot }
