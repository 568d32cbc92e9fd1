// What a crash or a broken disk may leave of a log's files, and what is made of it.
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isJoineryError } from '@joinery/crdt-objects'
import { FileLog } from '#consensus/storage/file-log.ts'
import type { LogStorage } from '#consensus/storage/log-storage.ts'
import { recover } from '#consensus/storage/recovery.ts'
import { segmentHeaderBytes } from '#consensus/storage/segment.ts'
import {
  append,
  compact,
  entriesFrom,
  entry,
  snapshotAt,
  stateOf,
} from '#test/suites/log-storage.ts'

const segmentBytes = 16 * 1024
const page = 4096

describe('Recovery of a log from files', () => {
  let directory: string
  let log: FileLog

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'joinery-recovery-'))
    log = await FileLog.open(directory, { segmentBytes })
  })
  afterEach(async () => {
    await log.close()
    await rm(directory, { recursive: true })
  })

  /** What the files say, without opening them for good. */
  async function recovered(from = directory): Promise<object> {
    const { tail, active } = await recover(from)
    await active?.handle.close()
    return stateOf(tail as unknown as LogStorage)
  }

  const path = (number: number): string =>
    join(directory, `segment-${String(number).padStart(16, '0')}`)

  /** Where the log ends in a segment that was never written to before. */
  function endOf(bytes: Buffer): number {
    let end = bytes.length
    while (bytes[end - 1] === 0) end--
    return Math.ceil(end / 8) * 8
  }

  /** Writes a few records; gives the state after each, with the place where it ended. */
  async function writeRecords(count: number): Promise<{ state: object; end: number }[]> {
    const states: { state: object; end: number }[] = []
    for (let n = 0; n < count; n++) {
      const hardState = { term: n + 1, vote: 1, commit: n }
      await append(log, { hardState, entries: [entry(n + 1, n + 1, `text ${'x'.repeat(n)}1`)] })
      states.push({ state: stateOf(log), end: endOf(await readFile(path(1))) })
    }
    return states
  }

  async function assertCorrupt(
    file: string,
    offset: number | undefined,
    what: string,
  ): Promise<void> {
    await assert.rejects(recovered(), (error) => {
      assert.ok(isJoineryError(error, 'STORAGE_CORRUPT'), `${what}: ${String(error)}`)
      assert.equal(error.details.path, file, what)
      if (offset !== undefined) assert.equal(error.details.offset, offset, what)
      return true
    })
  }

  it('drops a record that was cut anywhere, and keeps all before it', async () => {
    const states = await writeRecords(5)
    const whole = await readFile(path(1))
    await log.close()
    for (let cut = states[1]!.end; cut <= states[4]!.end; cut++) {
      const { state } = states.findLast(({ end }) => end <= cut)!
      await writeFile(path(1), whole.subarray(0, cut))
      assert.deepEqual(await recovered(), state, `the file ends at ${cut}`)
    }
  })

  it('drops a record whose bytes from anywhere on are not there, in a file of full length', async () => {
    const states = await writeRecords(4)
    const whole = await readFile(path(1))
    await log.close()
    for (let cut = states[2]!.end; cut < states[3]!.end - 8; cut++) {
      const torn = Buffer.from(whole)
      torn.fill(0, cut)
      await writeFile(path(1), torn)
      assert.deepEqual(await recovered(), states[2]!.state, `zeros from ${cut}`)
    }
  })

  it('drops a record of which the disk has any pages but one', async () => {
    await append(log, { entries: [entry(1)] })
    const state = stateOf(log)
    await append(log, { entries: [entry(2, 1, 'y'.repeat(2 * page))] })
    const whole = await readFile(path(1))
    await log.close()
    for (let at = segmentHeaderBytes; at < endOf(whole); at += page) {
      const torn = Buffer.from(whole)
      // The first record of the page was synced before.
      const from = at === segmentHeaderBytes ? at + 160 : at
      torn.fill(0, from, at + page)
      await writeFile(path(1), torn)
      assert.deepEqual(await recovered(), state, `no page at ${at}`)
    }
  })

  it('refuses a bad record that is followed by good ones, whichever bit is wrong, and says where', async () => {
    const states = await writeRecords(5)
    const whole = await readFile(path(1))
    await log.close()
    const [start, end] = [states[1]!.end, states[2]!.end]
    for (let at = start; at < end; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      await writeFile(path(1), damaged)
      await assertCorrupt(path(1), start, `bit ${at % 8} of byte ${at}`)
    }
  })

  it('drops the last record when a bit of it is wrong: that is no other than a torn write', async () => {
    const states = await writeRecords(3)
    const whole = await readFile(path(1))
    await log.close()
    for (let at = states[1]!.end; at < states[2]!.end; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      await writeFile(path(1), damaged)
      assert.deepEqual(await recovered(), states[1]!.state, `byte ${at}`)
    }
  })

  it('refuses a log that ends before its own snapshot', async () => {
    const states = await writeRecords(3)
    await compact(log, snapshotAt(3, 3), 2)
    const damaged = await readFile(path(1))
    await log.close()
    damaged[states[1]!.end + 20]! ^= 1
    await writeFile(path(1), damaged)
    await assertCorrupt(path(1), states[1]!.end, 'the last record')
  })

  it('refuses a damaged header, and a file of another version, by a code of its own', async () => {
    await writeRecords(1)
    const whole = await readFile(path(1))
    await log.close()
    for (const at of [0, 7, 12, 16, 24]) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1
      await writeFile(path(1), damaged)
      await assertCorrupt(path(1), 0, `byte ${at}`)
    }
    const newer = Buffer.from(whole)
    newer[8] = 2
    await writeFile(path(1), newer)
    await assert.rejects(recovered(), { code: 'STORAGE_FORMAT_UNKNOWN' })
  })

  it('refuses a snapshot of which any bit is wrong', async () => {
    await append(log, { entries: entriesFrom(1, 3) })
    await compact(log, snapshotAt(3), 2)
    await log.close()
    const file = join(
      directory,
      (await readdir(directory)).find((name) => /^snap/.test(name))!,
    )
    const whole = await readFile(file)
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      await writeFile(file, damaged)
      // The version has no checksum that an older program could know.
      await assert.rejects(recovered(), /damaged|format/, `byte ${at}`)
    }
    await writeFile(file, whole.subarray(0, -1))
    await assertCorrupt(file, undefined, 'one byte short')
  })

  describe('over several segments', () => {
    beforeEach(async () => {
      for (let n = 1; n <= 20; n++) await append(log, { entries: [entry(n, 1, 'z'.repeat(3000))] })
    })

    it('finds them all', async () => {
      const state = stateOf(log)
      await log.close()
      assert.deepEqual(await recovered(), state)
    })

    it('refuses a bad last record of a segment that is followed by another', async () => {
      const whole = await readFile(path(2))
      await log.close()
      const last = endOf(whole) - 3072
      const damaged = Buffer.from(whole)
      damaged[last + 200]! ^= 1
      await writeFile(path(2), damaged)
      await assertCorrupt(path(2), last, 'the end of a segment')
    })

    it('refuses a log of which a segment is gone', async () => {
      await log.close()
      for (const number of [1, 3]) {
        const bytes = await readFile(path(number))
        await rm(path(number))
        await assert.rejects(recovered(), { code: 'STORAGE_CORRUPT' }, `segment ${number}`)
        await writeFile(path(number), bytes)
      }
    })

    it('does not take what an earlier use of a file left in it', async () => {
      for (let n = 21; n <= 80; n++) {
        const hardState = { term: 2, vote: 1, commit: n }
        await append(log, { hardState, entries: [entry(n, 2, 'a'.repeat(3000))] })
        if (n % 10 === 0) await compact(log, snapshotAt(n, 2), n - 2)
      }
      const state = stateOf(log)
      await log.close()
      const names = await readdir(directory)
      assert.ok(names.length <= 5, names.join())
      assert.deepEqual(await recovered(), state)
    })
  })

  it("goes from the old state to a leader's snapshot at the moment that its file has its name", async () => {
    const hardState = { term: 2, vote: 1, commit: 3 }
    await append(log, { hardState, entries: entriesFrom(1, 9, 2) })
    await compact(log, snapshotAt(3, 2), 3)
    const before = stateOf(log)
    const copy = `${directory}-before`
    await cp(directory, copy, { recursive: true })
    await append(log, { snapshot: snapshotAt(30, 5), hardState: { term: 5, vote: 2, commit: 30 } })
    const after = stateOf(log)
    await log.close()
    const names = await readdir(directory)
    const snapshot = names.find((name) => /^snapshot-/.test(name))!
    const segment = names.find((name) => /^segment-/.test(name))!
    const whole = await readFile(join(directory, snapshot))
    try {
      // The next segment is made first: it holds nothing yet.
      await cp(join(directory, segment), join(copy, segment))
      for (let length = 0; length <= whole.length; length++) {
        await writeFile(join(copy, `${snapshot}.making`), whole.subarray(0, length))
        if (length % 8 !== 0 && length !== whole.length) continue
        assert.deepEqual(await recovered(copy), before, `${length} bytes of the snapshot`)
      }
      // The snapshot has its name: nothing of the old log was deleted yet.
      await writeFile(join(copy, snapshot), whole)
      assert.deepEqual(await recovered(copy), after)
    } finally {
      await rm(copy, { recursive: true })
    }
    assert.deepEqual(await recovered(), after)
  })

  it('takes a snapshot of its own as soon as it has its name, with the log that it counts on', async () => {
    await append(log, { hardState: { term: 1, vote: 1, commit: 4 }, entries: entriesFrom(1, 9) })
    const copy = `${directory}-before`
    await cp(directory, copy, { recursive: true })
    await compact(log, snapshotAt(4), 3)
    const after = stateOf(log)
    await log.close()
    const snapshot = (await readdir(directory)).find((name) => /^snapshot-/.test(name))!
    try {
      await cp(join(directory, snapshot), join(copy, snapshot))
      assert.deepEqual(await recovered(copy), after)
    } finally {
      await rm(copy, { recursive: true })
    }
  })

  it('knows of no commit beyond the end of its log', async () => {
    await append(log, { hardState: { term: 1, vote: 1, commit: 9 }, entries: entriesFrom(1, 2) })
    await log.close()
    log = await FileLog.open(directory, { segmentBytes })
    assert.equal(log.initialState().hardState.commit, 2)
  })

  it('writes on where a torn record began', async () => {
    const states = await writeRecords(4)
    const whole = await readFile(path(1))
    await log.close()
    await writeFile(path(1), whole.fill(0xff, states[3]!.end - 9))
    log = await FileLog.open(directory, { segmentBytes })
    assert.deepEqual(stateOf(log), states[2]!.state)
    await append(log, { entries: [entry(4, 9, 'w')] })
    const state = stateOf(log)
    await log.close()
    assert.deepEqual(await recovered(), state)
  })
})
