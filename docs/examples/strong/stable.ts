import { defineObject, StrongObject, type WithdrawnCall } from '@joinery/consensus'

/** Reindeer meet here, and leave together when nine have come. */
class Stable extends StrongObject {
  private reindeer: string[] = []
  private trips = 0

  /** Arrives once, then waits: however often it runs. */
  harness(): number {
    const trip = this.once(() => {
      this.reindeer.push(this.caller)
      const { trips } = this
      if (this.reindeer.length === 9) {
        this.reindeer = []
        this.trips++
      }
      return trips
    })
    this.waitUntil(this.trips > trip)
    return this.trips
  }

  /** One that gave up waiting is not counted any more. */
  protected override callWithdrawn({ session }: WithdrawnCall): void {
    this.reindeer = this.reindeer.filter((_, i) => i !== this.reindeer.indexOf(session))
  }
}

export const stable = defineObject('santa.Stable', Stable)
