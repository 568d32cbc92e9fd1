/** Up to here the ring doubles when it gets crowded. */
const placesMax = 65_536
/** A larger ring is not kept when it is empty. */
const placesKeptMax = 1024
const nothing = -1

/**
 * Values by sequence, most of them near each other: a ring in which each has the place that its number says, and a map
 * for the few that find theirs taken.
 *
 * A `Map` alone would do, but not for what comes and goes by the thousand: each time that it tidies up it makes a new
 * table, and the old one goes on pointing at it. Once one of them has grown old, the young generation's collector keeps
 * all that ever was in those after it, and half of a leader's garbage became old that way.
 */
export class SequenceMap<Value> {
  /** Invariant: the length is a power of two, `held` is as long, and `inRing` counts what is no `nothing`. */
  private keys: number[] = [nothing]
  private held: (Value | undefined)[] = [undefined]
  private inRing = 0
  private readonly others = new Map<number, Value>()

  get size(): number {
    return this.inRing + this.others.size
  }

  has(sequence: number): boolean {
    if (this.keys[sequence & (this.keys.length - 1)] === sequence) return true
    return this.others.size > 0 && this.others.has(sequence)
  }

  get(sequence: number): Value | undefined {
    const place = sequence & (this.keys.length - 1)
    if (this.keys[place] === sequence) return this.held[place]
    return this.others.size > 0 ? this.others.get(sequence) : undefined
  }

  set(sequence: number, value: Value): void {
    if (this.others.size > 0 && this.others.has(sequence)) {
      this.others.set(sequence, value)
      return
    }
    let place = sequence & (this.keys.length - 1)
    while (this.keys[place] !== nothing && this.keys[place] !== sequence) {
      // Neighbours have places of their own in a ring twice as large; what is far apart need not.
      if (2 * this.inRing < this.keys.length || this.keys.length >= placesMax) {
        this.others.set(sequence, value)
        return
      }
      this.grow()
      place = sequence & (this.keys.length - 1)
    }
    if (this.keys[place] === nothing) this.inRing += 1
    this.keys[place] = sequence
    this.held[place] = value
  }

  /** Takes out what is there. */
  take(sequence: number): Value | undefined {
    const value = this.get(sequence)
    this.delete(sequence)
    return value
  }

  /** Answers whether it was there. */
  delete(sequence: number): boolean {
    const place = sequence & (this.keys.length - 1)
    if (this.keys[place] !== sequence) {
      return this.others.size > 0 && this.others.delete(sequence)
    }
    this.keys[place] = nothing
    this.held[place] = undefined
    this.inRing -= 1
    if (this.inRing === 0 && this.keys.length > placesKeptMax) {
      this.keys = [nothing]
      this.held = [undefined]
    }
    return true
  }

  /** All, in ascending order of their sequences. */
  entries(): readonly (readonly [sequence: number, value: Value])[] {
    const entries: (readonly [number, Value])[] = [...this.others]
    this.keys.forEach((sequence, place) => {
      if (sequence !== nothing) entries.push([sequence, this.held[place] as Value])
    })
    return entries.sort(([a], [b]) => a - b)
  }

  /** All values, in ascending order of their sequences. */
  values(): readonly Value[] {
    return this.entries().map(([, value]) => value)
  }

  private grow(): void {
    const { keys, held } = this
    const length = 2 * keys.length
    this.keys = new Array<number>(length).fill(nothing)
    this.held = new Array<Value | undefined>(length).fill(undefined)
    keys.forEach((sequence, from) => {
      if (sequence === nothing) return
      // Two that had places of their own have them in the larger ring as well.
      const place = sequence & (length - 1)
      this.keys[place] = sequence
      this.held[place] = held[from]
    })
  }
}
