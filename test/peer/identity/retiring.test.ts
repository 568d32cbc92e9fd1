import { strict as assert } from 'node:assert'
import { increment, Rig } from './rig.ts'

describe('a member that retires', () => {
  it('hands over everything, of all origins, before it asks', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    const batch = second.write(increment(1))
    third.take(batch)
    third.contact()
    third.step({ kind: 'retire', ticks: 10 })
    third.hear(first)
    third.contact()
    assert.equal(third.core.status, 'active', 'the first lacks what the second wrote')
    first.take(batch)
    third.hear(first)
    third.contact()
    assert.equal(third.core.status, 'retiring')
    rig.contactAll(first, second)
    rig.closeEpoch()
    third.contact()
    assert.equal(third.core.status, 'left')
  })

  it('gives it up at its deadline, and is a member again', () => {
    const rig = new Rig()
    const [first, , third] = [rig.join(), rig.join(), rig.join()]
    third.contact()
    third.hear(first)
    third.step({ kind: 'retire', ticks: 2 })
    assert.equal(third.core.status, 'retiring')
    for (let i = 0; i < 2; i++) third.step({ kind: 'tick' })
    assert.equal(third.ofKind('retire-aborted').length, 1)
    third.contact()
    assert.ok(third.core.isWritable)
    assert.ok(rig.space.sealingBySlot.size === 0, 'the group knows')
  })

  it('is promised nothing while its retirement may yet be carried out', () => {
    const rig = new Rig({ durability: 1 })
    const [first, , third] = [rig.join(), rig.join(), rig.join()]
    rig.appoint(third)
    third.contact()
    third.hear(first)
    third.waits = true
    third.step({ kind: 'retire', ticks: 1 })
    third.step({ kind: 'tick' })
    assert.equal(third.core.status, 'active')
    third.write(increment(1))
    third.step({ kind: 'flush', id: 1, replicas: 1 })
    assert.equal(third.ofKind('flushed').length, 0)
    third.waits = false
    third.contact()
    assert.equal(third.ofKind('flushed').length, 1)
  })

  it('comes back as fenced when its seal has cut what it wrote', () => {
    const rig = new Rig()
    const [first, second, third] = [rig.join(), rig.join(), rig.join()]
    third.contact()
    third.hear(first)
    third.waits = true
    third.step({ kind: 'retire', ticks: 1 })
    const [retire] = third.asked
    third.step({ kind: 'tick' })
    third.write(increment(1))
    rig.answer(retire!)
    rig.contactAll(first, second)
    rig.closeEpoch()
    third.waits = false
    third.contact()
    assert.equal(third.core.status, 'leasing')
  })

  it('does not leave when its seal has cut what it handed over: whoever had that is gone', () => {
    const rig = new Rig()
    const [first, second, third, fourth] = [rig.join(), rig.join(), rig.join(), rig.join()]
    first.take(third.write(increment(1)))
    third.contact()
    third.hear(first)
    third.step({ kind: 'retire', ticks: 10 })
    assert.equal(third.core.status, 'retiring')
    for (const gone of [third, first]) rig.expire(gone)
    rig.apply({ kind: 'replace-keepers', space: 'space', keepers: [second.id, fourth.id] })
    rig.contactAll(second, fourth)
    rig.closeEpoch()
    third.contact()
    assert.equal(third.core.status, 'leasing')
    assert.equal(third.core.writes.redo.length, 1)
  })
})
