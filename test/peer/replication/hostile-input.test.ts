import { strict as assert } from 'node:assert'
import { VersionVector } from '@joinery/crdt-objects/engine'
import fc from 'fast-check'
import { type Input } from '#peer/replication/core/contract.ts'
import { type Message } from '#peer/replication/core/message.ts'
import { Random } from '#test/simulation/random.ts'
import { connect, deliver, Replica, somebody } from './replica.ts'

const batchesMade = 12

/** A writer's batches, each of which adds 1, and one more replica's that build on them. */
function writtenBatches(): { writers: Replica[]; batches: Uint8Array[] } {
  const writers = [new Replica('a'), new Replica('b')] as const
  const batches: Uint8Array[] = []
  for (let i = 0; i < batchesMade; i++) {
    const [writer, other] = i % 3 === 2 ? [writers[1], writers[0]] : writers
    const batch = writer.write(1)
    other.gossip(batch)
    batches.push(batch)
  }
  return { writers: [...writers], batches }
}

/** What the counter must read: each update that the vector covers added 1. */
function expectedHits(replica: Replica): number {
  let sum = 0
  for (const [origin] of replica.core.vector.entries()) {
    sum += replica.core.vector.lastOf(origin, 0)
  }
  return sum
}

/** Any message at all, about origins that exist and others that do not, carrying batches whole, cut or changed. */
function anyMessage(random: Random, batches: readonly Uint8Array[], origins: bigint[]): Message {
  const origin = random.chance(0.8) ? random.pick(origins) : random.bits64()
  const last = random.pick([0, 1, 3, batchesMade, 2 ** 53 - 1])
  const vector = new VersionVector(random.pick([0, 0, 1, 7]))
  for (let i = random.integer(0, 3); i > 0; i--) {
    const of = random.chance(0.5) ? random.pick(origins) : random.bits64()
    vector.advance(of, random.integer(1, 20))
  }
  const bytes = anyBytes(random, batches)
  const speaker = {
    sender: random.pick([0n, origin]),
    isMember: random.chance(0.5),
    epoch: random.pick([0, 1, 7]),
    settled: random.pick([0, 1, 7]),
    keepersVersion: random.integer(0, 3),
    revision: random.pick([0, 1, 2 ** 40]),
  }
  const use = random.pick(['state', 'snapshot'] as const)
  const [part, parts] = [random.integer(0, 3), random.pick([0, 1, 2, 4, 2 ** 53 - 1])]
  return random.pick<Message>([
    { kind: 'digest', speaker, hash: random.bits64() },
    {
      kind: 'ask',
      ...{
        speaker,
        vector,
        staged: random.pick([[], [{ origin, last, isFenced: random.chance(0.5) }]]),
      },
      session: random.integer(0, 3),
      received: random.pick([0, 1, 2 ** 40]),
      wanted: random.pick(['batches', 'state', 'snapshot']),
    },
    { kind: 'batches', batches: [bytes, anyBytes(random, batches)] },
    { kind: 'part', part, parts, bytes },
    { kind: 'piece', use, isFirst: random.chance(0.7), bytes },
    { kind: 'stock', bytes },
    { kind: 'offer', use, sender: origin, records: [] },
    { kind: 'answered', more: random.chance(0.5) },
    { kind: 'probe', speaker, origin, last },
    { kind: 'held', speaker, origin, last },
    // Seals are the word of the group, which members pass on as it is.
    { kind: 'records', records: [] },
  ])
}

function anyBytes(random: Random, batches: readonly Uint8Array[]): Uint8Array {
  const batch = random.pick(batches)
  switch (random.integer(0, 3)) {
    case 0:
      return batch.slice(0, random.integer(0, batch.length - 1))
    case 1:
      return Uint8Array.from({ length: random.integer(0, 80) }, () => random.integer(0, 255))
    case 2:
      return Uint8Array.of(...batch, random.integer(0, 255))
    default:
      return batch
  }
}

function anyInput(random: Random, batches: readonly Uint8Array[], origins: bigint[]): Input {
  const neighbour = random.pick(['a', 'b', 'nobody'])
  switch (random.integer(0, 9)) {
    case 0:
      return { kind: 'neighbour-up', neighbour }
    case 1:
      return { kind: 'neighbour-down', neighbour }
    case 2:
      return { kind: 'tick', random: random.next() }
    case 3: {
      const origin = random.pick([...origins, random.bits64()])
      return { kind: 'announced', origin, last: random.integer(0, 2 ** 40), from: neighbour }
    }
    case 4:
    case 5:
      return { kind: 'gossip', batch: anyBytes(random, batches), from: neighbour }
    default:
      return { kind: 'message', neighbour, message: anyMessage(random, batches, origins) }
  }
}

describe('a replica that is told nonsense', () => {
  it('never throws, and never holds anything but whole batches, each once and in order', () => {
    const { writers, batches } = writtenBatches()
    const limits = {
      heldBatchesMax: 4,
      stateBytesMax: 400,
      batchBytesMax: 300,
      messageBytesMax: 60,
    }
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed)
      const replica = new Replica('c', limits)
      replica.write(1)
      const origins = [...writers.map((writer) => writer.replica), replica.replica]
      for (let i = 0; i < 120; i++) {
        replica.step(anyInput(random, batches, origins))
        assert.ok(replica.core.vector.equals(replica.state.vector), `seed ${seed}`)
        assert.equal(replica.hits.value, expectedHits(replica), `seed ${seed}`)
      }
      assert.equal(replica.core.vector.get(replica.replica), 1)
    }
  })

  it('still converges afterwards', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed)
      const { writers, batches } = writtenBatches()
      const replica = new Replica('c')
      const origins = writers.map((writer) => writer.replica)
      for (let i = 0; i < 60; i++) replica.step(anyInput(random, batches, origins))
      replica.take()
      for (const writer of writers) connect(replica, writer)
      for (let round = 0; round < 30; round++) {
        for (const each of [replica, ...writers]) each.tick(10, random.next())
        deliver(replica, ...writers)
      }
      assert.equal(replica.hits.value, batchesMade, `seed ${seed}`)
    }
  })

  it('survives batches with any bit flipped', () => {
    const { batches } = writtenBatches()
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (which, where) => {
        const replica = new Replica('c')
        const damaged = batches[which % batches.length]!.slice()
        const bit = where % (damaged.length * 8)
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        replica.gossip(damaged)
        for (const batch of batches) replica.gossip(batch)
        replica.tick(3)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps its memory within bounds', () => {
    const replica = new Replica('c')
    replica.step({ kind: 'neighbour-up', neighbour: 'a' })
    const random = new Random(1)
    for (let i = 0; i < 10_000; i++) {
      const origin = random.bits64()
      replica.step({ kind: 'announced', origin, last: 9, from: 'a' })
      const message: Message = { kind: 'probe', speaker: somebody, origin, last: 9 }
      replica.step({ kind: 'message', neighbour: 'a', message })
    }
    assert.ok(replica.core.usage.wants <= 4096)
    const [answered] = [replica.said('ignored').length]
    assert.ok(answered >= 10_000 - 64, 'probes beyond the bound are refused')
    replica.tick(200)
    assert.equal(replica.core.usage.wants, 0, 'what nobody brings is given up')
  })
})
