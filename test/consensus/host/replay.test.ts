import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { counter } from '@joinery/crdt-objects'
import { encodeBatch } from '#consensus/host/command-codec.ts'
import type { Command } from '#consensus/host/command.ts'
import { classType } from '#consensus/host/class-type.ts'
import { GroupState } from '#consensus/host/group-state.ts'
import { LinearizableType } from '#consensus/host/linearizable-object.ts'
import { defineObject } from '#consensus/objects/define-object.ts'
import type { WithdrawnCall } from '#consensus/objects/strong-object.ts'
import { StrongObject } from '#consensus/objects/strong-object.ts'
import { mutate, mutations } from '#test/suites/hostile-bytes.ts'
import { runsBy } from '#test/suites/runs.ts'
import { sessionId } from './host-rig.ts'

/** A class that does all that a class can do. */
class Market extends StrongObject {
  stock = 0
  round = 0
  readonly prices = new Map<string, { price: number; buyers: string[] }>()
  readonly seen = new Set<string>()
  queue: { who: string; at: number }[] = []
  lastDraw = 0

  deliver(amount: number): number {
    this.stock += amount
    if (amount > 3) this.schedule(amount, 'spoil', amount)
    return this.stock
  }
  spoil(amount: number): void {
    this.stock = Math.max(0, this.stock - amount)
    this.lastDraw = this.random()
  }
  buy(what: string, amount: number): readonly [number, number] {
    const place = this.once(() => {
      this.queue.push({ who: this.caller, at: this.now })
      return this.queue.length
    })
    this.waitUntil(this.stock >= amount)
    this.stock -= amount
    this.queue = this.queue.filter(({ who }) => who !== this.caller)
    const entry = this.prices.get(what) ?? { price: 0, buyers: [] }
    this.prices.set(what, entry)
    entry.price += this.random()
    entry.buyers.push(this.caller)
    return [place, this.index]
  }
  /** Waits for a key, and for the time: the latter wakes nobody. */
  see(what: string): number {
    this.waitUntil(this.prices.has(what) || this.now % 7 === 3)
    this.seen.add(what)
    return this.now
  }
  forget(what: string): boolean {
    if (what === 'c') throw new Error('never forgotten')
    this.seen.delete(what)
    return this.prices.delete(what)
  }
  meet(): number {
    const round = this.once(() => {
      this.round += 1
      return this.round
    })
    this.waitUntil(this.round >= round + 2)
    if (round % 3 === 0) throw new Error('a party spoiled')
    return round
  }
  read(): unknown {
    return [this.stock, this.prices, this.queue]
  }
  protected override sessionEnded(session: string): void {
    this.queue = this.queue.filter(({ who }) => who !== session)
    this.stock += 1
  }
  protected override callWithdrawn({ kept }: WithdrawnCall): void {
    this.round += kept.length
  }
}
const market = defineObject('test.replay.Market', Market)

const descriptors = [market().strongKind.descriptor, counter().kind.descriptor]
const session = fastCheck.integer({ min: 1, max: 3 }).map(sessionId)
const sequence = fastCheck.integer({ min: 1, max: 25 })
const object = fastCheck.integer({ min: 1, max: 3 })
const what = fastCheck.constantFrom('a', 'b', 'c')
const amount = fastCheck.integer({ min: 0, max: 6 })
const name = fastCheck.constantFrom('x', 'y')

const invocation = fastCheck.oneof(
  fastCheck.record({ method: fastCheck.constant('deliver'), args: fastCheck.tuple(amount) }),
  fastCheck.record({ method: fastCheck.constant('buy'), args: fastCheck.tuple(what, amount) }),
  fastCheck.record({ method: fastCheck.constant('see'), args: fastCheck.tuple(what) }),
  fastCheck.record({ method: fastCheck.constant('forget'), args: fastCheck.tuple(what) }),
  fastCheck.record({ method: fastCheck.constant('meet'), args: fastCheck.constant([]) }),
  fastCheck.record({ method: fastCheck.constant('add'), args: fastCheck.tuple(amount) }),
  fastCheck.record({ method: fastCheck.constant('read'), args: fastCheck.constant([]) }),
)

const call: fastCheck.Arbitrary<Command> = fastCheck
  .tuple(session, sequence, fastCheck.nat(2), object, invocation, fastCheck.nat(9))
  .map(([caller, number, acknowledged, target, { method, args }, answered]) => ({
    kind: 'call',
    ...{ session: caller, sequence: number, acknowledged, object: target, path: [], method, args },
    ...(answered > 6 ? { answered: [answered, number + 1] } : {}),
  }))

