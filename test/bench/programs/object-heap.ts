/*
 * What an object takes in memory: many small ones are made in one engine, and the heap is looked at before and after.
 */
import * as Automerge from '@automerge/automerge'
import { counter, map, register, set, struct, vector } from '@joinery/crdt-objects'
import * as Y from 'yjs'
import { newState, openObject } from '../engines/joinery.ts'
import { usedBytes } from './heap.ts'
import { answer, readOptions } from './parent.ts'

/** What to make, where, and how many. */
export interface HeapLoad {
  readonly shape: 'struct' | 'counter' | 'text' | 'vector'
  readonly engine: 'joinery' | 'joinery-loaded' | 'yjs' | 'automerge'
  readonly count: number
}

/** What one object takes, in bytes. */
export interface HeapUse {
  readonly bytesEach: number
  /** What they were kept in: named, so that it is still in use when the heap is looked at. */
  readonly kind: string
}

const perFlush = 100
const { shape, engine, count } = readOptions<HeapLoad>()

const make = {
  joinery: makeOurs,
  'joinery-loaded': loadOurs,
  yjs: makeYjs,
  automerge: makeAutomerge,
}
// Once before: code, and what is made on first use, is not what an object takes.
make[engine](perFlush)
// Automerge keeps its documents outside of the heap.
const where = engine === 'automerge' ? 'process' : 'heap'
const before = usedBytes(where)
const kept = make[engine](count)
answer({
  bytesEach: (usedBytes(where) - before) / count,
  kind: kept.constructor.name,
} satisfies HeapUse)

function key(number: number): string {
  return `key-${number}`
}

/** Makes objects with operations that others are sent, as a program does. */
function makeOurs(objects: number): ReturnType<typeof newState> {
  const state = newState()
  const write = writer(state)
  for (let number = 0; number < objects; number++) {
    write(number)
    if (number % perFlush === perFlush - 1) state.takeBatch()
  }
  state.takeBatch()
  return state
}

function writer(state: ReturnType<typeof newState>): (number: number) => void {
  if (shape === 'struct') {
    const pages = openObject(
      state,
      map(struct({ hits: counter(), title: register<string>(), tags: set() })),
    )
    return (number) => {
      const page = pages.at(key(number))
      page.hits.add(1)
      page.title.set(`title-${number}`)
      page.tags.add('new')
    }
  }
  if (shape === 'counter') {
    const hits = openObject(state, map(counter()))
    return (number) => {
      hits.at(key(number)).add(1)
    }
  }
  if (shape === 'vector') {
    const sums = openObject(state, map(vector(3)))
    return (number) => {
      sums.at(key(number)).add([1, 2, number])
    }
  }
  const texts = openObject(state, map<string>())
  return (number) => {
    texts.set(key(number), `title-${number}`)
  }
}

/** A replica that was given all of them as a state. */
function loadOurs(objects: number): ReturnType<typeof newState> {
  const bytes = makeOurs(objects).encodeState()
  const replica = newState(0x8fed_cba9_8765_4321n)
  replica.joinState(bytes)
  return replica
}

function makeYjs(objects: number): Y.Doc {
  const document = new Y.Doc()
  document.on('update', () => undefined)
  const root = document.getMap<unknown>('root')
  for (let from = 0; from < objects; from += perFlush) {
    document.transact(() => {
      for (let number = from; number < from + perFlush; number++) addYjs(root, number)
    })
  }
  return document
}

function addYjs(root: Y.Map<unknown>, number: number): void {
  switch (shape) {
    case 'struct': {
      const page = new Y.Map<unknown>()
      root.set(key(number), page)
      page.set('hits', 1)
      page.set('title', `title-${number}`)
      const tags = new Y.Map<true>()
      page.set('tags', tags)
      tags.set('new', true)
      break
    }
    case 'vector':
      root.set(key(number), Y.Array.from([1, 2, number]))
      break
    case 'counter':
      root.set(key(number), 1)
      break
    case 'text':
      root.set(key(number), `title-${number}`)
  }
}

function makeAutomerge(objects: number): object {
  interface Page {
    readonly hits: Automerge.Counter
    readonly title: string
    readonly tags: Record<string, boolean>
  }
  let document = Automerge.from<{ root: Record<string, Page> }>({ root: {} })
  for (let from = 0; from < objects; from += perFlush) {
    document = Automerge.change(document, ({ root }) => {
      for (let number = from; number < from + perFlush; number++) {
        root[key(number)] = {
          hits: new Automerge.Counter(1),
          title: `title-${number}`,
          tags: { new: true },
        }
      }
    })
  }
  return document
}
