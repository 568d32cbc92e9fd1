import { strict as assert } from 'node:assert'
import { claimOf } from './history-recorder.ts'
import { PARTIES } from './objects.ts'

interface Pass {
  readonly round: number
  readonly last: boolean
  readonly arrivedMs: number
  readonly leftMs: number
}

/** What clients saw of the objects at which they wait for each other, and what must be true of it. */
export class HandOver {
  readonly #items = new Map<string, 'put' | 'unknown' | 'not-put'>()
  /** Completions that were answered, and those that nobody knows of. */
  readonly #completed = new Set<string>()
  readonly #perhapsCompleted = new Set<string>()
  readonly #passes: Pass[] = []
  readonly #raisedMs = new Map<number, number>()
  #lastItem = 0
  /** The highest level that anybody was told of. */
  level = 0

  nextItem(client: number): string {
    return `${client}-${++this.#lastItem}`
  }

  async put(item: string, put: () => Promise<void>): Promise<void> {
    this.#items.set(item, 'unknown')
    try {
      await put()
      this.#items.set(item, 'put')
    } catch (error) {
      if (claimOf(error) === 'not-applied') this.#items.set(item, 'not-put')
      throw error
    }
  }

  async complete(item: string, complete: () => Promise<boolean>): Promise<void> {
    assert.ok(this.#items.has(item), `${item} was never put`)
    assert.notEqual(this.#items.get(item), 'not-put', `the putter of ${item} was told it was not`)
    this.#perhapsCompleted.add(item)
    const isOurs = await complete()
    if (!isOurs) return
    assert.ok(!this.#completed.has(item), `${item} was completed twice`)
    this.#completed.add(item)
  }

  passed(pass: Pass): void {
    this.#passes.push(pass)
  }

  raised(level: number, beganMs: number): void {
    this.level = Math.max(this.level, level)
    assert.ok(!this.#raisedMs.has(level), `the gate was raised to ${level} twice`)
    this.#raisedMs.set(level, beganMs)
  }

  passedGate(wanted: number, found: number, atMs: number): void {
    assert.ok(found >= wanted, `the gate was passed at ${found}, and not at ${wanted}`)
    const beganMs = this.#raisedMs.get(wanted) ?? 0
    assert.ok(beganMs <= atMs, 'the gate was passed before it was raised')
  }

  /** `left` are the items that were in the queue at the end. */
  check(left: readonly string[]): void {
    assert.equal(new Set(left).size, left.length, 'an item is in the queue once')
    const inQueue = new Set(left)
    for (const item of left) assert.ok(!this.#completed.has(item), `${item} is done and there`)
    for (const [item, state] of this.#items) {
      const isThere = inQueue.has(item)
      if (state === 'not-put') assert.ok(!isThere, `${item} is there, and was not put`)
      if (state !== 'put' || isThere) continue
      assert.ok(this.#perhapsCompleted.has(item), `${item} was put, and is lost`)
    }
    this.#checkRounds()
  }

  #checkRounds(): void {
    const rounds = new Map<number, Pass[]>()
    for (const pass of this.#passes) {
      const known = rounds.get(pass.round)
      if (known === undefined) rounds.set(pass.round, [pass])
      else known.push(pass)
    }
    for (const [round, passes] of rounds) {
      assert.ok(passes.length <= PARTIES, `round ${round} was passed by ${passes.length}`)
      assert.ok(passes.filter(({ last }) => last).length <= 1, `round ${round} has one last party`)
      const lastArrivalMs = Math.max(...passes.map(({ arrivedMs }) => arrivedMs))
      for (const { leftMs } of passes) {
        assert.ok(leftMs >= lastArrivalMs, `round ${round} was left before all were there`)
      }
    }
  }
}
