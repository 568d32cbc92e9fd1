import assert from 'node:assert/strict'
import type { Entry, Snapshot } from '#consensus/raft/types.ts'
import type { LogStorage, LogWrite } from '#consensus/storage/log-storage.ts'

/** Where a suite's log lives. */
export interface LogHome {
  open(): Promise<LogStorage>
  dispose(): Promise<void>
}

export function entry(index: number, term = 1, data = `entry ${index} of ${term}`): Entry {
  return { type: 'normal', term, index, data: Buffer.from(data) }
}

export function entriesFrom(first: number, last: number, term = 1): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, n) => entry(first + n, term))
}

export function snapshotAt(index: number, term = 1, text = `state at ${index}`): Snapshot {
  const confState = {
    ...{ voters: [1, 2, 3], votersOutgoing: [], learners: [4], learnersNext: [], autoLeave: false },
  }
  return { index, term, confState, data: Buffer.from(text) }
}

export function append(log: LogStorage, write: Partial<LogWrite>): Promise<void> {
  return new Promise((resolve, reject) => {
    log.append({ entries: [], mustSync: true, ...write }, (error) => {
      if (error === undefined) resolve()
      else reject(error)
    })
  })
}

export function compact(log: LogStorage, snapshot: Snapshot, keepFrom: number): Promise<void> {
  return new Promise((resolve, reject) => {
    log.compact(snapshot, keepFrom, (error) => {
      if (error === undefined) resolve()
      else reject(error)
    })
  })
}

/** Everything that a log shows, as plain values. */
export function stateOf(log: LogStorage): object {
  const { hardState, confState } = log.initialState()
  const [first, last] = [log.firstIndex(), log.lastIndex()]
  const found = log.entries(first, last + 1, Infinity)
  assert.ok(typeof found !== 'string')
  const plain = ({ type, term, index, data }: Entry) => ({ type, term, index, data: text(data) })
  const { index, term, data } = log.snapshot() as Snapshot
  return {
    ...{ hardState, confState, first, last, entries: found.map(plain) },
    ...{ boundary: log.term(first - 1), snapshot: { index, term, data: text(data) } },
  }
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString('latin1')
}

