import * as Automerge from '@automerge/automerge'
import { keyOf, textOf, type Engine, type Workload } from './engine.ts'

type Entries = Record<string, string | boolean | Automerge.Counter>
type Content = Record<'entries', Entries>

/** A map in a document whose changes are the flushes. A set is a map to `true`. */
export function automerge(workload: Workload): Engine {
  let document = Automerge.from<Content>({ entries: {} })
  const first = Automerge.getLastLocalChange(document) ?? new Uint8Array()
  let entries: Entries = {}
  const operate = operation(workload)
  return {
    operate: (number) => {
      operate(entries, number)
    },
    flush: (operations) => {
      document = Automerge.change(document, (draft) => {
        entries = draft.entries
        operations()
      })
      return Automerge.getLastLocalChange(document) ?? new Uint8Array()
    },
    receive: (updates) => {
      let [replica] = Automerge.applyChanges(Automerge.init<Content>(), [first])
      for (const update of updates) [replica] = Automerge.applyChanges(replica, [update])
    },
    state: () => Automerge.save(document),
    load: (state) => {
      Automerge.load(state)
    },
  }
}

function operation(workload: Workload): (entries: Entries, number: number) => void {
  switch (workload.verb) {
    case 'map.set':
      return (entries, number) => {
        entries[keyOf(number, workload)] = textOf(number)
      }
    case 'set.add':
      return (entries, number) => {
        entries[keyOf(number, workload)] = true
      }
    case 'counter.add':
      return (entries, number) => {
        const key = keyOf(number, workload)
        const entry = entries[key]
        if (entry instanceof Automerge.Counter) entry.increment(1)
        else entries[key] = new Automerge.Counter(1)
      }
  }
}
