import assert from 'node:assert/strict'
import { decodeBatchHeader, kindOf, SpaceState } from '@joinery/crdt-objects/engine'
import { counter, type CounterSchema, type Local } from '@joinery/crdt-objects'
import { type Dissemination } from '#peer/dissemination/dissemination.ts'
import { eventually } from '#test/eventually.ts'

/** One peer of a suite's network. */
export interface Disseminator {
  readonly id: string
  readonly dissemination: Dissemination
  /** What came out here, in order. */
  readonly received: readonly Arrival[]
}

/** A batch or an announcement that came out of dissemination. */
export type Arrival =
  | { readonly space: string; readonly from: string; readonly batch: Uint8Array }
  | {
      readonly space: string
      readonly from: string
      readonly origin: bigint
      readonly last: number
    }

/** A network of peers that are all connected to each other, over which an adapter is tried. */
export interface DisseminationNetwork {
  readonly peers: readonly Disseminator[]
  close(): Promise<void>
}

/** Makes batches as replicas do. */
export class BatchMaker {
  readonly #state: SpaceState
  readonly #counter: Local<CounterSchema>

  constructor(replica: bigint) {
    this.#state = new SpaceState({ replica, clock: () => 0 })
    this.#counter = this.#state.open('counter', kindOf(counter())).handle() as Local<CounterSchema>
  }

  next(): Uint8Array {
    this.#counter.add(1)
    return this.#state.takeBatch()!
  }
}

/** Publishes a batch with what it says of itself. */
export function publish(dissemination: Dissemination, space: string, batch: Uint8Array): void {
  const { origin, last } = decodeBatchHeader(batch)
  dissemination.publish(space, origin, last, batch)
}

/** What every adapter of dissemination does. */
export function disseminationSuite(
  name: string,
  connect: (count: number) => Promise<DisseminationNetwork>,
): void {
  describe(`Dissemination by ${name}`, () => {
    let network: DisseminationNetwork
    let replica = 100n

    function makeBatches(count: number): Uint8Array[] {
      const maker = new BatchMaker(replica++)
      return Array.from({ length: count }, () => maker.next())
    }

    beforeEach(async () => {
      network = await connect(3)
    })

    afterEach(async () => {
      await network.close()
    })

    it('brings a batch to every other peer that has joined the space, and says from whom', async () => {
      const [first, ...others] = network.peers
      for (const { dissemination } of network.peers) dissemination.join('a')
      const [batch] = makeBatches(1)
      publish(first!.dissemination, 'a', batch!)
      for (const { received } of others) {
        await eventually(() => {
          assert.deepEqual(received, [{ space: 'a', from: first!.id, batch: batch! }])
        })
      }
      assert.deepEqual(first!.received, [], 'not to itself')
    })

    it('brings nothing to who has not joined, or has left', async () => {
      const [first, second, third] = network.peers
      for (const { dissemination } of [first!, second!]) dissemination.join('a')
      third!.dissemination.join('b')
      const [before, after] = makeBatches(2)
      publish(first!.dissemination, 'a', before!)
      await eventually(() => {
        assert.equal(second!.received.length, 1)
      })
      second!.dissemination.leave('a')
      publish(first!.dissemination, 'a', after!)
      // What goes to the third now shows that the message before it had its time.
      first!.dissemination.join('b')
      publish(first!.dissemination, 'b', makeBatches(1)[0]!)
      await eventually(() => {
        assert.equal(third!.received.length, 1)
      })
      assert.equal(second!.received.length, 1)
      assert.equal(third!.received[0]!.space, 'b')
    })

    it('brings every one of many batches, each as it was', async () => {
      const [first, second, third] = network.peers
      for (const { dissemination } of network.peers) dissemination.join('a')
      const batches = makeBatches(200)
      for (const batch of batches) publish(first!.dissemination, 'a', batch)
      const sorted = (all: readonly Arrival[]): string[] =>
        all.map((arrival) => ('batch' in arrival ? String(arrival.batch) : '')).sort()
      for (const { received } of [second!, third!]) {
        await eventually(() => {
          assert.equal(received.length, batches.length)
        })
        assert.deepEqual(sorted(received), batches.map(String).sort())
      }
    })

    it('tells of a batch that is too large to be sent', async () => {
      const [first, ...others] = network.peers
      for (const { dissemination } of network.peers) dissemination.join('a')
      first!.dissemination.announce('a', 2n ** 63n + 5n, 2 ** 40)
      for (const { received } of others) {
        await eventually(() => {
          const expected = { space: 'a', from: first!.id, origin: 2n ** 63n + 5n, last: 2 ** 40 }
          assert.deepEqual(received, [expected])
        })
      }
    })

    it('takes spaces with any name', async () => {
      const [first, second] = network.peers
      const names = ['/', 'a b', '…/joinery/1/', 'x'.repeat(256)]
      for (const name of names) {
        for (const { dissemination } of [first!, second!]) dissemination.join(name)
        publish(first!.dissemination, name, makeBatches(1)[0]!)
      }
      await eventually(() => {
        assert.deepEqual(second!.received.map(({ space }) => space).sort(), [...names].sort())
      })
    })
  })
}
