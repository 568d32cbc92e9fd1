import { answer, readOptions } from './parent.ts'

/** How long a fresh process takes, in ms. */
export interface StartTime {
  readonly importMs: number
  /** From the import's end until the peer listens. */
  readonly startMs?: number
}

/** What is imported: one of our packages, what it is held against, or an empty module. */
export type Imported =
  '@joinery/client' | '@joinery/crdt-objects' | '@joinery/peer' | 'yjs' | 'nothing'

const emptyModule = 'data:text/javascript,'
const { module } = readOptions<{ module: Imported }>()
const beforeMs = performance.now()
if (module === '@joinery/peer') {
  const { createPeer } = await import('@joinery/peer')
  const importedMs = performance.now()
  await createPeer({ clusterKey: 'the key of benchmarks on this machine' })
  const startedMs = performance.now()
  say({ importMs: importedMs - beforeMs, startMs: startedMs - importedMs })
} else {
  if (module === 'yjs') await import('yjs')
  else if (module === '@joinery/crdt-objects') await import('@joinery/crdt-objects')
  else if (module === '@joinery/client') await import('@joinery/client')
  else await import(emptyModule)
  say({ importMs: performance.now() - beforeMs })
}

function say(time: StartTime): void {
  answer(time)
}
