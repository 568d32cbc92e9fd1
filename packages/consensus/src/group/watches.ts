import type { StateMachine } from '../host/state-machine.ts'
import type { Answer } from './answers.ts'
import type { Refusal } from './contract.ts'

type WatchDone = (result: number | Refusal) => void

interface Watch {
  readonly after: number
  readonly done: WatchDone
}

/** Those who wait for an object to change. */
export class Watches {
  readonly #machine: StateMachine
  readonly #watchesByObject = new Map<number, Set<Watch>>()

  constructor(machine: StateMachine) {
    this.#machine = machine
  }

  /** Waits for a change after `after`; gives what ends the wait. A change that was already there shows in `settled`. */
  add(object: number, after: number, done: WatchDone): () => void {
    const watch: Watch = { after, done }
    let watches = this.#watchesByObject.get(object)
    if (watches === undefined) this.#watchesByObject.set(object, (watches = new Set()))
    watches.add(watch)
    return () => this.#remove(object, watch)
  }

  /**
   * The position that ends a wait for a change after `after`; undefined: none yet. An object that is gone, or that
   * never was, counts as changed: whoever reads it then learns that.
   */
  settled(object: number, after: number): number | undefined {
    const changedAt = this.#machine.changedAt(object) ?? this.#machine.position
    return changedAt > after ? changedAt : undefined
  }

  /** Gives `answer` the waits that these changes end. */
  changed(objects: readonly number[], answer: Answer): void {
    if (this.#watchesByObject.size === 0) return
    for (const object of objects) this.#settle(object, answer)
  }

  /** As {@link Watches.changed}, when anything may have changed. */
  restored(answer: Answer): void {
    for (const object of [...this.#watchesByObject.keys()]) this.#settle(object, answer)
  }

  /** Takes out all. */
  takeAll(): WatchDone[] {
    const dones = [...this.#watchesByObject.values()].flatMap((watches) =>
      [...watches].map(({ done }) => done),
    )
    this.#watchesByObject.clear()
    return dones
  }

  #settle(object: number, answer: Answer): void {
    const watches = this.#watchesByObject.get(object)
    if (watches === undefined) return
    for (const watch of watches) {
      const position = this.settled(object, watch.after)
      if (position === undefined) continue
      this.#remove(object, watch)
      answer(watch.done, position)
    }
  }

  #remove(object: number, watch: Watch): void {
    const watches = this.#watchesByObject.get(object)
    if (watches?.delete(watch) !== true || watches.size > 0) return
    // A set made anew since then belongs to others.
    if (this.#watchesByObject.get(object) === watches) this.#watchesByObject.delete(object)
  }
}
