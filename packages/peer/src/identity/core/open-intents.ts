import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type Dot, nameOf } from './incarnation.ts'
import { type Intent } from './member-contract.ts'
import { type SlotVector } from './slot-vector.ts'

/** An operation that its seal has cut, and that is to be issued again. */
interface Redo<Operation> {
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

  get hasRedo(): boolean {
    return this.#redo.length > 0
  }

  note(own: ReplicaId, intents: readonly Intent<Operation>[]): void {
    for (const intent of intents) {
      this.#open.push(intent)
      if (intent.replaces === undefined) continue
      this.#replacementByDot.set(keyOf(intent.replaces), { origin: own, seq: intent.seq })
      const at = this.#redo.findIndex(({ was }) => keyOf(was) === keyOf(intent.replaces!))
      if (at >= 0) this.#redo.splice(at, 1)
    }
    if (this.#redo.length === 0) this.#replacementByDot.clear()
  }

  /** Lets go of what every member holds. Gives the last update of these, if there are any. */
  letGo(isStable: (seq: number) => boolean): number | undefined {
    let count = 0
    while (count < this.#open.length && isStable(this.#open[count]!.seq)) count++
    const last = this.#open[count - 1]?.seq
    this.#open = this.#open.slice(count)
    return last
  }

  /** The life `own` is sealed at `last`: what it wrote after that is to be issued again. */
  cutAt(own: ReplicaId, last: number): void {
    for (const intent of this.#open) {
      if (intent.seq > last) this.#redo.push({ was: { origin: own, seq: intent.seq }, intent })
    }
    this.#open = []
    if (this.#redo.length === 0) this.#replacementByDot.clear()
  }

  /** Gives up the intents of a life of which nobody knows where it ended. */
  abandonOpen(): Intent<Operation>[] {
    const open = this.#open
    this.#open = []
    return open
  }

  /**
   * The next to be issued again, once all that it acted on is here: updates of the author's own that were issued again
   * stand for the old ones, and what `isCut` says is left out. Past its patience it goes without what is missing.
   */
  next(
    vector: SlotVector,
    isCut: (dot: Dot) => boolean,
    isPatient: boolean,
  ): Redo<Operation> | undefined {
    const [redo] = this.#redo
    if (redo === undefined) return undefined
    const current = redo.intent.observed.map((dot) => this.#now(dot)).filter((dot) => !isCut(dot))
    const here = current.filter(({ origin, seq }) => vector.covers(origin, seq))
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
