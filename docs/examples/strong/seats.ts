import { defineObject, StrongObject } from '@joinery/consensus'

/** The seats of a show. A seat is held for a while, then bought or free again. */
class Seats extends StrongObject {
  private free: number
  private readonly holders = new Map<string, number>()

  constructor(count: number) {
    super()
    this.free = count
  }

  /** Waits until so many are free, and holds them for a minute. */
  hold(buyer: string, count: number): number {
    this.waitUntil(this.free >= count)
    this.free -= count
    this.holders.set(buyer, count)
    this.schedule(60_000, 'release', buyer)
    return this.free
  }

  /** False when they were not held any more. */
  buy(buyer: string): boolean {
    return this.holders.delete(buyer)
  }

  release(buyer: string): void {
    this.free += this.holders.get(buyer) ?? 0
    this.holders.delete(buyer)
  }

  read(): number {
    return this.free
  }
}

export const seats = defineObject('theatre.Seats', Seats)
