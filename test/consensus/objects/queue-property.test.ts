import assert from 'node:assert/strict'
import { type Delivery, queue, type QueueHandle } from '@joinery/consensus'
import fc from 'fast-check'
import { type HarnessCaller, settle, StrongHarness } from '#test/fixtures/strong-harness.ts'
import { lawScale } from '#test/seed.ts'

const CALLERS = 3
const caller = fc.nat(CALLERS - 1)

const stepOf = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      caller,
      delayMs: fc.constantFrom(0, 0, 30),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), caller }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      caller,
      leaseMs: fc.constantFrom(0, 25),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('complete' as const, 'release' as const),
      pick: fc.nat(9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), caller }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.integer({ min: 1, max: 40 }),
    }),
  },
)
type Step = typeof stepOf extends fc.Arbitrary<infer T> ? T : never

interface Waiting {
  readonly stop: AbortController
  readonly caller: number
}

const CAPACITY = 4
const ATTEMPTS_MAX = 3

/** Carries out the steps, and keeps account of every item. */
class Run {
  private readonly harness: StrongHarness
  private readonly callers: HarnessCaller[] = []
  private readonly handles: QueueHandle<number>[] = []
  private readonly waiting = new Set<Waiting>()
  private readonly claims = new Set<Delivery<number>>()
  private readonly put = new Set<number>()
  private readonly done: number[] = []
  private lastItem = 0

  constructor(restarts: boolean) {
    this.harness = new StrongHarness({ restarts })
    for (let i = 0; i < CALLERS; i++) this.join(i)
  }

  private join(i: number): void {
    const schema = queue<number>({ capacity: CAPACITY, attemptsMax: ATTEMPTS_MAX })
    this.callers[i] = this.harness.caller()
    this.handles[i] = this.callers[i].open('q', schema)
  }

  async steps(steps: readonly Step[]): Promise<Uint8Array> {
    for (const step of steps) {
      await this.step(step)
      await settle()
      await this.check()
    }
    await this.drain()
    return this.harness.machine.snapshot()
  }

  private async step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'put':
        this.putOne(step.caller, step.delayMs)
        return
      case 'take':
        this.wait(step.caller, async (signal) => {
          this.done.push(await this.handles[step.caller]!.take({ signal }))
        })
        return
      case 'claim':
        this.wait(step.caller, async (signal) => {
          const leaseMs = step.leaseMs === 0 ? undefined : step.leaseMs
          this.claims.add(await this.handles[step.caller]!.claim({ signal, leaseMs }))
        })
        return
      case 'complete':
      case 'release':
        await this.end(step.kind, step.pick)
        return
      case 'abort':
        pick(this.waiting, step.pick)?.stop.abort(new Error('enough'))
        return
      case 'expire':
        this.harness.expire(this.callers[step.caller]!)
        this.join(step.caller)
        return
      case 'advance':
        await this.harness.advance(step.ms)
    }
  }

  private putOne(by: number, delayMs: number): void {
    this.lastItem += 1
    const item = this.lastItem
    this.wait(by, async (signal) => {
      await this.handles[by]!.put(item, { signal, delayMs })
      this.put.add(item)
    })
  }

  private wait(by: number, work: (signal: AbortSignal) => Promise<void>): void {
    const waiting = { stop: new AbortController(), caller: by }
    this.waiting.add(waiting)
    const end = (): void => void this.waiting.delete(waiting)
    work(waiting.stop.signal).then(end, end)
  }

  private async end(kind: 'complete' | 'release', which: number): Promise<void> {
    const delivery = pick(this.claims, which)
    if (delivery === undefined) return
    this.claims.delete(delivery)
    const isMine = await delivery[kind]()
    assert.equal(isMine, !delivery.lost.aborted)
    if (isMine && kind === 'complete') this.done.push(delivery.item)
  }

  private async check(): Promise<void> {
    for (const delivery of this.claims) if (delivery.lost.aborted) this.claims.delete(delivery)
    const claimed = [...this.claims].map(({ item }) => item)
    assert.equal(new Set(claimed).size, claimed.length, 'one item for two claimers')
    const value = await this.handles[0]!.read()
    assert.ok(value.ready === 0 || value.takers === 0, 'an item is ready, and somebody waits')
    const inside = value.ready + value.delayed + value.claimed
    assert.ok(inside >= CAPACITY || value.putters === 0, 'there is room, and somebody waits')
    assert.equal(value.claimed, claimed.length)
    assert.equal(inside + value.dead + this.done.length, this.put.size)
    assert.equal(new Set(this.done).size, this.done.length, 'an item was done twice')
  }

  /** At the end each item that was put was done once, or is dead. */
  private async drain(): Promise<void> {
    for (const { stop } of this.waiting) stop.abort(new Error('over'))
    for (const delivery of this.claims) await delivery.release()
    const handle = this.handles[0]!
    await handle.close()
    await this.harness.advance(100)
    for await (const delivery of handle.deliveries()) {
      assert.equal(await delivery.complete(), true)
      this.done.push(delivery.item)
    }
    const dead = (await handle.dead()).map(({ item, attempts }) => {
      assert.equal(attempts, ATTEMPTS_MAX)
      return item
    })
    const byNumber = (a: number, b: number): number => a - b
    assert.deepEqual([...this.done, ...dead].sort(byNumber), [...this.put].sort(byNumber))
    assert.equal(this.harness.timersCount, 0)
  }
}

function pick<T>(set: ReadonlySet<T>, which: number): T | undefined {
  return [...set][which % Math.max(1, set.size)]
}

describe('a queue, whatever callers do and however they end', () => {
  it('gives each item to one at a time, and loses none', async () => {
    const steps = fc.array(stepOf, { minLength: 1, maxLength: 50 })
    const agrees = async (list: readonly Step[]): Promise<void> => {
      const restarted = await new Run(true).steps(list)
      assert.deepEqual(restarted, await new Run(false).steps(list))
    }
    await fc.assert(fc.asyncProperty(steps, agrees), { numRuns: 50 * lawScale })
  })

  it('gives the items in order to those who wait in order, while none comes back', async () => {
    const moves = fc.array(fc.constantFrom('put', 'take', 'claim'), { maxLength: 60 })
    const inOrder = async (list: readonly string[]): Promise<void> => {
      const harness = new StrongHarness({ restarts: true })
      const handle = harness.caller().open('q', queue<number>())
      const given: Promise<number>[] = []
      let put = 0
      for (const move of list) {
        if (move === 'put') await handle.put(put++)
        else if (move === 'take') given.push(handle.take())
        else given.push(handle.claim().then(({ item }) => item))
      }
      const served = await Promise.all(given.slice(0, put))
      assert.deepEqual(
        served,
        served.map((_, i) => i),
      )
      const { ready, takers } = await handle.read()
      assert.deepEqual(
        [ready, takers],
        [Math.max(0, put - given.length), Math.max(0, given.length - put)],
      )
    }
    await fc.assert(fc.asyncProperty(moves, inOrder), { numRuns: 30 * lawScale })
  })
})