const command: fastCheck.Arbitrary<Command> = fastCheck.oneof(
  { weight: 240, arbitrary: call },
  {
    weight: 40,
    arbitrary: session.map(
      (id) => ({ kind: 'open-session', session: id, leaseMs: 5_000 }) as const,
    ),
  },
  {
    weight: 20,
    arbitrary: fastCheck
      .array(session, { minLength: 1, maxLength: 2 })
      .map((sessions) => ({ kind: 'end-sessions', sessions, reason: 'expired' }) as const),
  },
  {
    weight: 40,
    arbitrary: fastCheck
      .tuple(name, fastCheck.constantFrom(...descriptors))
      .map(
        ([n, descriptor]) => ({ kind: 'open-object', space: 's', name: n, descriptor }) as const,
      ),
  },
  {
    weight: 20,
    arbitrary: fastCheck
      .tuple(session, sequence)
      .map(([id, number]) => ({ kind: 'withdraw', session: id, sequence: number }) as const),
  },
  {
    weight: 4,
    arbitrary: name.map((n) => ({ kind: 'delete-object', space: 's', name: n }) as const),
  },
  { weight: 2, arbitrary: object.map((n) => ({ kind: 'quarantine', object: n }) as const) },
  { weight: 1, arbitrary: fastCheck.constant({ kind: 'end-space', space: 's' } as const) },
)

interface Entry {
  readonly passMs: number
  readonly commands: readonly Command[]
  readonly restarts: boolean
}

const history: fastCheck.Arbitrary<readonly Entry[]> = fastCheck.array(
  fastCheck.record({
    passMs: fastCheck.nat(4),
    commands: fastCheck.array(command, { maxLength: 5 }),
    restarts: fastCheck.boolean(),
  }),
  { minLength: 5, maxLength: 30 },
)

/** So that most histories have something to do with. */
const opening: readonly Command[] = [
  { kind: 'open-session', session: sessionId(1), leaseMs: 5_000 },
  { kind: 'open-session', session: sessionId(2), leaseMs: 5_000 },
  { kind: 'open-object', space: 's', name: 'x', descriptor: descriptors[0]! },
  { kind: 'open-object', space: 's', name: 'z', descriptor: descriptors[1]! },
]

function entriesOf(entries: readonly Entry[]): readonly Uint8Array[] {
  let timeMs = 1_000
  return [{ passMs: 0, commands: opening }, ...entries].map(({ passMs, commands }, index) => {
    timeMs += passMs
    return encodeBatch({ timeMs, seed: index * 7919, commands })
  })
}

function machine(): GroupState {
  return new GroupState([classType, new LinearizableType()])
}

describe('a replica of a group', () => {
  it('that starts from a snapshot goes on as one that never stopped, byte by byte', () => {
    fastCheck.assert(
      fastCheck.property(history, (entries) => {
        const steady = machine()
        let restarted = machine()
        for (const [index, data] of entriesOf(entries).entries()) {
          assert.deepEqual(restarted.apply(data), steady.apply(data))
          const snapshot = steady.snapshot()
          assert.deepEqual(restarted.snapshot(), snapshot)
          assert.equal(restarted.nextDueMs, steady.nextDueMs)
          const hashes = steady.takeHashes()
          for (const [number, hash] of restarted.takeHashes()) {
            assert.equal(hash, hashes.get(number))
          }
          if (entries[index]?.restarts !== true) continue
          restarted = machine()
          restarted.restore(snapshot)
        }
      }),
      runsBy(0.7),
    )
  })

  it('is not harmed by entries that nobody should write', () => {
    fastCheck.assert(
      fastCheck.property(history, mutations, (entries, changes) => {
        const group = machine()
        const twin = machine()
        for (const data of entriesOf(entries)) {
          for (const bytes of [mutate(data, changes), data]) {
            assert.deepEqual(group.apply(bytes), twin.apply(bytes))
          }
        }
        assert.deepEqual(group.snapshot(), twin.snapshot())
      }),
      runsBy(1),
    )
  })

  it('takes a snapshot whole, or refuses it and is as it was', () => {
    fastCheck.assert(
      fastCheck.property(history, mutations, (entries, changes) => {
        const group = machine()
        for (const data of entriesOf(entries)) group.apply(data)
        const snapshot = group.snapshot()
        const other = machine()
        const before = other.snapshot()
        try {
          other.restore(mutate(snapshot, changes))
        } catch (error) {
          assert.match((error as { code: string }).code, /ENCODING_INVALID|OBJECT_TYPE_UNKNOWN/)
          assert.deepEqual(other.snapshot(), before)
          return
        }
        // It is one that could be: it goes on, and can be kept again.
        for (const data of entriesOf(entries)) other.apply(data)
        machine().restore(other.snapshot())
      }),
      runsBy(1),
    )
  })
})
