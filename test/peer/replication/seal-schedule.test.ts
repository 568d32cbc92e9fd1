import assert from 'node:assert/strict'
import { SealSchedule, windowMsFor } from '#peer/replication/seal-schedule.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('The schedule of batches', () => {
  let nowMs: number
  let seals: number[]
  let schedule: SealSchedule

  beforeEach(() => {
    nowMs = 1000
    seals = []
    const seal = (): void => {
      seals.push(nowMs)
      schedule.onSealed()
    }
    schedule = new SealSchedule(seal, () => nowMs)
  })

  afterEach(() => {
    schedule.stop()
  })

  it('seals a write after a pause at the end of its turn', async () => {
    schedule.onPending()
    assert.deepEqual(seals, [])
    await turn()
    assert.deepEqual(seals, [1000])
  })

  it('gathers writes in a row for a window', async () => {
    schedule.onPending()
    await turn()
    schedule.onPending()
    await turn()
    assert.equal(seals.length, 1)
    await pause(60)
    assert.equal(seals.length, 2)
    nowMs += 25
    schedule.onPending()
    await turn()
    assert.equal(seals.length, 3, 'the window is over: at once again')
  })

  it('has a window that follows the number of peers that wrote lately', () => {
    assert.deepEqual([1, 10, 11, 30, 31, 200].map(windowMsFor), [25, 25, 50, 50, 250, 250])
    for (let writer = 0n; writer < 40n; writer++) schedule.noteWriter(writer)
    assert.equal(schedule.writers, 40)
    nowMs += 4000
    schedule.noteWriter(1n)
    nowMs += 2000
    assert.equal(schedule.writers, 1)
  })

  it('forgets who wrote long ago, though nothing is written here', () => {
    for (let writer = 0n; writer < 5000n; writer++) {
      nowMs += 100
      schedule.noteWriter(writer)
      assert.ok(schedule.remembered <= 128, String(schedule.remembered))
    }
  })

  it('does nothing more once stopped', async () => {
    schedule.onPending()
    schedule.stop()
    await turn()
    assert.deepEqual(seals, [])
  })
})
