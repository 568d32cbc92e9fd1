import { strict as assert } from 'node:assert'
import { cluster, deliver, disconnect, group, type Replica } from './replica.ts'

/** Three keepers and two members besides. */
function withKeepers(): [Replica, Replica, Replica, Replica, Replica] {
  return cluster(['a', 'b', 'c', 'd', 'e']) as [Replica, Replica, Replica, Replica, Replica]
}

describe('who is to be a keeper', () => {
  it('has those before it say what they hold, though they hold something else', () => {
    const [a, b, c, d, e] = withKeepers()
    assert.deepEqual(
      group.space.keepers.keepers,
      [a, b, c].map(({ replica }) => replica),
    )
    for (const other of [a, b, d, e]) disconnect(c, other)
    group.appoint(d, c)
    d.contact()
    // Of the first word of it they cannot make anything.
    group.isDown = true
    deliver(a, b, d)
    group.isDown = false
    // By the time they know, they hold something else: then it is d that asks.
    for (const keeper of [a, b]) {
      keeper.write()
      keeper.contact()
    }
    deliver(a, b, d)
    assert.ok(group.space.keepers.change !== undefined)
    for (let tick = 0; tick < 2; tick++) {
      d.tick()
      deliver(a, b, d)
    }
    assert.ok(group.space.keepers.change === undefined)
    assert.ok(group.space.keepers.keepers.includes(d.replica))
  })

  it('says nothing to them once it knows, nor to anybody before it is called', () => {
    const [a, b, c, d, e] = withKeepers()
    for (const each of [a, b, c, d, e]) each.contact()
    deliver(a, b, c, d, e)
    // What it has heard of the group is passed on.
    d.tick()
    d.take()
    d.tick(5)
    assert.ok(d.sent('digest').length <= 1)
    group.appoint(d, c)
    for (const each of [a, b, c, d, e]) each.contact()
    for (let round = 0; round < 5; round++) {
      deliver(a, b, c, d, e)
      d.tick()
    }
    d.take()
    d.tick(5)
    assert.ok(d.sent('digest').length <= 1)
    assert.ok(group.space.keepers.change === undefined)
  })
})
