import { strict as assert } from 'node:assert'
import { packReplica, VersionVector } from '@joinery/crdt-objects/engine'
import { BatchLog } from '#peer/replication/core/batch-log.ts'
import { HoldBack } from '#peer/replication/core/hold-back.ts'
import { PartCollector } from '#peer/replication/core/part-collector.ts'
import { Queue } from '#peer/replication/core/queue.ts'
import { type SpaceBatch } from '#peer/replication/core/space-batch.ts'

function vectorOf(entries: readonly (readonly [bigint, number])[]): VersionVector {
  return new VersionVector(0, entries)
}

function bytesOf(length: number): Uint8Array {
  return new Uint8Array(length)
}

const batchOf = (origin: bigint, first: number, last: number, size = 10) => ({
  ...{ origin, first, last, size },
  ...{ epoch: 0, dependencies: [], body: bytesOf(size) },
})

describe('the log of batches', () => {
  type Log = BatchLog<SpaceBatch>
  function logOf(sizeMax: number): Log {
    const log: Log = new BatchLog(sizeMax)
    log.append(batchOf(1n, 1, 3))
    log.append(batchOf(2n, 1, 1))
    log.append(batchOf(1n, 4, 4))
    return log
  }
  const names = (log: Log, from: VersionVector, sizeMax = 1000) =>
    log.after(from, sizeMax).batches.map(({ origin, first }) => `${origin}:${first}`)

  it('gives what a vector lacks, in the order in which it was applied', () => {
    const log = logOf(1000)
    assert.deepEqual(names(log, vectorOf([])), ['1:1', '2:1', '1:4'])
    assert.deepEqual(names(log, vectorOf([[1n, 3]])), ['2:1', '1:4'])
    assert.deepEqual(names(log, vectorOf([[1n, 4], [2n, 1]])), []) // prettier-ignore
    assert.equal(log.sizeAfter(vectorOf([[1n, 3]])), 20)
  })

  it('gives one batch at least, and says when there are more', () => {
    const log = logOf(1000)
    assert.deepEqual(names(log, vectorOf([]), 1), ['1:1'])
    assert.equal(log.after(vectorOf([]), 1).more, true)
    assert.equal(log.after(vectorOf([]), 30).more, false)
  })

  it('drops the oldest beyond its bound, and knows how far it reaches back', () => {
    const log = logOf(20)
    assert.equal(log.size, 20)
    assert.equal(log.reaches(1n, 0, 4), false)
    assert.equal(log.reaches(1n, 3, 4), true)
    assert.equal(log.reaches(1n, 3, 5), false)
  })

  it('forgets an origin whose updates came with a state', () => {
    const log = logOf(1000)
    log.forget(1n)
    assert.equal(log.size, 10)
    assert.equal(log.reaches(1n, 0, 4), false)
    log.append(batchOf(1n, 10, 12))
    assert.equal(log.reaches(1n, 9, 12), true)
    assert.deepEqual(names(log, vectorOf([[2n, 1]])), ['1:10'])
  })

  it('drops what is done with from the front only, and keeps its order', () => {
    const log: Log = new BatchLog(1000)
    for (let seq = 1; seq <= 50; seq++) {
      log.append(batchOf(1n, seq, seq))
      log.append(batchOf(2n, seq, seq))
    }
    log.drop(1n, ({ last }) => last <= 45)
    log.drop(2n, ({ last }) => last > 10)
    assert.equal(log.size, 550)
    assert.equal(log.reaches(1n, 44, 50), false)
    assert.deepEqual(names(log, vectorOf([[2n, 48]])), ['1:46', '1:47', '1:48', '1:49', '2:49', '1:50', '2:50']) // prettier-ignore
  })

  it('stands on having no gap', () => {
    assert.throws(() => logOf(1000).append(batchOf(1n, 6, 6)), /no gap/)
  })
})

