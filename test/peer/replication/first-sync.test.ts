import { strict as assert } from 'node:assert'
import { setImmediate as turn } from 'node:timers/promises'
import { type Message } from '#peer/replication/core/message.ts'
import { FirstSync } from '#peer/replication/first-sync.ts'

const answered: Message = { kind: 'answered', more: false }
const piece = { kind: 'piece' } as Message

describe('The first sync of a replica', () => {
  let giver: string | undefined
  let hasBegun: boolean
  let sync: FirstSync
  let isDone: boolean

  beforeEach(() => {
    giver = undefined
    hasBegun = false
    isDone = false
    sync = new FirstSync({
      hash: () => 1n,
      takesStateOf: (peer) => peer === giver,
      isReading: () => giver !== undefined && !hasBegun,
      hasBegun: () => hasBegun,
    })
    void sync.done.then(() => (isDone = true))
  })

  it('waits for who had no state to give while another’s came, until it has answered what is here', async () => {
    sync.expect(['a', 'b'])
    sync.onMessage('b', answered)
    giver = 'a'
    sync.onMessage('a', piece)
    sync.onMessage('a', answered)
    await turn()
    assert.deepEqual(sync.expected, ['a', 'b'], 'it is still being read')
    hasBegun = true
    sync.settle()
    await turn()
    assert.deepEqual([sync.expected, isDone], [['b'], false])
    sync.onMessage('b', answered)
    assert.equal(await sync.isDoneWithin(1000), true)
  })

  it('waits for whose state was not taken, though its end comes when there is a replica', async () => {
    sync.expect(['a', 'b'])
    giver = 'a'
    sync.onMessage('b', piece)
    sync.onMessage('a', piece)
    sync.onMessage('a', answered)
    hasBegun = true
    sync.onMessage('b', answered)
    await turn()
    assert.deepEqual([sync.expected, isDone], [['b'], false])
    sync.onMessage('b', answered)
    assert.equal(await sync.isDoneWithin(1000), true)
  })

  it('is over in time, whoever has not answered', async () => {
    sync.expect(['a'])
    assert.equal(await sync.isDoneWithin(10), false)
    assert.deepEqual(sync.expected, ['a'])
  })
})
