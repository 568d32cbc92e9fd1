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
    const attestations = new Attestations()
    const own = vectorOf()
    assert.equal(attestations.settledEpoch([second, third], own), undefined)
    attestations.note(statement(second, 2, vectorOf()))
    assert.equal(attestations.settledEpoch([second, third], own), undefined)
    attestations.note(statement(third, 1, vectorOf()))
    assert.equal(attestations.settledEpoch([second, third], own), 1)
    attestations.note(statement(third, 2, vectorOf()))
    assert.equal(attestations.settledEpoch([second, third], own), 2)
  })

  it('is not settled by word of one origin only: that may be older than the epoch', () => {
    const attestations = new Attestations()
    const held = { origin: packReplica(0, 1), last: 1 }
    const { vector: _, ...speaker } = statement(second, 2, vectorOf())
    attestations.noteHeld({ ...speaker, ...held })
    assert.equal(attestations.settledEpoch([second], vectorOf()), 0)
  })

  it('is not settled while something is on its way that was written before', () => {
    const attestations = new Attestations()
    attestations.note(statement(second, 1, vectorOf([second, 3])))
    assert.equal(attestations.settledEpoch([second], vectorOf([second, 2])), undefined)
    assert.equal(attestations.settledEpoch([second], vectorOf([second, 3])), 1)
  })

  it('is heard of by all when every other member has settled it, and what they wrote before is here', () => {
    const attestations = new Attestations()
    attestations.note(statement(second, 3, vectorOf([second, 3])))
    assert.equal(attestations.heardEpoch([second, third], vectorOf([second, 3])), undefined)
    attestations.note(statement(third, 2, vectorOf()))
    assert.equal(attestations.heardEpoch([second, third], vectorOf([second, 2])), undefined)
    assert.equal(attestations.heardEpoch([second, third], vectorOf([second, 3])), 1)
  })

  it('is settled by who has all that one had who settled it', () => {
    const attestations = new Attestations()
    attestations.note(statement(second, 4, vectorOf([second, 3], [third, 1])))
    assert.equal(attestations.settledByOther(vectorOf([second, 3])), 0)
    assert.equal(attestations.settledByOther(vectorOf([second, 3], [third, 2])), 3)
  })
})
