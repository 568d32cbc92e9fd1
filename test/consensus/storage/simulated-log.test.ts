import assert from 'node:assert/strict'
import type { LogStorage } from '#consensus/storage/log-storage.ts'
import { SimulatedDisk } from '#test/simulation/simulated-log.ts'
import { VirtualClock } from '#test/simulation/virtual-clock.ts'
import { entriesFrom, snapshotAt, stateOf } from '#test/suites/log-storage.ts'

describe('A log on a simulated disk', () => {
  let clock: VirtualClock
  let disk: SimulatedDisk
  /** What the next crash leaves: nothing below a half, and above it as much of a write as this is above that. */
  let luck: number
  let ended: (Error | undefined)[]

  beforeEach(() => {
    clock = new VirtualClock()
    luck = 0
    disk = new SimulatedDisk({ schedule: (task) => clock.after(5, task), random: () => luck })
    ended = []
  })

  const write = (log: LogStorage, first: number, last: number): void => {
    const hardState = { term: 1, vote: 1, commit: 0 }
    log.append({ hardState, entries: entriesFrom(first, last), mustSync: true }, (error) => {
      ended.push(error)
    })
  }

  it('is done when the sync is over, on virtual time', () => {
    write(disk.open(), 1, 3)
    clock.run(4)
    assert.equal(ended.length, 0)
    clock.run(1)
    assert.deepEqual(ended, [undefined])
  })

  it('loses in a crash what was not synced, and says nothing more', () => {
    const log = disk.open()
    write(log, 1, 3)
    clock.run(5)
    const state = stateOf(log)
    write(log, 4, 6)
    disk.crash()
    clock.run(100)
    assert.equal(ended.length, 1)
    assert.deepEqual(stateOf(disk.open()), state)
  })

  it('may keep the first entries of a write that was under way', () => {
    const log = disk.open()
    write(log, 1, 8)
    luck = 0.5
    disk.crash()
    assert.equal(disk.open().lastIndex(), 4)
  })

  it('keeps a snapshot only once it is durable', () => {
    const log = disk.open()
    write(log, 1, 3)
    log.compact(snapshotAt(2), 2, (error) => ended.push(error))
    clock.run(5)
    assert.equal(log.firstIndex(), 1)
    clock.run(5)
    assert.deepEqual(ended, [undefined, undefined])
    assert.equal(log.firstIndex(), 2)
    disk.crash()
    assert.equal(disk.open().firstIndex(), 2)
  })

  it('takes nothing after an error, and opens with what was durable', () => {
    const log = disk.open()
    write(log, 1, 2)
    clock.run(5)
    const state = stateOf(log)
    const error = new Error('EIO')
    disk.fail(error)
    write(log, 3, 4)
    clock.run(5)
    disk.mend()
    write(log, 5, 6)
    log.compact(snapshotAt(2), 2, (failure) => ended.push(failure))
    clock.run(5)
    assert.deepEqual(ended, [undefined, error, error, error])
    assert.deepEqual(stateOf(disk.open()), state)
  })
})
