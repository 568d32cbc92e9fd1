import { strict as assert } from 'node:assert'
import { cluster, connect, deliver, disconnect, group, Replica } from './replica.ts'

/** A peer that `giver` lets in, and that is gone before anybody else has heard of it. */
function visit(giver: Replica, name: string): Replica {
  const visitor = new Replica(name, {}, true)
  connect(visitor, giver)
  deliver(visitor, giver)
  visitor.tick()
  deliver(visitor, giver)
  assert.equal(visitor.core.status, 'active')
  disconnect(visitor, giver)
  return visitor
}

describe('where somebody dies all the time who has said nothing', () => {
  it('what all others have is dropped, and epochs are settled and forgotten', () => {
    const [a, b] = cluster(['a', 'b']) as [Replica, Replica]
    const dead: Replica[] = []
    const logBytes: number[] = []
    const behind: number[] = []
    for (let round = 0; round < 40; round++) {
      b.gossip(a.write(1))
      dead.push(visit(b, `visitor ${round}`))
      // A session outlasts its owner: there are always two that nobody seals yet.
      if (dead.length > 2) group.expire(dead.shift()!)
      for (const member of [a, b, a, b]) member.contact()
      group.closeEpoch()
      for (const member of [a, b]) {
        member.contact()
        member.tick(50)
      }
      deliver(a, b)
      logBytes.push(a.core.usage.logBytes)
      behind.push(a.state.epoch - a.state.trimmedEpoch)
    }
    const { length } = a.core.member.view!.unsealed
    assert.ok(length > 2 && length < 10, `${length} members, of which two speak`)
    // As much as was written in the time that counts for long, and no more with each round.
    assert.ok(logBytes[39]! <= logBytes[19]!, `${logBytes.join()} bytes`)
    assert.ok(logBytes[39]! > 0)
    const { epoch, settledEpoch } = a.state
    assert.ok(epoch > 30 && settledEpoch >= epoch - 4, `settled ${settledEpoch} of ${epoch}`)
    assert.ok(
      behind[39]! <= behind[19]! && behind[39]! < 20,
      `forgotten ${behind.join()} epochs ago`,
    )
  })
})
