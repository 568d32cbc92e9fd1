import assert from 'node:assert/strict'
import type { SnapshotPart } from '#consensus/group/snapshot-part.ts'
import { SnapshotReceiver } from '#consensus/group/snapshot-receiver.ts'
import { SnapshotSender } from '#consensus/group/snapshot-sender.ts'
import type { Snapshot } from '#consensus/raft/types.ts'

function snapshotOf(bytes: number): Snapshot {
  const confState = {
    voters: [1],
    votersOutgoing: [],
    learners: [2],
    learnersNext: [],
    autoLeave: false,
  }
  const data = Uint8Array.from({ length: bytes }, (_, i) => (i * 7) % 256)
  return { index: 9, term: 3, confState, data }
}

/** All parts of a snapshot, on a transport that loses none. */
function partsOf(snapshot: Snapshot, partBytes = 10): SnapshotPart[] {
  const sender = new SnapshotSender(partBytes)
  const parts = [sender.start(2, 4, snapshot)!]
  for (;;) {
    const end = sender.partSent(2, true)
    if (end.kind !== 'next') {
      assert.deepEqual(end, { kind: 'over', isSent: true })
      return parts
    }
    parts.push(end.part)
  }
}

describe('A snapshot on its way', () => {
  for (const bytes of [0, 1, 9, 10, 11, 95]) {
    it(`arrives whole, of ${bytes} bytes`, () => {
      const parts = partsOf(snapshotOf(bytes))
      assert.equal(parts.length, Math.max(1, Math.ceil(bytes / 10)))
      const receiver = new SnapshotReceiver(1_000)
      const last = parts.pop()!
      for (const part of parts) assert.deepEqual(receiver.take(1, part), { kind: 'more' })
      assert.deepEqual(receiver.take(1, last), { kind: 'whole', snapshot: snapshotOf(bytes) })
    })
  }

  it('is not taken when a part is missing, comes twice, or comes from another', () => {
    const [first, second, third] = partsOf(snapshotOf(30)) as [
      SnapshotPart,
      SnapshotPart,
      SnapshotPart,
    ]
    const receiver = new SnapshotReceiver(1_000)
    assert.equal(receiver.take(1, second).kind, 'ignored')
    assert.equal(receiver.take(1, first).kind, 'more')
    assert.equal(receiver.take(1, third).kind, 'ignored')
    assert.equal(receiver.take(5, second).kind, 'ignored')
    assert.equal(receiver.take(1, second).kind, 'more')
    assert.equal(receiver.take(1, second).kind, 'ignored')
    assert.equal(receiver.take(1, third).kind, 'whole')
  })

  it('is not taken when a byte has changed', () => {
    const [first, second] = partsOf(snapshotOf(20)) as [SnapshotPart, SnapshotPart]
    const receiver = new SnapshotReceiver(1_000)
    const bytes = Uint8Array.from(first.bytes)
    bytes[3]! ^= 1
    receiver.take(1, { ...first, bytes })
    const taken = receiver.take(1, second)
    assert.equal(
      taken.kind === 'ignored' && taken.reason,
      'a snapshot that does not match its checksum',
    )
  })

  it('is not taken when it is larger than allowed, or than it says', () => {
    const [first, second] = partsOf(snapshotOf(20)) as [SnapshotPart, SnapshotPart]
    assert.equal(new SnapshotReceiver(19).take(1, first).kind, 'ignored')
    const receiver = new SnapshotReceiver(1_000)
    const short = { bytesTotal: 15 }
    assert.equal(receiver.take(1, { ...first, ...short }).kind, 'more')
    assert.equal(receiver.take(1, { ...second, ...short }).kind, 'ignored')
    assert.equal(receiver.take(1, { ...first, bytes: new Uint8Array(0) }).kind, 'ignored')
  })

  it('has one part under way, also when another takes its place', () => {
    const sender = new SnapshotSender(10)
    assert.equal(sender.start(2, 4, snapshotOf(30))?.transfer, 1)
    assert.equal(sender.start(2, 4, snapshotOf(20)), undefined)
    // The part of the first was lost: that says nothing of the second.
    const next = sender.partSent(2, false)
    assert.ok(next.kind === 'next' && next.part.transfer === 2 && next.part.offset === 0)
    assert.equal(sender.partSent(2, true).kind, 'next')
    assert.deepEqual(sender.partSent(2, true), { kind: 'over', isSent: true })
    assert.deepEqual(sender.partSent(2, true), { kind: 'void' })
  })

  it('is over when a part is lost, or the connection is', () => {
    const sender = new SnapshotSender(10)
    sender.start(2, 4, snapshotOf(30))
    assert.deepEqual(sender.partSent(2, false), { kind: 'over', isSent: false })
    sender.start(2, 4, snapshotOf(30))
    assert.ok(sender.stop(2))
    assert.deepEqual(sender.partSent(2, false), { kind: 'void' })
    assert.ok(!sender.stop(2))
  })
})
