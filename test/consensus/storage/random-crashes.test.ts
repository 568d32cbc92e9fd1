// Random writes, compactions and crashes, on real files and on the simulated disk: what is there afterwards is what was
// acknowledged, or what was under way as well.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seed } from '#test/seed.ts'
import { Random } from '#test/simulation/random.ts'
import { SimulatedDisk } from '#test/simulation/simulated-log.ts'
import { append, compact, entriesFrom, snapshotAt, stateOf } from '#test/suites/log-storage.ts'
import type { LogStorage, LogWrite } from '#consensus/storage/log-storage.ts'
import { LogTail } from '#consensus/storage/log-tail.ts'
import { FileLog } from '#consensus/storage/file-log.ts'
import { writeSyncedBeside, type WriteSynced } from '#consensus/storage/synced-writer.ts'

/** A log that can crash in the middle of a write. */
interface CrashingLog {
  open(): Promise<LogStorage>
  /** Crashes while `write` is under way. */
  crashIn(log: LogStorage, write: LogWrite): Promise<void>
  dispose(): Promise<void>
}

const sectorBytes = 512

async function filesOf(random: Random): Promise<CrashingLog> {
  const directory = await mkdtemp(join(tmpdir(), 'joinery-crashes-'))
  let isCrashing = false
  // The disk takes any of the sectors, and the sync never ends well.
  const writeSynced: WriteSynced = (descriptor, bytes, position, done) => {
    if (!isCrashing) {
      writeSyncedBeside(descriptor, bytes, position, done)
      return
    }
    const ends = sectors(position, bytes.length)
    const next = (from: number, at: number): void => {
      const end = ends[at]
      if (end === undefined) {
        setImmediate(done, new Error('power failed'))
        return
      }
      const goOn = (): void => next(end, at + 1)
      if (random.chance(0.5)) goOn()
      else writeSyncedBeside(descriptor, bytes.subarray(from, end), position + from, goOn)
    }
    next(0, 0)
  }
  return {
    open: async () => {
      isCrashing = false
      return await FileLog.open(directory, { segmentBytes: 8 * 1024, writeSynced })
    },
    crashIn: async (log, write) => {
      isCrashing = true
      await append(log, write).catch(() => {})
      await log.close()
    },
    dispose: async () => await rm(directory, { recursive: true }),
  }
}

function sectors(position: number, length: number): number[] {
  const ends: number[] = []
  for (let at = 0; at < length;) {
    at = Math.min(length, at + sectorBytes - ((position + at) % sectorBytes))
    ends.push(at)
  }
  return ends
}

async function diskOf(random: Random): Promise<CrashingLog> {
  const disk = new SimulatedDisk({ schedule: setImmediate, random: () => random.next() })
  return {
    open: async () => disk.open(),
    crashIn: async (log, write) => {
      log.append(write, () => assert.fail('done after a crash'))
      disk.crash()
    },
    dispose: async () => {},
  }
}

/** A write as a member makes them: terms ascend, and what is committed is not replaced. */
function drawWrite(random: Random, model: LogTail): LogWrite {
  const { commit, term } = model.hardState
  const nextTerm = term + (random.chance(0.3) ? 1 : 0)
  if (random.chance(0.08)) {
    const index = model.lastIndex() + random.integer(1, 5)
    const entries = random.chance(0.3) ? entriesFrom(index + 1, index + 2, nextTerm) : []
    const hardState = { term: nextTerm, vote: 0, commit: index }
    return { snapshot: snapshotAt(index, nextTerm), hardState, entries, mustSync: true }
  }
  const first = random.chance(0.2)
    ? random.integer(Math.max(commit, model.boundary.index) + 1, model.lastIndex() + 1)
    : model.lastIndex() + 1
  const last = first + random.integer(-1, random.chance(0.1) ? 150 : 6)
  const entries = entriesFrom(first, last, nextTerm)
  const end = entries.length > 0 ? last : model.lastIndex()
  const hardState = {
    term: nextTerm,
    vote: random.integer(0, 3),
    commit: random.integer(commit, end),
  }
  return { hardState, entries, mustSync: true }
}

const textOf = (log: LogTail | LogStorage): string => JSON.stringify(stateOf(log as LogStorage))

/** The states that a crash in a write may leave: nothing of it, or the snapshot and the first of its entries. */
function statesAfterCrash(model: LogTail, write: LogWrite): LogTail[] {
  const states = [model]
  for (let count = 0; count <= write.entries.length; count++) {
    const state = model.clone()
    state.write({ ...write, entries: write.entries.slice(0, count) })
    const { term, vote, commit } = state.hardState
    const known = Math.min(commit, state.lastIndex())
    state.write({ hardState: { term, vote, commit: known }, entries: [], mustSync: false })
    states.push(state)
  }
  return states
}

async function tryRun(home: CrashingLog, random: Random, steps: number): Promise<void> {
  let model = new LogTail()
  let log = await home.open()
  for (let step = 0; step < steps; step++) {
    const write = drawWrite(random, model)
    if (random.chance(0.15)) {
      await home.crashIn(log, write)
      log = await home.open()
      const found = textOf(log)
      const state = statesAfterCrash(model, write).find((possible) => textOf(possible) === found)
      assert.ok(state !== undefined, `step ${step}: ${found} after ${textOf(model)}`)
      model = state.clone()
      continue
    }
    await append(log, write)
    model.write(write)
    const { commit } = model.hardState
    if (random.chance(0.2) && commit > model.snapshot().index) {
      const snapshot = snapshotAt(commit, model.term(commit) as number)
      const keepFrom = commit - random.integer(-1, 5)
      await compact(log, snapshot, keepFrom)
      model.compact(snapshot, model.boundaryFor(commit, keepFrom))
    }
    if (random.chance(0.1)) {
      await log.close()
      log = await home.open()
    }
    assert.equal(textOf(log), textOf(model), `step ${step}`)
  }
  await log.close()
}

describe('A log that crashes at random', () => {
  const kinds = [
    { name: 'in files', make: filesOf, runs: 4, steps: 80 },
    { name: 'on a simulated disk', make: diskOf, runs: 40, steps: 100 },
  ]
  for (const { name, make, runs, steps } of kinds) {
    it(`${name}, keeps what it has acknowledged`, async () => {
      for (let run = 0; run < runs; run++) {
        const random = new Random(seed + run)
        const home = await make(random)
        try {
          await tryRun(home, random, steps)
        } catch (cause) {
          throw new Error(`run ${run} of SEED=${seed}`, { cause })
        } finally {
          await home.dispose()
        }
      }
    })
  }
})
