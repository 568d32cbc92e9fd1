import { answer, readOptions } from './parent.ts'

/** How long a fresh process takes, in ms. */
export interface StartTime {
  readonly importMs: number
  /** From the import's end until the peer listens. */
  readonly startMs?: number
}

const { module } = readOptions<{ module: '@joinery/client' | '@joinery/peer' | 'yjs' }>()
const beforeMs = performance.now()
if (module === '@joinery/peer') {
  const { createPeer } = await import('@joinery/peer')
  const importedMs = performance.now()
  await createPeer({ clusterKey: 'the key of benchmarks on this machine' })
  const startedMs = performance.now()
  say({ importMs: importedMs - beforeMs, startMs: startedMs - importedMs })
} else {
  if (module === 'yjs') await import('yjs')
  else await import('@joinery/client')
  say({ importMs: performance.now() - beforeMs })
}

function say(time: StartTime): void {
  answer(time)
}
