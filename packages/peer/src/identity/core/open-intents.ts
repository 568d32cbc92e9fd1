import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { type Dot, nameOf } from './incarnation.ts'
import { type Intent } from './member-contract.ts'

/** An operation that its seal has cut, and that is to be issued again. */
export interface Redo<Operation> {
  readonly was: Dot
  readonly intent: Intent<Operation>
}

/**
 * What its author asked for and may have to ask for again: first the intents of the life that goes on, then, after a
 * seal, those that it cut.
 */
export class OpenIntents<Operation> {
  /** Of the present life. Invariant: in the order of their updates. */
  #open: Intent<Operation>[] = []
  /** Of earlier lives, to be issued again. Invariant: in the order in which they were asked for. */
  readonly #redo: Redo<Operation>[] = []
  /** Where updates of earlier lives are now. Invariant: empty when nothing is to be issued again. */
  readonly #replacementByDot = new Map<string, Dot>()
  readonly #sizeMax: number
  /** Invariant: the sizes of all in `#open` and `#redo`. Past `#sizeMax` nothing is open, and nothing more is asked for. */
  #size = 0

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get hasRedo(): boolean {
    return this.#redo.length > 0
  }

  /** How many there are in all. */
  get count(): number {
    return this.#open.length + this.#redo.length
  }

  /** Whether there is no room for more than what is to be issued again: its users may write no more. */
  get isRedoFull(): boolean {
    return this.hasRedo && this.#size >= this.#sizeMax
  }

  /** What is to be issued again, the oldest first. */
  get redo(): readonly Redo<Operation>[] {
    return this.#redo
  }

  /** Notes what the present life wrote. Gives how many had to go to make room: the oldest of it. */
  note(own: ReplicaId, intents: readonly Intent<Operation>[]): number {
    for (const intent of intents) {
      this.#open.push(intent)
      this.#size += intent.size
      if (intent.replaces === undefined) continue
      this.#replacementByDot.set(keyOf(intent.replaces), { origin: own, seq: intent.seq })
      const at = this.#redo.findIndex(({ was }) => keyOf(was) === keyOf(intent.replaces!))
      if (at >= 0) for (const redo of this.#redo.splice(at, 1)) this.#size -= redo.intent.size
    }
    if (this.#redo.length === 0) this.#replacementByDot.clear()
    return this.#makeRoom()
  }

  /** Notes what was written in the name of a life that is over. Gives how many had to go to make room. */
  noteFormer(own: ReplicaId, intents: readonly Intent<Operation>[]): number {
    for (const intent of intents) {
      this.#redo.push({ was: { origin: own, seq: intent.seq }, intent })
      this.#size += intent.size
    }
    return this.#makeRoom()
  }

  /** What is to be issued again must be whole from where its seal has cut, so only what is open goes. */
  #makeRoom(): number {
    let count = 0
    while (this.#size > this.#sizeMax && count < this.#open.length) {
      this.#size -= this.#open[count]!.size
      count++
    }
    if (count > 0) this.#open = this.#open.slice(count)
    return count
  }

  /** Lets go of what every member holds. Gives the last update of these, if there are any. */
  letGo(isStable: (seq: number) => boolean): number | undefined {
    let count = 0
    while (count < this.#open.length && isStable(this.#open[count]!.seq)) {
      this.#size -= this.#open[count]!.size
      count++
    }
    const last = this.#open[count - 1]?.seq
    if (count > 0) this.#open = this.#open.slice(count)
    return last
  }

  /** The life `own` is sealed at `last`: what it wrote after that is to be issued again. */
  cutAt(own: ReplicaId, last: number): void {
    for (const intent of this.#open) {
      if (intent.seq > last) this.#redo.push({ was: { origin: own, seq: intent.seq }, intent })
      else this.#size -= intent.size
    }
    this.#open = []
    if (this.#redo.length === 0) this.#replacementByDot.clear()
  }

  /** Gives up the intents of a life of which nobody knows where it ended. */
  abandonOpen(): Intent<Operation>[] {
    const open = this.#open
    this.#open = []
    for (const intent of open) this.#size -= intent.size
    return open
  }

  /** Gives up what is to be issued again. */
  abandonRedo(): Intent<Operation>[] {
    const intents = this.#redo.splice(0).map(({ intent }) => intent)
    for (const { size } of intents) this.#size -= size
    this.#replacementByDot.clear()
    return intents
  }

  /**
   * The next to be issued again, once all that it acted on is here: updates of the author's own that were issued again
   * stand for the old ones, and what `isCut` says is left out. Past its patience it goes without what is missing.
   */
  next(
    vector: VersionVector,
    isCut: (dot: Dot) => boolean,
    isPatient: boolean,
  ): Redo<Operation> | undefined {
    const [redo] = this.#redo
    if (redo === undefined) return undefined
    const current = redo.intent.observed.map((dot) => this.#now(dot)).filter((dot) => !isCut(dot))
    const here = current.filter(({ origin, seq }) => vector.has(origin, seq))
    if (here.length < current.length && isPatient) return undefined
    return { was: redo.was, intent: { ...redo.intent, observed: here, replaces: redo.was } }
  }

  #now(dot: Dot): Dot {
    let now = dot
    for (
      let next = this.#replacementByDot.get(keyOf(now));
      next !== undefined;
      next = this.#replacementByDot.get(keyOf(now))
    ) {
      now = next
    }
    return now
  }
}

function keyOf({ origin, seq }: Dot): string {
  return `${nameOf(origin)}.${seq}`
}
