/** What is done again and again, in each engine. */
export interface Workload {
  readonly verb: 'counter.add' | 'map.set' | 'set.add'
  /** How many keys are written in turn: at least as many as there are operations, where each is a new one. */
  readonly keys: number
}

/** One engine with one object in it, and what is measured of it. */
export interface Engine {
  /** The operation of that number: it says which key is written, and what. */
  operate(number: number): void
  /** Runs operations as one update, and gives its bytes. */
  flush(operations: () => void): Uint8Array
  /** Applies updates, one by one, at a fresh replica. */
  receive(updates: readonly Uint8Array[]): void
  /** All of it, as bytes. */
  state(): Uint8Array
  /** Takes a state into a fresh replica. */
  load(state: Uint8Array): void
}

const keys = Array.from({ length: 100_000 }, (_, number) => `key-${number}`)
const texts = Array.from({ length: 4096 }, (_, number) => `value-${number}`)

/** The key that an operation writes. */
export function keyOf(number: number, workload: Workload): string {
  return keys[number % workload.keys] ?? ''
}

/** The text that an operation writes. */
export function textOf(number: number): string {
  return texts[number % texts.length] ?? ''
}
