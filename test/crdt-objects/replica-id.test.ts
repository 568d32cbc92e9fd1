// Ids of replicas on the wire: any id at any epoch comes back, in one way only, and recent ones are short.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { decodeReplica, encodeReplica } from '#crdt-objects/codec/replica-id.ts'
import { packReplica, Reader, unleasedReplica, Writer } from '#crdt-objects/engine.ts'
import { isJoineryError } from '#crdt-objects/index.ts'

const slotMax = 2 ** 23 - 2
const incMax = 2 ** 40 - 1

const slots = fastCheck.oneof(fastCheck.nat(300), fastCheck.nat(slotMax))
const lives = fastCheck.oneof(
  fastCheck.integer({ min: 1, max: 300 }),
  fastCheck.integer({ min: 1, max: incMax }),
)
const leased = fastCheck.tuple(slots, lives).map(([slot, inc]) => packReplica(slot, inc))
/** Also those of a slot and no life, and of lives without a slot. */
const anyId = fastCheck.oneof(leased, fastCheck.bigInt(0n, 2n ** 64n - 1n), fastCheck.bigInt(0n, 9n)) // prettier-ignore
const epochs = fastCheck.oneof(fastCheck.nat(300), fastCheck.nat(Number.MAX_SAFE_INTEGER))

function encoded(id: bigint, epoch: number): Uint8Array {
  const writer = new Writer()
  encodeReplica(writer, id, epoch)
  return writer.finish()
}

function isRefused(bytes: Uint8Array, epoch: number): boolean {
  try {
    decodeReplica(new Reader(bytes), epoch)
    return false
  } catch (error) {
    assert.ok(isJoineryError(error, 'ENCODING_INVALID'))
    return true
  }
}

describe('a replica id on the wire', () => {
  it('comes back, whatever it is and whatever the epoch', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(anyId, { minLength: 1 }), epochs, (ids, epoch) => {
        const writer = new Writer()
        for (const id of ids) encodeReplica(writer, id, epoch)
        const reader = new Reader(writer.finish())
        assert.deepEqual(
          ids.map(() => decodeReplica(reader, epoch)),
          ids,
        )
        reader.end()
      }),
    )
  })

  it('takes two bytes where it is recent or the first of its slot, and nine where it has no slot or is of a later epoch', () => {
    assert.equal(encoded(packReplica(100, 1_001), 1_000).length, 2)
    assert.equal(encoded(packReplica(100, 1_001), 1_126).length, 2)
    assert.equal(encoded(packReplica(1_000, 2), 10_000).length, 4)
    assert.equal(encoded(packReplica(100, 1), 10_000).length, 2)
    assert.equal(encoded(packReplica(100, 1_002), 1_000).length, 9)
    assert.equal(encoded(unleasedReplica(5n), 1_000).length, 9)
  })

  it('is one row of bytes: whatever else would mean it is refused', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.uint8Array({ maxLength: 16 }), epochs, (bytes, epoch) => {
        const reader = new Reader(bytes)
        if (isRefused(bytes, epoch)) return
        const id = decodeReplica(reader, epoch)
        assert.deepEqual(encoded(id, epoch), bytes.slice(0, reader.position))
      }),
    )
    const long = new Writer()
    long.byte(0)
    long.u64(packReplica(100, 7))
    assert.ok(isRefused(long.finish(), 6))
    assert.ok(!isRefused(long.finish(), 5))
  })

  it('is refused of a slot or a life that there is not', () => {
    for (const numbers of [
      [slotMax + 2, 0],
      [1, 11],
      [1, 12],
    ]) {
      const writer = new Writer()
      for (const number of numbers) writer.varint(number)
      assert.ok(isRefused(writer.finish(), 10), numbers.join())
    }
    const late = new Writer()
    for (const number of [1, 1]) late.varint(number)
    assert.ok(isRefused(late.finish(), incMax), 'a life beyond the last')
  })
})
