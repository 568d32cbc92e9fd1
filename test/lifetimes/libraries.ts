/*
 * The same history in documents of other libraries: for each lifetime a new document with a client, or an actor, of its
 * own takes the state of the one before, does the same work, and gives its state on. Counters and vectors are left out,
 * for Yjs has neither: what is here is smaller than what it is held against.
 */
import * as Automerge from '@automerge/automerge'
import * as Y from 'yjs'
import { median } from '#test/bench/figure.ts'
import { type Edits, type EditedSpace, workOf } from './work.ts'

/** What a document is after so many lifetimes. */
export interface LibraryCosts {
  readonly name: string
  readonly lifetimes: number
  readonly stateBytes: number
  /** Clients or actors that the state names, and the size of the state vector, where there is one. */
  readonly writers: number
  readonly vectorBytes: number | undefined
  readonly loadMs: number
  /** The same contents, by three writers. */
  readonly fresh: { readonly stateBytes: number; readonly loadMs: number }
}

/** A document of one lifetime. */
interface LibraryDocument extends EditedSpace {
  members(): readonly string[]
  table(): readonly (readonly [key: string, text: string])[]
  last(): string
  edit(edits: Edits): void
  save(): Uint8Array
  readonly writers: number
  readonly vectorBytes: number | undefined
}

interface Library {
  readonly name: string
  /** `writer` is another for each lifetime, and greater than 0. */
  load(state: Uint8Array | undefined, writer: number): LibraryDocument
}

const loads = 5

const yjs: Library = {
  name: 'Yjs',
  load: (state, writer) => {
    const doc = new Y.Doc()
    doc.clientID = writer
    if (state !== undefined) Y.applyUpdate(doc, state)
    const [table, members, last] = [doc.getMap('table'), doc.getMap('members'), doc.getMap('last')]
    const note = doc.getText('note')
    return {
      hasMember: (member) => members.has(member),
      members: () => [...members.keys()],
      table: () => [...table.entries()] as [string, string][],
      last: () => (last.get('value') as string | undefined) ?? '',
      note: () => note.toJSON(),
      edit: ({ sets, added, removed, last: value, inserted, deleted }) => {
        doc.transact(() => {
          for (const [key, text] of sets) table.set(key, text)
          for (const member of added) members.set(member, true)
          for (const member of removed) members.delete(member)
          if (value !== undefined) last.set('value', value)
          if (inserted !== undefined) note.insert(inserted.at, inserted.text)
          if (deleted !== undefined) note.delete(deleted.at, deleted.length)
        })
      },
      save: () => Y.encodeStateAsUpdate(doc),
      get writers() {
        return Y.decodeStateVector(Y.encodeStateVector(doc)).size
      },
      get vectorBytes() {
        return Y.encodeStateVector(doc).length
      },
    }
  },
}

interface AutomergeContents extends Record<string, unknown> {
  table: Record<string, Automerge.ImmutableString>
  members: Record<string, boolean>
  last: Automerge.ImmutableString
  note: string
}

/** Begun once, by a writer of no lifetime: who makes the same containers apart makes others. */
function newAutomerge(): Uint8Array {
  return Automerge.save(
    Automerge.from<AutomergeContents>(
      { table: {}, members: {}, last: new Automerge.ImmutableString(''), note: '' },
      { actor: actorOf(0) },
    ),
  )
}

const automerge: Library = {
  name: 'Automerge',
  load: (state, writer) => {
    let doc = Automerge.load<AutomergeContents>(state ?? newAutomerge(), { actor: actorOf(writer) })
    return {
      hasMember: (member) => member in doc.members,
      members: () => Object.keys(doc.members),
      table: () => Object.entries(doc.table).map(([key, { val }]) => [key, val]),
      last: () => doc.last.val,
      note: () => doc.note,
      edit: ({ sets, added, removed, last, inserted, deleted }) => {
        doc = Automerge.change(doc, (draft) => {
          for (const [key, text] of sets) draft.table[key] = new Automerge.ImmutableString(text)
          for (const member of added) draft.members[member] = true
          for (const member of removed) Reflect.deleteProperty(draft.members, member)
          if (last !== undefined) draft.last = new Automerge.ImmutableString(last)
          if (inserted !== undefined) {
            Automerge.splice(draft, ['note'], inserted.at, 0, inserted.text)
          }
          if (deleted !== undefined) Automerge.splice(draft, ['note'], deleted.at, deleted.length)
        })
      },
      save: () => Automerge.save(doc),
      get writers() {
        return Automerge.stats(doc).numActors
      },
      vectorBytes: undefined,
    }
  },
}

function actorOf(writer: number): string {
  return writer.toString(16).padStart(32, '0')
}

/** Lives `lifetimes` in each of the libraries, or as many as there is time for. */
export function liveInLibraries(lifetimes: number, maxMs: number): readonly LibraryCosts[] {
  return [yjs, automerge].map((library) => liveIn(library, lifetimes, maxMs))
}

function liveIn(library: Library, lifetimes: number, maxMs: number): LibraryCosts {
  const startMs = performance.now()
  let document = library.load(undefined, 1)
  let lived = 0
  while (lived < lifetimes && performance.now() - startMs < maxMs) {
    if (lived > 0) document = library.load(document.save(), lived + 1)
    document.edit(workOf(lived, document))
    lived++
  }
  const state = document.save()
  const fresh = freshLike(library, document)
  return {
    ...{ name: library.name, lifetimes: lived, stateBytes: state.length },
    ...{ writers: document.writers, vectorBytes: document.vectorBytes },
    loadMs: loadMs(library, state),
    fresh: { stateBytes: fresh.length, loadMs: loadMs(library, fresh) },
  }
}

function freshLike(library: Library, lived: LibraryDocument): Uint8Array {
  const parts = 3
  let state: Uint8Array | undefined
  for (let part = 0; part < parts; part++) {
    const isMine = (_: unknown, index: number): boolean => index % parts === part
    const document = library.load(state, part + 1)
    const isFirst = part === 0
    document.edit({
      sets: lived.table().filter(isMine),
      added: lived.members().filter(isMine),
      removed: [],
      last: isFirst ? lived.last() : undefined,
      inserted: isFirst ? { at: 0, text: lived.note() } : undefined,
      deleted: undefined,
    })
    state = document.save()
  }
  return state!
}

function loadMs(library: Library, state: Uint8Array): number {
  const times = Array.from({ length: loads }, () => {
    const startMs = performance.now()
    library.load(state, 2 ** 30)
    return performance.now() - startMs
  })
  return median(times)
}
