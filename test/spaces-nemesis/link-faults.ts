import { fileURLToPath } from 'node:url'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import type { Random } from '#test/simulation/random.ts'
import { type Cluster, peerCount, ports, type Slot, voterCount } from './cluster.ts'
import type { RelayCommand, Route } from './fixtures/relay.ts'
import type { Tool, Traffic } from './traffic.ts'

/** What a fault needs. */
export interface Scene {
  readonly cluster: Cluster
  readonly traffic: Traffic
  readonly random: Random
}

/** A fault that goes on, until it is ended. */
export interface Going {
  /** The numbers of those whom it struck. */
  readonly struck: readonly number[]
  end(): Promise<void>
  /** Puts back what has no part in the fault any more. */
  clear?(): Promise<void>
}

/** Something that links do. */
export interface LinkFault {
  readonly tool: Tool | undefined
  /** Whether some peers do not hear others at all while it lasts. */
  readonly isPartition: boolean
  strike(scene: Scene): Promise<Going>
}

type Pair = readonly [from: Slot, to: Slot]

const relayProgram = fileURLToPath(new URL('./fixtures/relay.ts', import.meta.url))
const relayPortFirst = 9_000
const lossPercent = 5
const megabits = 2
const delayMs = 50
const jitterMs = 20

/** All that links do here, by what it is called. */
export const linkFaults = {
  'one cut off, link down': {
    tool: undefined,
    isPartition: true,
    strike: async ({ cluster: { network, slots }, random }) => {
      const { number } = random.pick(slots)
      network.cut(number)
      return { struck: [number], end: async () => network.mend(number) }
    },
  },
  'two and three, nft': {
    tool: 'nft',
    isPartition: true,
    strike: async (scene) => {
      const [a, b, ...others] = shuffled(scene)
      const pairs = [a!, b!].flatMap((one) => others.map((other) => [one, other] as const))
      return mute(scene, [a!, b!], [...pairs, ...pairs.map(([from, to]) => [to, from] as const)])
    },
  },
  'one not heard, nft': {
    tool: 'nft',
    isPartition: true,
    strike: async (scene) => {
      const [one, ...others] = shuffled(scene)
      return mute(scene, [one!], others.map((other) => [one!, other] as const)) // prettier-ignore
    },
  },
  'one hears nobody, blackhole routes': {
    tool: undefined,
    isPartition: true,
    strike: async (scene) => {
      const { network } = scene.cluster
      const [one, ...others] = shuffled(scene)
      for (const { number } of others) network.block(number, one!.number)
      return {
        struck: [one!.number],
        end: async () => {
          for (const { number } of others) network.unblock(number, one!.number)
        },
      }
    },
  },
  'loss of 5 %, nft': {
    tool: 'nft',
    isPartition: false,
    strike: async ({ traffic }) => {
      for (let peer = 0; peer < peerCount; peer++) traffic.lose(peer, lossPercent)
      return {
        struck: everybody(),
        end: async () => {
          for (let peer = 0; peer < peerCount; peer++) traffic.loseNone(peer)
        },
      }
    },
  },
  '2 Mbit/s, tbf': {
    tool: 'tc',
    isPartition: false,
    strike: async ({ traffic }) => {
      for (let peer = 0; peer < peerCount; peer++) traffic.slow(peer, megabits)
      return {
        struck: everybody(),
        end: async () => {
          for (let peer = 0; peer < peerCount; peer++) traffic.slowNoMore(peer)
        },
      }
    },
  },
  '50 to 70 ms each way, relay': {
    tool: 'nft',
    isPartition: false,
    strike: async (scene) => await moveAway(scene),
  },
} as const satisfies Readonly<Record<string, LinkFault>>

export type LinkFaultName = keyof typeof linkFaults

export const linkFaultNames = Object.keys(linkFaults) as LinkFaultName[]

/** Why a fault cannot be had here. */
export function problemOf(name: LinkFaultName, traffic: Traffic): string | undefined {
  const { tool } = linkFaults[name]
  return tool && traffic.problems.get(tool)
}

/** All peers in an order that is drawn. */
export function shuffled({ cluster, random }: Scene): Slot[] {
  return cluster.slots
    .map((slot) => ({ slot, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ slot }) => slot)
}

function mute({ traffic }: Scene, struck: readonly Slot[], pairs: readonly Pair[]): Going {
  for (const [from, to] of pairs) traffic.mute(to.number, from.number)
  return {
    struck: struck.map(({ number }) => number),
    end: async () => {
      for (const [from, to] of pairs) traffic.unmute(to.number, from.number)
    },
  }
}

/**
 * Those who do not vote go, and come again behind relays: they listen nowhere, so that all their connections are of their
 * own dialling, and each of these goes to a relay beside them, which hands it on.
 */
async function moveAway(scene: Scene): Promise<Going> {
  const { cluster, traffic } = scene
  const away = cluster.slots.slice(voterCount)
  const relays = await Promise.all(away.map(async (slot) => await startRelay(scene, slot)))
  const replace = async (listen?: readonly string[]): Promise<void> => {
    for (const slot of away) {
      await cluster.dismiss(slot)
      await cluster.launch(slot, listen && { listen })
    }
  }
  await replace([])
  return {
    struck: away.map(({ number }) => number),
    end: async () => {
      const none: RelayCommand = { kind: 'delay', delayMs: 0, jitterMs: 0 }
      await Promise.all(relays.map(async (relay) => await relay.ask(none)))
    },
    clear: async () => {
      for (const { number } of away) traffic.redirectNone(number)
      await replace()
      await Promise.all(relays.map(async (relay) => await relay.kill()))
    },
  }
}

async function startRelay(
  { cluster, traffic }: Scene,
  slot: Slot,
): Promise<RemoteProcess<RelayCommand>> {
  const { network, slots } = cluster
  const localAddress = network.addressOf(slot.number + 100)
  traffic.addAddress(slot.number, localAddress)
  const relay = new RemoteProcess<RelayCommand>(relayProgram, {
    prefix: network.prefixOf(slot.number),
  })
  const routes = slots.slice(0, voterCount).flatMap(({ number }) =>
    Object.values(ports).map((hostPort, i): Route => ({
      port: relayPortFirst + 2 * number + i,
      host: network.addressOf(number),
      hostPort,
    })),
  )
  await relay.ask({ kind: 'open', routes, localAddress })
  await relay.ask({ kind: 'delay', delayMs, jitterMs })
  for (const { port, host, hostPort } of routes) {
    traffic.redirect(slot.number, { host, port: hostPort }, { port, except: localAddress })
  }
  return relay
}

function everybody(): number[] {
  return Array.from({ length: peerCount }, (_, number) => number)
}
