import assert from 'node:assert/strict'
import { Turns } from '#peer/groups/turns.ts'

describe('The turns of groups', () => {
  it('of a peer alone follow at once, and in company at the end of the turn of the event loop', async () => {
    const order: string[] = []
    new Turns(() => false).defer(() => order.push('in company'))
    new Turns(() => true).defer(() => order.push('alone'))
    await Promise.resolve()
    assert.deepEqual(order, ['alone'])
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(order, ['alone', 'in company'])
  })

  it('let timers and sockets have theirs, though tasks follow each other without end', async () => {
    const turns = new Turns(() => true)
    let isOver = false
    let tasks = 0
    const again = (): void => {
      tasks++
      if (!isOver) turns.defer(again)
    }
    turns.defer(again)
    await new Promise((resolve) => setTimeout(resolve, 20))
    isOver = true
    assert.ok(tasks > 100)
  })
})
