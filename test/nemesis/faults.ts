import type { Random } from '#test/simulation/random.ts'
import type { Network } from './network.ts'
import { nowUs } from './records.ts'
import type { Slot, Voters } from './voters.ts'

/** What a fault needs. */
export interface Scene {
  readonly voters: Voters
  readonly network: Network
  readonly random: Random
}

/** A fault that goes on, until it is ended. */
interface Going {
  /** Whom it struck. */
  readonly struck: readonly number[]
  /** When a leader was killed. */
  readonly leaderKilledAt?: number
  end(): Promise<void>
}

type Fault = (scene: Scene) => Promise<Going>

const kill = async ({ voters }: Scene, slots: readonly Slot[], leader: Slot): Promise<Going> => {
  const at = nowUs()
  await Promise.all(slots.map(async (slot) => await voters.killOne(slot)))
  return {
    struck: numbersOf(slots),
    ...(slots.length === 1 && slots[0] === leader ? { leaderKilledAt: at } : {}),
    end: async () => {
      await Promise.all(slots.map(async (slot) => await voters.restart(slot)))
    },
  }
}

const freeze = async (slots: readonly Slot[]): Promise<Going> => {
  for (const { voter } of slots) voter?.freeze()
  return {
    struck: numbersOf(slots),
    end: async () => {
      for (const { voter } of slots) voter?.thaw()
    },
  }
}

const cut = async ({ network }: Scene, slot: Slot): Promise<Going> => {
  network.cut(slot.number)
  return { struck: [slot.number], end: async () => network.mend(slot.number) }
}

/** Nothing passes from the one of each pair to the other. */
const block = async (
  { network }: Scene,
  struck: readonly Slot[],
  pairs: readonly (readonly [from: Slot, to: Slot])[],
): Promise<Going> => {
  for (const [from, to] of pairs) network.block(from.number, to.number)
  return {
    struck: numbersOf(struck),
    end: async () => {
      for (const [from, to] of pairs) network.unblock(from.number, to.number)
    },
  }
}

const bothWays = (a: readonly Slot[], b: readonly Slot[]): (readonly [Slot, Slot])[] =>
  a.flatMap((one) => b.flatMap((other) => [[one, other] as const, [other, one] as const]))

/** All faults, by name. "one": any voter but the leader. */
export const faults = {
  'kill the leader': async (scene) => {
    const leader = await scene.voters.leader()
    return await kill(scene, [leader], leader)
  },
  'kill one': async (scene) => {
    const leader = await scene.voters.leader()
    return await kill(scene, [follower(scene, leader)], leader)
  },
  'kill all': async (scene) => {
    const leader = await scene.voters.leader()
    return await kill(scene, scene.voters.slots, leader)
  },
  'freeze the leader': async ({ voters }) => await freeze([await voters.leader()]),
  'freeze one': async (scene) => await freeze([follower(scene, await scene.voters.leader())]),
  'freeze three': async (scene) => await freeze(someWith(scene, await scene.voters.leader(), 3)),
  'cut off the leader': async (scene) => await cut(scene, await scene.voters.leader()),
  'cut off one': async (scene) => await cut(scene, follower(scene, await scene.voters.leader())),
  'split off the leader and one': async (scene) => {
    const two = someWith(scene, await scene.voters.leader(), 2)
    return await block(scene, two, bothWays(two, without(scene, two)))
  },
  'mute the leader': async (scene) => {
    const leader = await scene.voters.leader()
    const others = without(scene, [leader])
    return await block(scene, [leader], others.map((other) => [leader, other] as const)) // prettier-ignore
  },
  'deafen the leader': async (scene) => {
    const leader = await scene.voters.leader()
    const others = without(scene, [leader])
    return await block(scene, [leader], others.map((other) => [other, leader] as const)) // prettier-ignore
  },
  'join two halves by one': async (scene) => {
    const [middle, a, b, c, d] = shuffled(scene)
    return await block(scene, [middle!], bothWays([a!, b!], [c!, d!]))
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof faults

/** Those that need no network of one's own. */
export const processFaults = [
  'kill the leader',
  'freeze the leader',
  'kill one',
  'freeze one',
] as const satisfies readonly FaultName[]

/** Those that take the memory of no more than one: without disks, more would be the end of the group. */
export const memoryFaults: readonly FaultName[] = (Object.keys(faults) as FaultName[]).filter(
  (name) => name !== 'kill all',
)

function follower(scene: Scene, leader: Slot): Slot {
  return scene.random.pick(without(scene, [leader]))
}

function someWith(scene: Scene, leader: Slot, count: number): readonly Slot[] {
  return [leader, ...shuffled(scene).filter((slot) => slot !== leader)].slice(0, count)
}

function without({ voters }: Scene, slots: readonly Slot[]): readonly Slot[] {
  return voters.slots.filter((slot) => !slots.includes(slot))
}

function shuffled({ voters, random }: Scene): Slot[] {
  return voters.slots
    .map((slot) => ({ slot, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ slot }) => slot)
}

function numbersOf(slots: readonly Slot[]): readonly number[] {
  return slots.map(({ number }) => number)
}
