import * as Y from 'yjs'
import { keyOf, textOf, type Engine, type Workload } from './engine.ts'

/** A Y.Map of a document whose transactions are the flushes. A set is a map to `true`, a counter a number in it. */
export function yjs(workload: Workload): Engine {
  const document = new Y.Doc()
  const entries = document.getMap('entries')
  let bytes = new Uint8Array()
  document.on('update', (update: Uint8Array) => {
    bytes = update as Uint8Array<ArrayBuffer>
  })
  return {
    operate: operation(workload, entries),
    flush: (operations) => {
      document.transact(operations)
      return bytes
    },
    receive: (updates) => {
      const replica = newReplica()
      for (const update of updates) Y.applyUpdate(replica, update)
    },
    state: () => Y.encodeStateAsUpdate(document),
    load: (state) => {
      Y.applyUpdate(newReplica(), state)
    },
  }
}

function operation(workload: Workload, entries: Y.Map<unknown>): Engine['operate'] {
  switch (workload.verb) {
    case 'map.set':
      return (number) => {
        entries.set(keyOf(number, workload), textOf(number))
      }
    case 'set.add':
      return (number) => {
        entries.set(keyOf(number, workload), true)
      }
    case 'counter.add':
      return (number) => {
        const key = keyOf(number, workload)
        entries.set(key, ((entries.get(key) as number | undefined) ?? 0) + 1)
      }
  }
}

function newReplica(): Y.Doc {
  const replica = new Y.Doc()
  replica.getMap('entries')
  return replica
}
