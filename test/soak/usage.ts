import { readdirSync } from 'node:fs'
import { getHeapCodeStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process holds, in bytes and in numbers of things; names of kinds of handles begin with "handles:". */
export type Usage = Readonly<Record<string, number>>

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What this process holds once garbage is gone. */
export function readUsage(): Usage {
  // Twice: what was kept by something that awaited its end goes in the second.
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  const compiled = getHeapCodeStatistics()
  // On the heap, too, but no more of it than there are functions: V8 goes on compiling, for an hour, what runs at times.
  const code = compiled.code_and_metadata_size + compiled.bytecode_and_metadata_size
  const usage: Record<string, number> = {
    heap: heapUsed - code,
    code,
    buffers: arrayBuffers,
    resident: rss,
    ...countFiles(),
  }
  for (const kind of process.getActiveResourcesInfo()) {
    const name = `handles: ${kind}`
    usage[name] = (usage[name] ?? 0) + 1
  }
  return usage
}

/** Sockets show as files, too. */
function countFiles(): Usage {
  if (process.platform !== 'linux') return {}
  return { files: readdirSync('/proc/self/fd').length }
}
