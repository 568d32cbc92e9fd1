import { defineObject, StrongObject, type WithdrawnCall } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

const teamSize = 9
const groupSize = 3

/** Whom Santa gets up for. */
export type Call =
  | { readonly kind: 'sleigh' | 'study'; readonly names: readonly string[] }
  | { readonly kind: 'night' }

/** Santa sleeps until all reindeer are back, or three elves are at a loss. Reindeer go first. */
class NorthPole extends StrongObject {
  private reindeer: string[] = []
  private elves: string[] = []
  /** With whom Santa is at work. */
  private busyWith: string[] = []
  /** Those he has done with, who do not know yet. */
  private readonly done = new Set<string>()
  private isNight = false

  /** A reindeer comes back, and waits until the sleigh has been pulled. False: there is no trip any more. */
  harness(name: string): boolean {
    this.once(() => void this.reindeer.push(name))
    return this.served(name)
  }

  /** An elf waits for two more, and for Santa. */
  consult(name: string): boolean {
    this.once(() => void this.elves.push(name))
    return this.served(name)
  }

  /** Santa sleeps until he is needed. */
  wake(): Call {
    const isTeam = this.reindeer.length >= teamSize
    this.waitUntil(this.isNight || isTeam || this.elves.length >= groupSize)
    if (this.isNight) return { kind: 'night' }
    this.busyWith = isTeam ? this.reindeer.splice(0, teamSize) : this.elves.splice(0, groupSize)
    return { kind: isTeam ? 'sleigh' : 'study', names: this.busyWith }
  }

  /** Lets those go that he was at work with. */
  dismiss(): void {
    for (const name of this.busyWith) this.done.add(name)
    this.busyWith = []
  }

  /** Nobody is waited for any more. */
  retire(): void {
    this.isNight = true
  }

  private served(name: string): boolean {
    const isServed = this.done.has(name)
    this.waitUntil(isServed || this.isNight)
    this.done.delete(name)
    return isServed
  }

  /** Who has left is not counted. */
  protected override callWithdrawn({ method, args: [name] }: WithdrawnCall): void {
    if (method === 'harness') this.reindeer = this.reindeer.filter((other) => other !== name)
    if (method === 'consult') this.elves = this.elves.filter((other) => other !== name)
  }
}

export const northPole = defineObject('christmas.NorthPole', NorthPole)

/** Comes back from its holidays for each trip. Gives how many it made. */
export async function reindeer(spaces: Spaces, name: string, trips: number): Promise<number> {
  const pole = await (await spaces.space('christmas')).open('pole', northPole())
  let made = 0
  while (made < trips && (await pole.harness(name))) made++
  return made
}

/** Asks on and on, until there is nobody to ask. Gives how many answers it got. */
export async function elf(spaces: Spaces, name: string): Promise<number> {
  const pole = await (await spaces.space('christmas')).open('pole', northPole())
  let answers = 0
  while (await pole.consult(name)) answers++
  return answers
}

/** Gives what he got up for, in order. */
export async function santa(spaces: Spaces, trips: number, consultations: number): Promise<Call[]> {
  const pole = await (await spaces.space('christmas')).open('pole', northPole())
  const calls: Call[] = []
  const made = { sleigh: 0, study: 0 }
  while (made.sleigh < trips || made.study < consultations) {
    const call = await pole.wake()
    calls.push(call)
    if (call.kind !== 'night') made[call.kind]++
    await pole.dismiss()
  }
  await pole.retire()
  return calls
}
