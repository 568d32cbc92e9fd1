import assert from 'node:assert/strict'
import type { GroupTransport } from '#consensus/group/ports.ts'

/** Two members, 1 and 2, on what is tested. */
export interface TransportPair {
  readonly transportByMember: ReadonlyMap<number, GroupTransport>
  /** What has arrived at a member so far, in its order. */
  arrived(member: number): readonly { readonly from: number; readonly bytes: Uint8Array }[]
  /** The calls of a member's `partSent` so far. */
  partsSent(member: number): readonly { readonly to: number; readonly ok: boolean }[]
  /** Waits until all that is under way has arrived or is lost. */
  settle(): Promise<void>
  /** Nothing that 1 sends reaches 2 from now on, and 1 can find out. */
  cut(): void
  close(): Promise<void>
}

/** What a driver relies on in every transport. */
export function describeGroupTransport(name: string, make: () => Promise<TransportPair>): void {
  describe(`${name}, as a transport of a group,`, () => {
    let pair: TransportPair

    beforeEach(async () => {
      pair = await make()
    })

    afterEach(async () => {
      await pair.close()
    })

    const send = (from: number, to: number, bytes: Uint8Array, isBulk = false): void =>
      pair.transportByMember.get(from)!.send(to, bytes, isBulk)
    const at = (member: number): number[][] => pair.arrived(member).map(({ bytes }) => [...bytes])

    it('carries bytes as they are, and says whose they are', async () => {
      const every = Uint8Array.from({ length: 256 }, (_, i) => i)
      send(1, 2, every)
      send(2, 1, Uint8Array.of(7))
      await pair.settle()
      assert.deepEqual(at(2), [[...every]])
      assert.deepEqual(at(1), [[7]])
      assert.equal(pair.arrived(2)[0]!.from, 1)
      assert.equal(pair.arrived(1)[0]!.from, 2)
    })

    it('delivers nothing within the call that sends it', async () => {
      send(1, 2, Uint8Array.of(1))
      assert.deepEqual(at(2), [])
      await pair.settle()
      assert.deepEqual(at(2), [[1]])
    })

    it('keeps the order of the calls', async () => {
      const sent = Array.from({ length: 200 }, (_, i) => [i])
      for (const [i] of sent) send(1, 2, Uint8Array.of(i!))
      await pair.settle()
      assert.deepEqual(at(2), sent)
    })

    it('keeps frames apart, large ones too', async () => {
      const lengths = [1, 600_000, 2, 70_000]
      for (const length of lengths) send(1, 2, new Uint8Array(length).fill(length % 251))
      await pair.settle()
      const arrived = pair.arrived(2)
      assert.deepEqual(
        arrived.map(({ bytes }) => bytes.length),
        lengths,
      )
      for (const { bytes } of arrived) assert.ok(bytes.every((byte) => byte === bytes.length % 251))
    })

    it('says of each bulk part once that it has left, and never within the call', async () => {
      send(1, 2, new Uint8Array(200_000), true)
      assert.deepEqual(pair.partsSent(1), [])
      await pair.settle()
      assert.deepEqual(pair.partsSent(1), [{ to: 2, ok: true }])
      send(1, 2, new Uint8Array(200_000), true)
      send(1, 2, Uint8Array.of(1))
      await pair.settle()
      assert.equal(pair.partsSent(1).length, 2)
      assert.equal(pair.arrived(2).length, 3)
    })

    it('loses what it cannot deliver, without throwing', async () => {
      pair.cut()
      send(1, 2, Uint8Array.of(1))
      send(1, 2, Uint8Array.of(2), true)
      await pair.settle()
      assert.deepEqual(at(2), [])
      assert.equal(pair.partsSent(1).length, 1)
    })

    it('loses what is for somebody who is not there, without throwing', async () => {
      send(1, 99, Uint8Array.of(1))
      send(1, 99, Uint8Array.of(2), true)
      await pair.settle()
      assert.equal(pair.partsSent(1).length, 1)
    })
  })
}
