import assert from 'node:assert/strict'
import { type Held, lock, semaphore } from '@joinery/consensus'
import fc from 'fast-check'
import { type HarnessCaller, settle, StrongHarness } from '#test/fixtures/strong-harness.ts'
import { lawScale } from '#test/seed.ts'
import { PermitsModel } from './permits-model.ts'

const CALLERS = 3
const EXCLUSIVE = 1000

const stepOf = fc.oneof(
  fc.record({
    kind: fc.constantFrom('acquire', 'acquire', 'tryAcquire'),
    caller: fc.nat(CALLERS - 1),
    permits: fc.integer({ min: 1, max: 3 }),
    leaseMs: fc.constantFrom(0, 0, 20, 50),
  }),
  fc.record({ kind: fc.constantFrom('release', 'release', 'abort'), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('expire'), caller: fc.nat(CALLERS - 1) }),
  fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 60 }) }),
)
type Step = typeof stepOf extends fc.Arbitrary<infer T> ? T : never

/** How requests are made of a kind: of a semaphore's permits, or as a lock's modes. */
interface Subject {
  readonly total: number
  weight(permits: number): number
  open(caller: HarnessCaller): {
    acquire(permits: number, leaseMs: number, signal: AbortSignal): Promise<Held>
    tryAcquire(permits: number, leaseMs: number): Promise<Held | undefined>
  }
}

const leaseOf = (leaseMs: number) => (leaseMs > 0 ? { leaseMs } : {})

const ofSemaphore: Subject = {
  total: 4,
  weight: (permits) => permits,
  open: (caller) => {
    const handle = caller.open('s', semaphore(4))
    return {
      acquire: (permits, leaseMs, signal) =>
        handle.acquire({ permits, signal, ...leaseOf(leaseMs) }),
      tryAcquire: (permits, leaseMs) => handle.tryAcquire({ permits, ...leaseOf(leaseMs) }),
    }
  },
}

const ofLock: Subject = {
  total: EXCLUSIVE,
  weight: (permits) => (permits === 1 ? EXCLUSIVE : 1),
  open: (caller) => {
    const handle = caller.open('l', lock())
    const mode = (permits: number) => (permits === 1 ? 'exclusive' : 'shared')
    return {
      acquire: (permits, leaseMs, signal) =>
        handle.acquire({ mode: mode(permits), signal, ...leaseOf(leaseMs) }),
      tryAcquire: (permits, leaseMs) =>
        handle.tryAcquire({ mode: mode(permits), ...leaseOf(leaseMs) }),
    }
  },
}

interface Tracked {
  readonly stop: AbortController
  held?: Held
  isReleased?: boolean
}

/** Carries out the steps on an object and on the model, which must agree after each. */
class Run {
  private readonly harness: StrongHarness
  private readonly subject: Subject
  private readonly model: PermitsModel
  private readonly callers: HarnessCaller[] = []
  private readonly tracked = new Map<number, Tracked>()
  private lastFence = 0n
  private lastId = 0

  constructor(subject: Subject, restarts: boolean) {
    this.subject = subject
    this.harness = new StrongHarness({ restarts })
    this.model = new PermitsModel(subject.total)
    for (let i = 0; i < CALLERS; i++) this.callers.push(this.harness.caller())
  }

  async steps(steps: readonly Step[]): Promise<Uint8Array> {
    for (const step of steps) {
      await this.step(step)
      await settle()
      this.compare()
    }
    return this.harness.machine.snapshot()
  }

  private async step(step: Step): Promise<void> {
    if (!('kind' in step)) return
    if ('leaseMs' in step) await this.request(step)
    else if ('ms' in step) {
      this.model.advance(step.ms)
      await this.harness.advance(step.ms)
    } else if ('caller' in step) this.expire(step.caller)
    else if (step.kind === 'abort') this.abort(step.pick)
    else await this.release(step.pick)
  }

  private async request(step: Extract<Step, { leaseMs: number }>): Promise<void> {
    const { kind, caller, permits, leaseMs } = step
    this.lastId += 1
    const [id, weight] = [this.lastId, this.subject.weight(permits)]
    const handle = this.subject.open(this.callers[caller]!)
    const request = { id, caller, permits: weight, leaseMs }
    const tracked: Tracked = { stop: new AbortController() }
    this.tracked.set(id, tracked)
    const note = (held: Held): void => {
      tracked.held = held
      assert.ok(held.fence > this.lastFence, `fence ${held.fence} after ${this.lastFence}`)
      this.lastFence = held.fence
    }
    if (kind === 'tryAcquire') {
      const held = await handle.tryAcquire(permits, leaseMs)
      assert.equal(held !== undefined, this.model.tryAcquire(request))
      if (held !== undefined) note(held)
      return
    }
    this.model.acquire(request)
    handle.acquire(permits, leaseMs, tracked.stop.signal).then(note, () => undefined)
  }

  private async release(pick: number): Promise<void> {
    const ids = this.model.heldIds
    const id = ids[pick % Math.max(1, ids.length)]
    if (id === undefined) return
    this.model.drop((request) => request.id === id)
    const tracked = this.tracked.get(id)!
    tracked.isReleased = true
    await tracked.held!.release()
  }

  private abort(pick: number): void {
    const { waiting } = this.model
    const id = waiting[pick % Math.max(1, waiting.length)]?.id
    if (id === undefined) return
    this.model.drop((request) => request.id === id)
    this.tracked.get(id)!.stop.abort(new Error('enough'))
  }

  private expire(caller: number): void {
    this.model.drop((request) => request.caller === caller)
    this.harness.expire(this.callers[caller]!)
    this.callers[caller] = this.harness.caller()
  }

  private compare(): void {
    const held = new Set(this.model.heldIds)
    for (const [id, tracked] of this.tracked) {
      assert.equal(tracked.held !== undefined || !held.has(id), true, `${id} is held`)
      const isWaiting = this.model.waiting.some((request) => request.id === id)
      assert.equal(tracked.held === undefined || !isWaiting, true, `${id} waits`)
      if (tracked.held === undefined || held.has(id)) continue
      assert.ok(tracked.isReleased ?? tracked.held.lost.aborted, `${id} was lost unheard`)
      this.tracked.delete(id)
    }
    assert.ok(this.model.free >= 0)
  }
}

async function agrees(subject: Subject, steps: readonly Step[]): Promise<void> {
  const restarted = await new Run(subject, true).steps(steps)
  const uninterrupted = await new Run(subject, false).steps(steps)
  assert.deepEqual(restarted, uninterrupted)
}

describe('permits, whatever callers do and however they end', () => {
  const steps = fc.array(stepOf, { minLength: 1, maxLength: 40 })

  it('are held as a model of a lock says, by fences that grow', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (list) => agrees(ofLock, list)),
      { numRuns: 40 * lawScale },
    )
  })

  it('are held as a model of a semaphore says, by fences that grow', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (list) => agrees(ofSemaphore, list)),
      { numRuns: 40 * lawScale },
    )
  })
})
