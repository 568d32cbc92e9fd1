import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptiveWriter } from '#consensus/storage/adaptive-writer.ts'
import { FileLog, type FileLogOptions } from '#consensus/storage/file-log.ts'
import { MemoryLog } from '#consensus/storage/memory-log.ts'
import { SimulatedDisk } from '#test/simulation/simulated-log.ts'
import { logStorageSuite, type LogHome } from '#test/suites/log-storage.ts'

const memory = async (): Promise<LogHome> => ({
  open: async () => new MemoryLog(queueMicrotask),
  dispose: async () => {},
})

const simulatedDisk = async (): Promise<LogHome> => {
  const disk = new SimulatedDisk({ schedule: setImmediate, random: () => 0 })
  return { open: async () => disk.open(), dispose: async () => {} }
}

const files = (options: FileLogOptions) => async (): Promise<LogHome> => {
  const directory = await mkdtemp(join(tmpdir(), 'joinery-log-'))
  return {
    open: async () => await FileLog.open(directory, { segmentBytes: 16 * 1024, ...options }),
    dispose: async () => await rm(directory, { recursive: true }),
  }
}

logStorageSuite('memory', memory, { isDurable: false })
logStorageSuite('a simulated disk', simulatedDisk, { isDurable: true })
logStorageSuite('files', files({ sync: 'async' }), { isDurable: true })
logStorageSuite('files that are synced at once', files({ sync: 'blocking' }), { isDurable: true })
logStorageSuite('files, as the disk is quick', files({ writeSynced: createAdaptiveWriter() }), {
  isDurable: true,
})