/** What every storage of a log does. `makeHome` gives an empty one. */
export function logStorageSuite(
  name: string,
  makeHome: () => Promise<LogHome>,
  { isDurable }: { readonly isDurable: boolean },
): void {
  describe(`A log in ${name}`, () => {
    let home: LogHome
    let log: LogStorage

    beforeEach(async () => {
      home = await makeHome()
      log = await home.open()
    })
    afterEach(async () => {
      await log.close()
      await home.dispose()
    })

    it('is empty at first: no term, no vote, nobody in the group', () => {
      const { hardState, confState } = log.initialState()
      assert.deepEqual(hardState, { term: 0, vote: 0, commit: 0 })
      assert.deepEqual(confState.voters, [])
      assert.deepEqual([log.firstIndex(), log.lastIndex(), log.term(0)], [1, 0, 0])
      assert.equal((log.snapshot() as Snapshot).index, 0)
      assert.equal(log.term(1), 'unavailable')
    })

    it('shows a write from the moment it is asked for, and is done later', async () => {
      const order: string[] = []
      const write = { hardState: { term: 1, vote: 2, commit: 0 }, entries: entriesFrom(1, 3) }
      const done = append(log, write).then(() => order.push('done'))
      order.push('returned')
      assert.equal(log.lastIndex(), 3)
      assert.equal(log.initialState().hardState.vote, 2)
      await done
      assert.deepEqual(order, ['returned', 'done'])
    })

    it('is never done at once with a commit index that needs no sync', async () => {
      const order: string[] = []
      const hardState = { term: 1, vote: 2, commit: 0 }
      const done = append(log, { hardState, mustSync: false }).then(() => order.push('done'))
      order.push('returned')
      await done
      assert.deepEqual(order, ['returned', 'done'])
      assert.deepEqual(log.initialState().hardState, hardState)
    })

    it('takes one write at a time', async () => {
      const done = append(log, { entries: entriesFrom(1, 1) })
      assert.throws(() => log.append({ entries: [], mustSync: true }, () => {}), /under way/)
      await done
    })

    it('gives the entries asked for, cut after as many bytes as asked for, and never below one', async () => {
      await append(log, { entries: [1, 2, 3, 4].map((index) => entry(index, 1, 'x'.repeat(10))) })
      const indexes = (low: number, high: number, bytesMax: number) => {
        const found = log.entries(low, high, bytesMax)
        return typeof found === 'string' ? found : found.map(({ index }) => index)
      }
      assert.deepEqual(indexes(1, 5, Infinity), [1, 2, 3, 4])
      assert.deepEqual(indexes(2, 4, Infinity), [2, 3])
      assert.deepEqual(indexes(1, 5, 29), [1, 2])
      assert.deepEqual(indexes(1, 5, 30), [1, 2, 3])
      assert.deepEqual(indexes(3, 5, 0), [3])
      assert.deepEqual(indexes(2, 2, 100), [])
      assert.equal(indexes(2, 6, 100), 'unavailable')
      assert.equal(indexes(0, 2, 100), 'compacted')
    })

    it('replaces what stood at or after the first entry of a write', async () => {
      await append(log, { entries: entriesFrom(1, 5, 1) })
      await append(log, { entries: entriesFrom(3, 4, 2) })
      assert.deepEqual(
        [1, 2, 3, 4, 5].map((index) => log.term(index)),
        [1, 1, 2, 2, 'unavailable'],
      )
      await append(log, { entries: entriesFrom(5, 6, 3) })
      await append(log, { entries: entriesFrom(1, 1, 4) })
      assert.deepEqual([log.term(1), log.lastIndex()], [4, 1])
    })

    it('refuses a gap', async () => {
      await append(log, { entries: entriesFrom(1, 2) })
      assert.throws(() => log.append({ entries: [entry(4)], mustSync: true }, () => {}), /gap/)
    })

    it('knows the term of the entry before its first one after compaction, and none before that', async () => {
      await append(log, { entries: [...entriesFrom(1, 4, 1), ...entriesFrom(5, 9, 2)] })
      await compact(log, snapshotAt(7, 2), 5)
      assert.deepEqual([log.firstIndex(), log.lastIndex()], [5, 9])
      assert.deepEqual(
        [3, 4, 5].map((index) => log.term(index)),
        ['compacted', 1, 2],
      )
      assert.equal(log.entries(4, 6, Infinity), 'compacted')
      assert.deepEqual(log.snapshot(), snapshotAt(7, 2))
      assert.deepEqual(log.initialState().confState, snapshotAt(7).confState)
    })

    it('keeps what comes after its snapshot, whatever it is told to keep', async () => {
      await append(log, { entries: entriesFrom(1, 9) })
      await compact(log, snapshotAt(6), 100)
      assert.deepEqual([log.firstIndex(), log.lastIndex(), log.term(6)], [7, 9, 1])
    })

    it('goes on after everything was compacted', async () => {
      await append(log, { entries: entriesFrom(1, 3) })
      await compact(log, snapshotAt(3), 4)
      assert.deepEqual([log.firstIndex(), log.lastIndex(), log.term(3)], [4, 3, 1])
      await append(log, { entries: entriesFrom(4, 5, 2) })
      assert.deepEqual([log.term(4), log.lastIndex()], [2, 5])
    })

    it('keeps the newest of its snapshots, and never drops less than before', async () => {
      await append(log, { entries: entriesFrom(1, 9) })
      await compact(log, snapshotAt(6), 5)
      await compact(log, snapshotAt(4), 1)
      assert.deepEqual(log.snapshot(), snapshotAt(6))
      assert.equal(log.firstIndex(), 5)
    })

    it('compacts beside a write', async () => {
      await append(log, { entries: entriesFrom(1, 5) })
      const written = append(log, { entries: entriesFrom(6, 7) })
      const kept = compact(log, snapshotAt(5), 4)
      await Promise.all([written, kept])
      await append(log, { entries: entriesFrom(8, 8) })
      assert.deepEqual([log.firstIndex(), log.lastIndex()], [4, 8])
    })

    it('replaces everything by a snapshot that a leader sent', async () => {
      await append(log, { entries: entriesFrom(1, 9) })
      const hardState = { term: 3, vote: 0, commit: 20 }
      await append(log, { snapshot: snapshotAt(20, 3), hardState })
      assert.deepEqual([log.firstIndex(), log.lastIndex(), log.term(20)], [21, 20, 3])
      assert.equal(log.term(9), 'compacted')
      await append(log, { entries: entriesFrom(21, 22, 3) })
      assert.equal(log.lastIndex(), 22)
    })

    it("prefers a leader's snapshot to one of its own that is under way", async () => {
      await append(log, { entries: entriesFrom(1, 9) })
      const kept = compact(log, snapshotAt(8), 9)
      const replaced = append(log, { snapshot: snapshotAt(20, 3), entries: [entry(21, 3)] })
      await Promise.all([kept, replaced])
      assert.deepEqual(log.snapshot(), snapshotAt(20, 3))
      assert.deepEqual([log.firstIndex(), log.lastIndex(), log.term(20)], [21, 21, 3])
    })

    it('takes nothing after its end', async () => {
      await log.close()
      await assert.rejects(append(log, { entries: entriesFrom(1, 1) }))
      await assert.rejects(compact(log, snapshotAt(0), 0))
    })

    it('says whether it is durable', () => {
      assert.equal(log.isDurable, isDurable)
    })
    if (!isDurable) return

    it('shows the same when it is opened anew', async () => {
      await append(log, { hardState: { term: 1, vote: 1, commit: 0 }, entries: entriesFrom(1, 9) })
      await append(log, {
        hardState: { term: 2, vote: 3, commit: 7 },
        entries: entriesFrom(8, 12, 2),
      })
      await compact(log, snapshotAt(7), 5)
      const config: Entry = { type: 'config-v2', term: 2, index: 13, data: new Uint8Array(0) }
      await append(log, { entries: [config, { ...config, type: 'config', index: 14 }] })
      const state = stateOf(log)
      await log.close()
      log = await home.open()
      assert.deepEqual(stateOf(log), state)
      await append(log, {
        snapshot: snapshotAt(40, 5),
        hardState: { term: 5, vote: 0, commit: 40 },
      })
      const replaced = stateOf(log)
      await log.close()
      log = await home.open()
      assert.deepEqual(stateOf(log), replaced)
      await append(log, { entries: entriesFrom(41, 42, 5) })
      const grown = stateOf(log)
      await log.close()
      log = await home.open()
      assert.deepEqual(stateOf(log), grown)
    })

    it('remembers its commit index over a close', async () => {
      await append(log, { hardState: { term: 1, vote: 1, commit: 0 }, entries: entriesFrom(1, 3) })
      await append(log, { hardState: { term: 1, vote: 1, commit: 2 }, mustSync: false })
      await log.close()
      log = await home.open()
      assert.deepEqual(log.initialState().hardState, { term: 1, vote: 1, commit: 2 })
    })
  })
}
