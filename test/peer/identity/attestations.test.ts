import { strict as assert } from 'node:assert'
import { packReplica, type ReplicaId, VersionVector } from '@joinery/crdt-objects/engine'
import { Attestations } from '#peer/identity/core/attestations.ts'

const [second, third] = [packReplica(1, 1), packReplica(2, 1)]

function vectorOf(...entries: readonly (readonly [ReplicaId, number])[]): VersionVector {
  return new VersionVector(0, entries)
}

/** What a member says that has entered `epoch`, and settled the one before. */
function statement(sender: ReplicaId, epoch: number, vector: VersionVector) {
  return { sender, isMember: true, epoch, settled: epoch - 1, vector, keepersVersion: 1 }
}

describe('an epoch', () => {
  it('is settled when every other member has said that it entered it', () => {
    const attestations = new Attestations(30)
    const own = vectorOf()
    assert.equal(attestations.settledEpoch([second, third], own), 0)
    attestations.note(statement(second, 2, vectorOf()))
    assert.equal(attestations.settledEpoch([second, third], own), 0)
    attestations.note(statement(third, 1, vectorOf()))
    assert.equal(attestations.settledEpoch([second, third], own), 1)
    attestations.note(statement(third, 2, vectorOf()))
    assert.equal(attestations.settledEpoch([second, third], own), 2)
  })

  it('is not settled by word of one origin only: that may be older than the epoch', () => {
    const attestations = new Attestations(30)
    const held = { origin: packReplica(0, 1), last: 1 }
    const { vector: _, ...speaker } = statement(second, 2, vectorOf())
    attestations.noteHeld({ ...speaker, ...held })
    assert.equal(attestations.settledEpoch([second], vectorOf()), 0)
  })

  it('is not settled while something is on its way that was written before', () => {
    const attestations = new Attestations(30)
    attestations.note(statement(second, 1, vectorOf([second, 3])))
    assert.equal(attestations.settledEpoch([second], vectorOf([second, 2])), 0)
    assert.equal(attestations.settledEpoch([second], vectorOf([second, 3])), 1)
  })

  it('is heard of by all when every other member has settled it, and what they wrote before is here', () => {
    const attestations = new Attestations(30)
    attestations.note(statement(second, 3, vectorOf([second, 3])))
    assert.equal(attestations.heardEpoch([second, third], vectorOf([second, 3])), 0)
    attestations.note(statement(third, 2, vectorOf()))
    assert.equal(attestations.heardEpoch([second, third], vectorOf([second, 2])), 0)
    assert.equal(attestations.heardEpoch([second, third], vectorOf([second, 3])), 1)
  })

  it('is settled by who has all that one had who settled it', () => {
    const attestations = new Attestations(30)
    attestations.note(statement(second, 4, vectorOf([second, 3], [third, 1])))
    assert.equal(attestations.settledByOther(vectorOf([second, 3])), 0)
    assert.equal(attestations.settledByOther(vectorOf([second, 3], [third, 2])), 3)
  })
})

function noteFloor({ unheard }: Attestations, epoch: number, settledFloor: number): void {
  unheard.noteView({ epoch, settledFloor, unsealed: [] }, vectorOf(), 0)
}

describe('of who has said nothing yet, an epoch', () => {
  /** Leased in epoch 4, and in epoch 7. */
  const [early, late] = [packReplica(1, 5), packReplica(2, 8)]

  it('counts as entered as of its lease', () => {
    const attestations = new Attestations(30)
    attestations.note(statement(early, 9, vectorOf([early, 3])))
    assert.equal(attestations.settledEpoch([early, late], vectorOf([early, 3])), 7)
    assert.equal(attestations.settledEpoch([early, late], vectorOf([early, 2])), 4)
    assert.equal(attestations.settledEpoch([late], vectorOf()), 7)
  })

  it('counts as settled if all had settled it before its lease', () => {
    const attestations = new Attestations(30)
    attestations.note(statement(early, 9, vectorOf([early, 3])))
    const own = vectorOf([early, 3])
    assert.equal(attestations.heardEpoch([early, late], own), 0)
    // In the epoch of its lease it may have been there before it was heard that the others had settled more.
    for (const epoch of [5, 6, 7, 8]) noteFloor(attestations, epoch, epoch - 3)
    assert.equal(attestations.heardEpoch([early, late], own), 3)
    assert.equal(attestations.heardEpoch([early], own), 8)
  })

  it('does not rise by what is heard later of an epoch', () => {
    const attestations = new Attestations(30)
    noteFloor(attestations, 6, 2)
    noteFloor(attestations, 6, 5)
    noteFloor(attestations, 5, 5)
    assert.equal(attestations.heardEpoch([late], vectorOf()), 2)
  })

  it('is kept of a few hundred epochs', () => {
    const attestations = new Attestations(30)
    for (let epoch = 1; epoch <= 1_000; epoch++) noteFloor(attestations, epoch, epoch)
    assert.equal(attestations.heardEpoch([packReplica(3, 1_000)], vectorOf()), 998)
    assert.equal(attestations.heardEpoch([packReplica(3, 700)], vectorOf()), 0)
  })
})

describe('an update', () => {
  const [own, late] = [packReplica(0, 1), packReplica(3, 9)]
  const view = (...unsealed: ReplicaId[]) => ({ epoch: 9, settledFloor: 0, unsealed })

  it('counts as held by who has said nothing, if it was here long before the group named it', () => {
    const attestations = new Attestations(30)
    const { unheard } = attestations
    for (let tick = 0; tick <= 100; tick++) {
      unheard.noteView(view(own, second), vectorOf([own, tick + 1]), tick)
    }
    unheard.noteView(view(own, second, late), vectorOf([own, 101]), 101)
    assert.equal(attestations.allHold([late], own, 65), true)
    assert.equal(attestations.allHold([late], own, 73), false)
    // Who was there from the first on may have come before it.
    assert.equal(attestations.allHold([second], own, 1), false)
    // And so it stays, however late it is.
    for (let tick = 102; tick <= 300; tick++) {
      unheard.noteView(view(own, second, late), vectorOf([own, tick]), tick)
    }
    assert.equal(attestations.allHold([late], own, 65), true)
    assert.equal(attestations.allHold([late], own, 73), false)
    assert.equal(attestations.allHold([second], own, 1), false)
  })

  it('of ours counts as held by all only if one has said so', () => {
    const attestations = new Attestations(30)
    const { unheard } = attestations
    const here = vectorOf([own, 5])
    for (const tick of [0, 50]) unheard.noteView(view(own, second), here, tick)
    unheard.noteView(view(own, second, late), here, 100)
    assert.equal(attestations.allHoldOurs([late], own, 5), false)
    attestations.note(statement(second, 2, vectorOf([own, 4])))
    assert.equal(attestations.allHoldOurs([second, late], own, 4), true)
    assert.equal(attestations.allHoldOurs([second, late], own, 5), false)
    // Who speaks is believed.
    attestations.note(statement(late, 9, vectorOf([own, 3])))
    assert.equal(attestations.allHoldOurs([second, late], own, 4), false)
    assert.deepEqual(attestations.heard([second, third, late]), [second, late])
  })
})