describe('the batches held back', () => {
  const received = (origin: bigint, first: number, length = 10) => ({
    batch: batchOf(origin, first, first, length),
    from: undefined,
  })

  it('come out when what they waited for is there', () => {
    const held = new HoldBack(10, 1000)
    held.add(received(1n, 5), { origin: 2n, last: 3 }, 0)
    held.add(received(1n, 6), { origin: 1n, last: 5 }, 0)
    assert.deepEqual(held.release(2n, 2), [])
    assert.deepEqual(held.release(2n, 3), [received(1n, 5)])
    assert.deepEqual(held.release(1n, 5), [received(1n, 6)])
    assert.deepEqual([held.size, held.bytes], [0, 0])
  })

  it('come out in the epoch that they waited for, and in one that seals what they waited for', () => {
    const held = new HoldBack(10, 1000)
    const [sealed, alive] = [packReplica(0, 1), packReplica(1, 1)]
    held.add(received(1n, 5), { epoch: 1 }, 0)
    held.add(received(1n, 6), { epoch: 2 }, 0)
    held.add(received(1n, 7), { origin: sealed, last: 9 }, 0)
    held.add(received(1n, 8), { origin: alive, last: 9 }, 0)
    held.add(received(1n, 9), 'engine', 0)
    const released = held.releaseAll(new VersionVector(1, [[alive, 8]]))
    assert.deepEqual(released, [received(1n, 5), received(1n, 7)])
    assert.equal(held.size, 3)
  })

  it('are bounded in number and in bytes, and each is kept once', () => {
    const held = new HoldBack(2, 25)
    const blocker = { origin: 9n, last: 1 }
    assert.ok(held.add(received(1n, 5), blocker, 0))
    assert.ok(held.add(received(1n, 5), blocker, 0))
    assert.equal(held.add(received(1n, 6, 20), blocker, 0), false)
    assert.ok(held.add(received(1n, 7), blocker, 0))
    assert.equal(held.add(received(1n, 8, 1), blocker, 0), false)
    assert.deepEqual([held.size, held.bytes], [2, 20])
  })

  it('are dropped when they grow old', () => {
    const held = new HoldBack(10, 1000)
    held.add(received(1n, 5), { origin: 9n, last: 1 }, 3)
    held.add(received(1n, 6), { origin: 9n, last: 1 }, 4)
    held.dropBefore(4)
    assert.deepEqual(held.release(9n, 1), [received(1n, 6)])
  })
})

describe('what comes in parts', () => {
  const collector = () => new PartCollector(4)
  const piece = (part: number, parts: number, bytes = [part]) =>
    ({ part, parts, bytes: Uint8Array.from(bytes) }) as const

  it('is put together', () => {
    const parts = collector()
    assert.equal(parts.add(piece(0, 2, [1, 2])), undefined)
    assert.deepEqual(parts.add(piece(1, 2, [3])), { whole: Uint8Array.of(1, 2, 3) })
  })

  it('starts anew with a first part', () => {
    const parts = collector()
    parts.add(piece(0, 3))
    parts.add(piece(0, 2, [7]))
    assert.deepEqual(parts.add(piece(1, 2, [8])), { whole: Uint8Array.of(7, 8) })
  })

  it('is refused when it makes no sense, or is too large', () => {
    assert.deepEqual(collector().add(piece(1, 2)), { refused: 'a part is missing' })
    assert.deepEqual(collector().add(piece(0, 0)), { refused: 'more parts than there are' })
    assert.deepEqual(collector().add(piece(0, 2, [])), { refused: 'a part is empty' })
    const parts = collector()
    parts.add(piece(0, 3))
    assert.deepEqual(parts.add(piece(1, 4)), { refused: 'parts differ' })
    const large = { part: 0, parts: 9, bytes: bytesOf(5) } as const
    assert.deepEqual(collector().add(large), { refused: 'the batch is too large' })
  })
})

describe('a queue', () => {
  it('gives its items in order, however many were taken', () => {
    const queue = new Queue<number>()
    for (let i = 0; i < 200; i++) queue.push(i)
    for (let i = 0; i < 150; i++) assert.equal(queue.shift(), i)
    assert.equal(queue.length, 50)
    assert.equal(queue.at(3), 153)
    queue.retain((item) => item % 2 === 0)
    assert.equal(queue.shift(), 150)
    assert.equal(queue.length, 24)
  })
})
