import assert from 'node:assert/strict'
import { counter } from '@joinery/crdt-objects'
import { lock } from '@joinery/consensus'
import { eventually } from '#test/eventually.ts'
import { StrongRig } from '#test/fixtures/strong-rig.ts'

describe('The strong calls of a client whose connection is lost', () => {
  const strong = new StrongRig()
  afterEach(() => strong.end())

  it('are applied once, however many answers are lost', async () => {
    const { url } = await strong.gateway()
    const proxy = await strong.rig.proxy(url)
    const space = await (await strong.client(proxy.url)).space('s')
    const n = await space.open('n', counter(), { mode: 'linearizable' })
    for (let round = 1; round <= 10; round++) {
      proxy.swallowReplies = true
      const answered = new Promise<void>((resolve) => {
        proxy.onReply = () => resolve()
      })
      const sums = Promise.all([n.addAndGet(1), n.addAndGet(1)])
      await answered
      proxy.swallowReplies = false
      proxy.cut()
      assert.deepEqual(await sums, [round * 2 - 1, round * 2])
    }
    assert.equal(await n.read(), 20)
    assert.equal(strong.log.machine.sessionCount, 1)
  })

  it('go on at another gateway: in the same session, once, and what is held stays held', async () => {
    const [first, second] = [await strong.gateway(), await strong.gateway()]
    const client = await strong.client([first.url, second.url])
    const other = await strong.client(second.url)
    const space = await client.space('s')
    const [l, n] = [
      await space.open('l', lock()),
      await space.open('n', counter(), { mode: 'linearizable' }),
    ]
    const held = await l.acquire()
    const taken = await (await other.space('s')).open('taken', lock())
    const theirs = await taken.acquire()
    const waiting = (await space.open('taken', lock())).acquire()
    await eventually(() => assert.equal(strong.log.parked, 1))
    await first.close()
    assert.equal(await n.addAndGet(1), 1)
    assert.equal(held.lost.aborted, false)
    assert.equal(await (await (await other.space('s')).open('l', lock())).tryAcquire(), undefined)
    await theirs.release()
    const mine = await waiting
    assert.equal(strong.log.parked, 0)
    assert.ok(mine.fence > theirs.fence)
    await held.release()
    assert.equal(strong.log.machine.sessionCount, 2)
  })
})
