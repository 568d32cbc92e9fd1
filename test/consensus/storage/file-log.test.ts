import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileLog, type FileLogOptions } from '#consensus/storage/file-log.ts'
import { writeSyncedBeside, type WriteSynced } from '#consensus/storage/synced-writer.ts'
import {
  append,
  compact,
  entriesFrom,
  entry,
  snapshotAt,
  stateOf,
} from '#test/suites/log-storage.ts'

const segmentBytes = 16 * 1024

describe('A log in files', () => {
  let directory: string
  let log: FileLog | undefined

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'joinery-log-'))
  })
  afterEach(async () => {
    await log?.close()
    log = undefined
    await rm(directory, { recursive: true, force: true })
  })

  async function open(options: FileLogOptions = {}): Promise<FileLog> {
    log = await FileLog.open(directory, { segmentBytes, ...options })
    return log
  }

  const sizes = async (): Promise<number[]> => {
    const names = (await readdir(directory)).filter((name) => /^segment-\d+$/.test(name))
    return await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size))
  }

  describe('in use', () => {
    it('syncs once for each write, never twice at a time, and not at all for a commit index', async () => {
      let underWay = 0
      let syncs = 0
      const writeSynced: WriteSynced = (descriptor, bytes, position, done) => {
        assert.equal(underWay++, 0)
        syncs++
        writeSyncedBeside(descriptor, bytes, position, (error) => {
          underWay--
          done(error)
        })
      }
      const used = await open({ writeSynced })
      const hardState = { term: 1, vote: 1, commit: 0 }
      await append(used, { hardState, entries: entriesFrom(1, 100) })
      assert.equal(syncs, 1)
      await append(used, { hardState: { ...hardState, term: 2 } })
      assert.equal(syncs, 2)
      await append(used, { hardState: { ...hardState, term: 2, commit: 50 }, mustSync: false })
      assert.equal(syncs, 2)
    })

    it('has files of one size from the beginning, and gives them back after compaction', async () => {
      const used = await open()
      assert.deepEqual(await sizes(), [segmentBytes])
      for (let index = 1; index <= 100; index++) {
        const hardState = { term: 1, vote: 1, commit: index }
        await append(used, { hardState, entries: [entry(index, 1, 'x'.repeat(2000))] })
      }
      assert.ok((await sizes()).length >= 13)
      await compact(used, snapshotAt(100), 99)
      const left = await sizes()
      assert.ok(left.length <= 3, left.join())
      assert.ok(left.every((size) => size === segmentBytes))
    })

    it("prefers a leader's snapshot to one of its own that is half written", async () => {
      const used = await open()
      await append(used, { entries: entriesFrom(1, 9) })
      const large = { ...snapshotAt(8), data: Buffer.alloc(8 * 1024 * 1024) }
      const kept = compact(used, large, 9)
      let isBegun = false
      while (!isBegun) {
        const names = await readdir(directory)
        isBegun = names.some((name) => name.startsWith('snapshot-'))
      }
      const hardState = { term: 3, vote: 0, commit: 20 }
      await append(used, { snapshot: snapshotAt(20, 3), hardState, entries: [entry(21, 3)] })
      await kept
      const state = stateOf(used)
      assert.deepEqual([used.firstIndex(), used.lastIndex(), used.term(20)], [21, 21, 3])
      await used.close()
      assert.deepEqual(stateOf(await open()), state)
    })

    it('takes entries that are larger than a segment, and writes that are', async () => {
      let used = await open()
      const large = entry(2, 1, 'y'.repeat(3 * segmentBytes))
      await append(used, { entries: [entry(1), large, entry(3)] })
      const many = Array.from({ length: 40 }, (_, n) => entry(n + 3, 2, 'z'.repeat(1500)))
      await append(used, { entries: many })
      await append(used, { entries: [entry(43)] })
      const state = stateOf(used)
      await used.close()
      used = await open()
      assert.deepEqual(stateOf(used), state)
    })

    it('refuses sizes of segments that cannot be', async () => {
      for (const size of [0, 100, 8192.5, NaN]) {
        await assert.rejects(open({ segmentBytes: size }), { code: 'VALUE_INVALID' })
      }
    })
  })

  describe('on a disk that fails', () => {
    it('says so, takes nothing further, and opens with what was durable', async () => {
      let isFull = false
      const writeSynced: WriteSynced = (descriptor, bytes, position, done) => {
        if (isFull) setImmediate(done, new Error('ENOSPC: no space left on device'))
        else writeSyncedBeside(descriptor, bytes, position, done)
      }
      const used = await open({ writeSynced })
      await append(used, { entries: entriesFrom(1, 2) })
      const state = stateOf(used)
      isFull = true
      const failure = { code: 'STORAGE_FAILED', message: /ENOSPC/ }
      await assert.rejects(append(used, { entries: entriesFrom(3, 4) }), failure)
      isFull = false
      await assert.rejects(append(used, { entries: entriesFrom(5, 6) }), failure)
      await assert.rejects(compact(used, snapshotAt(2), 1), failure)
      await used.close()
      assert.deepEqual(stateOf(await open()), state)
    })

    it('says so of a snapshot that cannot be written', async () => {
      const used = await open()
      await append(used, { entries: entriesFrom(1, 2) })
      await rm(directory, { recursive: true })
      await assert.rejects(compact(used, snapshotAt(2), 1), { code: 'STORAGE_FAILED' })
      await assert.rejects(append(used, { entries: entriesFrom(3, 3) }), { code: 'STORAGE_FAILED' })
    })
  })

  describe('and its directory', () => {
    it('is made where it is not, with those above it', async () => {
      const inner = join(directory, 'a', 'b')
      const used = await FileLog.open(inner, { segmentBytes })
      await append(used, { entries: entriesFrom(1, 1) })
      await used.close()
    })

    it('belongs to one log at a time', async () => {
      const used = await open()
      await assert.rejects(FileLog.open(directory), {
        code: 'STORAGE_IN_USE',
        details: { path: directory, processId: process.pid },
      })
      await used.close()
      await open()
    })

    it('is taken over from a process that is gone, though another one has its number now', async () => {
      const used = await open()
      const lock = join(directory, 'lock')
      const holder = JSON.parse(await readFile(lock, 'utf8')) as object
      await used.close()
      for (const gone of [{ processId: 2 ** 22 + 1 }, { ...holder, start: 'another boot' }]) {
        await writeFile(lock, JSON.stringify(gone))
        await (await open()).close()
      }
      await writeFile(lock, 'half a')
      await open()
      assert.deepEqual(
        (await readdir(directory)).filter((name) => /^lock/.test(name)),
        ['lock'],
      )
    })

    it('is not taken from a process that lives', async () => {
      await writeFile(join(directory, 'lock'), JSON.stringify({ processId: process.ppid }))
      await assert.rejects(FileLog.open(directory), { code: 'STORAGE_IN_USE' })
    })
  })

  it('has every acknowledged write after its process is killed, and the next process may open it', async () => {
    const program = new URL('../../fixtures/log-writer.ts', import.meta.url).pathname
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=@joinery/source', program, directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let acknowledged = 0
    for await (const chunk of child.stdout) {
      acknowledged = Number(String(chunk).trim().split('\n').at(-1))
      if (acknowledged >= 300) child.kill('SIGKILL')
    }
    const used = await open()
    assert.ok(used.lastIndex() >= acknowledged, `${used.lastIndex()} of ${acknowledged}`)
    const found = used.entries(used.firstIndex(), used.lastIndex() + 1, Infinity)
    assert.ok(typeof found !== 'string')
    for (const { index, data } of found) assert.equal(String(data), `entry ${index} of 1`)
  })
})
