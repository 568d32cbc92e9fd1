import { setTimeout as sleep } from 'node:timers/promises'
import type { Slot } from './cluster.ts'
import { linkFaults, type LinkFaultName, type Scene, shuffled } from './link-faults.ts'

/** What a nemesis did, beside what links did. */
export interface Toll {
  killed: number
  frozen: number
  visitors: number
  visitorsKilled: number
  /** Visitors whose writes were not acknowledged in their time. */
  late: number
}

/** How hard a nemesis strikes. */
export interface Severity {
  readonly freezeMs: readonly [min: number, max: number]
  readonly linkMs: readonly [min: number, max: number]
  /** Peers that join at once. */
  readonly visitors: number
}

/** A round of a nemesis. */
interface StormScene extends Scene {
  readonly severity: Severity
  /** Those whom no fault of this round has struck: each process has one at most. */
  readonly free: Set<Slot>
  readonly toll: Toll
}

/** Resolves when all that was struck is well again. */
type StormFault = (scene: StormScene) => Promise<void>

const visitWrites = 20
const visitMs = 40_000

/** All faults of a nemesis, by what they are called. */
export const stormFaults = {
  kill: async (scene) => {
    const slot = take(scene)
    await kill(scene, slot)
    await pause(scene, [500, 3_000])
    await scene.cluster.launch(slot)
  },
  'cut off one and kill it': async (scene) => {
    const { cluster } = scene
    const slot = take(scene)
    cluster.network.cut(slot.number)
    // Nothing that it wrote since can have been acknowledged.
    await pause(scene, [1_500, 3_000])
    await kill(scene, slot)
    cluster.network.mend(slot.number)
    await cluster.launch(slot)
  },
  'freeze one': async (scene) => await freeze(scene, [take(scene)]),
  'freeze two': async (scene) => await freeze(scene, [take(scene), take(scene)]),
  'link down': async (scene) => await link(scene, 'one cut off, link down'),
  'two and three': async (scene) => await link(scene, 'two and three, nft'),
  'one not heard': async (scene) => await link(scene, 'one not heard, nft'),
  'one hears nobody': async (scene) => await link(scene, 'one hears nobody, blackhole routes'),
  loss: async (scene) => await link(scene, 'loss of 5 %, nft'),
  'slow links': async (scene) => await link(scene, '2 Mbit/s, tbf'),
  visitors: async (scene) => await visit(scene, undefined),
  'visitors, one killed': async (scene) =>
    await visit(scene, scene.random.integer(0, scene.severity.visitors - 1)),
} as const satisfies Readonly<Record<string, StormFault>>

export type StormFaultName = keyof typeof stormFaults

/** Those that end a process: one a round. */
export const killingFaults: ReadonlySet<StormFaultName> = new Set<StormFaultName>([
  'kill',
  'cut off one and kill it',
  'visitors, one killed',
])

/** Of links, and so in need of what they need. */
export const linkOf: Partial<Record<StormFaultName, LinkFaultName>> = {
  'two and three': 'two and three, nft',
  'one not heard': 'one not heard, nft',
  loss: 'loss of 5 %, nft',
  'slow links': '2 Mbit/s, tbf',
}

async function kill({ cluster, toll }: StormScene, slot: Slot): Promise<void> {
  await cluster.crash(slot)
  toll.killed++
}

async function freeze(scene: StormScene, slots: readonly Slot[]): Promise<void> {
  for (const { process } of slots) process!.freeze()
  scene.toll.frozen += slots.length
  await pause(scene, scene.severity.freezeMs)
  for (const { process } of slots) process!.thaw()
}

async function link(scene: StormScene, name: LinkFaultName): Promise<void> {
  const going = await linkFaults[name].strike(scene)
  await pause(scene, scene.severity.linkMs)
  await going.end()
}

/** Peers that join at once, write, and go when another peer holds what they wrote: one of them by being killed. */
async function visit(
  { cluster, toll, severity }: StormScene,
  killed: number | undefined,
): Promise<void> {
  const visitors = Array.from({ length: severity.visitors }, async (_, number) => {
    const visitor = await cluster.visit(visitWrites, visitMs)
    toll.visitors++
    if (!visitor.isAcknowledged) toll.late++
    if (number !== killed) await visitor.leave()
    else {
      await visitor.kill()
      toll.visitorsKilled++
    }
  })
  await Promise.all(visitors)
}

function take(scene: StormScene): Slot {
  const slot = shuffled(scene).find((each) => scene.free.has(each))
  if (slot === undefined) throw new Error('every peer is struck already')
  scene.free.delete(slot)
  return slot
}

async function pause(
  { random }: StormScene,
  [minMs, maxMs]: readonly [min: number, max: number],
): Promise<void> {
  await sleep(random.integer(minMs, maxMs))
}
