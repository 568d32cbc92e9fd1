import { historyByObject, showOperation, worstOf, type Operation, type Verdict } from './history.ts'
import { refused, type Model } from './model.ts'
import { SeenConfigurations } from './seen-configurations.ts'

/*
 * Is there any order at all? The search of Wing and Gong, with Lowe's list and memory: take the calls that were under way
 * before the first return that is left, try each of them as the next one in the order, and go back when none fits. Two
 * ways to the same set of taken operations and the same state go on in the same way, so the second one is not tried.
 *
 * It knows nothing of indexes, so it tells whether these lie. It takes exponential time at the worst: a history of more
 * than ten clients or some hundred operations for each object should be cut into several objects. When the steps run out
 * the verdict is `undecided`, which is no pass.
 *
 * An operation of unknown outcome has a call and no return: it may be taken at any time after its call, or never.
 */

export interface SearchOptions {
  /** Tries of one operation in one state, for each object. */
  readonly stepsMax?: number
}

export function searchLinearization(
  history: readonly Operation[],
  modelOf: (object: string) => Model,
  { stepsMax = 1_000_000 }: SearchOptions = {},
): Verdict {
  const verdicts: Verdict[] = []
  for (const [object, operations] of historyByObject(history)) {
    verdicts.push(searchObject(operations, modelOf(object), stepsMax))
  }
  return worstOf(verdicts)
}

/** A taken operation, and the state before it. */
interface Taken {
  readonly call: number
  readonly state: unknown
}

function searchObject(history: readonly Operation[], model: Model, stepsMax: number): Verdict {
  const calls = history.toSorted((a, b) => a.invokedAt - b.invokedAt)
  const list = new EventList(calls)
  const seen = new SeenConfigurations(calls.length)
  const taken: Taken[] = []
  let state = model.initial
  let steps = 0
  let deepest = { count: -1, call: 0 }
  let at = list.first()
  while (list.returnsLeft > 0) {
    if (list.isReturn(at)) {
      if (taken.length > deepest.count) deepest = { count: taken.length, call: list.callOf(at) }
      const last = taken.pop()
      if (last === undefined) return nothingFits(calls, deepest)
      state = last.state
      seen.remove(last.call)
      list.putBack(last.call)
      at = list.after(last.call)
      continue
    }
    if (steps++ >= stepsMax) {
      const reason = `no verdict on ${calls[0]!.object} after ${stepsMax} steps, ${calls.length} operations`
      return { kind: 'undecided', reason }
    }
    const next = model.step(state, calls[at]!)
    if (next !== refused && seen.add(at, model.keyOf(next))) {
      taken.push({ call: at, state })
      state = next
      list.take(at)
      at = list.first()
    } else {
      at = list.after(at)
    }
  }
  return { kind: 'ok', operations: calls.length }
}

function nothingFits(
  calls: readonly Operation[],
  deepest: { readonly count: number; readonly call: number },
): Verdict {
  const stuck = calls[deepest.call]!
  const reason = `there is no order: after ${deepest.count} operations at the best, none fits before the end of`
  return { kind: 'violation', reason: `${reason}\n  ${showOperation(stuck)}`, involved: [stuck] }
}

/**
 * Calls and returns in order of time, in a list from which an operation can be taken, and put back in reverse order. A
 * call has the number of its operation, and its return that plus their count.
 */
class EventList {
  returnsLeft = 0
  readonly #count: number
  readonly #hasReturn: readonly boolean[]
  /** Invariant: the entry at `2 * count` is the head, which is before the first event and after the last. */
  readonly #next: Int32Array
  readonly #previous: Int32Array

  constructor(calls: readonly Operation[]) {
    const count = calls.length
    this.#count = count
    this.#hasReturn = calls.map(({ kind }) => kind === 'ok')
    this.#next = new Int32Array(2 * count + 1)
    this.#previous = new Int32Array(2 * count + 1)
    const timeOf = (event: number): number =>
      event < count ? calls[event]!.invokedAt : (calls[event - count]!.returnedAt ?? Infinity)
    const events = calls.flatMap((_, call) =>
      this.#hasReturn[call]! ? [call, call + count] : call,
    )
    // What ends at the moment at which another one begins is under way together with it.
    events.sort((a, b) => order(timeOf(a), timeOf(b)) || Number(a >= count) - Number(b >= count))
    let last = 2 * count
    for (const event of events) {
      this.#next[last] = event
      this.#previous[event] = last
      last = event
      if (event >= count) this.returnsLeft++
    }
    this.#next[last] = 2 * count
    this.#previous[2 * count] = last
  }

  first(): number {
    return this.#next[2 * this.#count]!
  }

  after(event: number): number {
    return this.#next[event]!
  }

  isReturn(event: number): boolean {
    return event >= this.#count
  }

  callOf(event: number): number {
    return event - this.#count
  }

  take(call: number): void {
    this.#unlink(call)
    if (!this.#hasReturn[call]!) return
    this.#unlink(call + this.#count)
    this.returnsLeft--
  }

  putBack(call: number): void {
    if (this.#hasReturn[call]!) {
      this.#link(call + this.#count)
      this.returnsLeft++
    }
    this.#link(call)
  }

  #unlink(event: number): void {
    this.#next[this.#previous[event]!] = this.#next[event]!
    this.#previous[this.#next[event]!] = this.#previous[event]!
  }

  #link(event: number): void {
    this.#next[this.#previous[event]!] = event
    this.#previous[this.#next[event]!] = event
  }
}

/** Infinities are equal to themselves. */
function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
