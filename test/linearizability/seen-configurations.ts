/** A set of taken operations with a state: words of the set, without the full ones before and the empty ones after. */
interface Configuration {
  readonly from: number
  readonly words: Int32Array
  readonly state: string | number
}

/** The sets of taken operations, with the states they led to, that a search has been in; and the set it is in now. */
export class SeenConfigurations {
  readonly #words: Int32Array
  /** Random numbers for the operations: their exclusive or, over a set, is the set's hash. */
  readonly #marks: Int32Array
  readonly #byHash = new Map<number, Configuration[]>()
  #hash = 0
  /** Invariant: words before `#from` are full, words from `#until` on are empty. */
  #from = 0
  #until = 0

  constructor(count: number) {
    this.#words = new Int32Array(Math.ceil(count / 32) + 1)
    this.#marks = Int32Array.from({ length: count }, (_, call) => scramble(call + 1))
  }

  /** Takes an operation that leads to a state, unless the same operations have led to it before. */
  add(call: number, state: string | number): boolean {
    this.#set(call)
    const hash = this.#hash ^ hashOf(state)
    const alike = this.#byHash.get(hash)
    if (alike === undefined) this.#byHash.set(hash, [this.#current(state)])
    else if (alike.some((known) => this.#isCurrent(known, state))) {
      this.remove(call)
      return false
    } else alike.push(this.#current(state))
    return true
  }

  remove(call: number): void {
    const word = call >>> 5
    this.#words[word]! &= ~(1 << (call & 31))
    this.#hash ^= this.#marks[call]!
    this.#from = Math.min(this.#from, word)
    while (this.#until > 0 && this.#words[this.#until - 1] === 0) this.#until--
  }

  #set(call: number): void {
    const word = call >>> 5
    this.#words[word]! |= 1 << (call & 31)
    this.#hash ^= this.#marks[call]!
    this.#until = Math.max(this.#until, word + 1)
    while (this.#words[this.#from] === -1) this.#from++
  }

  #current(state: string | number): Configuration {
    return { from: this.#from, words: this.#words.slice(this.#from, this.#until), state }
  }

  #isCurrent({ from, words, state }: Configuration, current: string | number): boolean {
    if (state !== current || from !== this.#from) return false
    if (words.length !== Math.max(0, this.#until - from)) return false
    return words.every((word, n) => word === this.#words[from + n])
  }
}

function hashOf(state: string | number): number {
  if (typeof state === 'number') return scramble(state | 0)
  let hash = 0
  for (let at = 0; at < state.length; at++)
    hash = Math.imul(hash ^ state.charCodeAt(at), 0x01000193)
  return scramble(hash)
}

function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b)
  return mixed ^ (mixed >>> 16)
}
