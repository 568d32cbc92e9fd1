import { targetsMax } from './protocol/limits.ts'

/** What calls go to: a path below an object, and a verb. */
export interface Target {
  readonly object: ObjectRecord
  readonly key: string
  readonly path: readonly string[]
  readonly verb: string
  /** Its number, or -1 when that has gone to another. */
  number: number
  /** The connection on which the gateway was last told of it. */
  generation: number
}

/** What a client remembers of an object it opened; handles come and go, this stays for re-opening. */
export class ObjectRecord {
  readonly number: number
  readonly space: string
  readonly name: string
  readonly descriptor: string
  /** The connection on which it was last opened. */
  generation = 0
  readonly targetByKey = new Map<string, Target>()
  last: Target | undefined
  lastPath: readonly string[] | undefined

  constructor(number: number, space: string, name: string, descriptor: string) {
    this.number = number
    this.space = space
    this.name = name
    this.descriptor = descriptor
  }
}

/** Numbers the targets of one client: the oldest number is taken back for the newest target. */
export class TargetTable {
  private readonly ring: (Target | undefined)[] = []
  private next = 0

  /** The target of a call, numbered. */
  find(object: ObjectRecord, path: readonly string[], verb: string): Target {
    // A handle keeps its path array, so a loop over one handle needs no key.
    const last = object.last
    if (last?.verb === verb && object.lastPath === path && last.number >= 0) return last
    const key = keyOf(path, verb)
    let target = object.targetByKey.get(key)
    if (target === undefined) {
      target = { object, key, path, verb, number: -1, generation: 0 }
      this.number(target)
    }
    object.last = target
    object.lastPath = path
    return target
  }

  /** Nothing of the object is called any more. */
  forget({ targetByKey }: ObjectRecord): void {
    for (const { number } of targetByKey.values()) this.ring[number] = undefined
    targetByKey.clear()
  }

  /** Gives `target` a number, taking back the oldest. */
  number(target: Target): void {
    const number = this.next
    this.next = (this.next + 1) % targetsMax
    const oldest = this.ring[number]
    if (oldest !== undefined) {
      oldest.number = -1
      oldest.object.targetByKey.delete(oldest.key)
    }
    this.ring[number] = target
    target.number = number
    target.generation = 0
    target.object.targetByKey.set(target.key, target)
  }
}

function keyOf(path: readonly string[], verb: string): string {
  if (path.length === 0) return verb
  if (path.length === 1) return `${verb}\u0000${path[0]!}`
  // Lengths make it unambiguous whatever the keys contain.
  return `${verb}\u0001${path.map((key) => `${key.length}:${key}`).join('')}`
}
