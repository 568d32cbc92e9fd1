import type * as Automerge from '@automerge/automerge'
import type { DecodedChange } from '@automerge/automerge'
import type { LeafEngine } from '../../leaf-engine.ts'

type Library = typeof Automerge

/** What we use of one document of the engine: its low-level face, without proxies and copies. */
export type Backend = ReturnType<Library['getBackend']>
export type { DecodedChange }

let library: Library | undefined
let loading: Promise<void> | undefined

/**
 * Automerge, imported when the first document is opened. The full package and not the slim one: under Node it reads
 * its WebAssembly from a file beside it, in 50 ms, and bundlers take the copy that suits them.
 */
export const automergeEngine: LeafEngine = {
  name: 'automerge',
  get loaded() {
    return library !== undefined
  },
  load() {
    loading ??= import('@automerge/automerge').then(
      (loaded) => {
        library = loaded
      },
      (error: unknown) => {
        // The next one to ask tries again.
        loading = undefined
        throw error
      },
    )
    return loading
  },
}

function engine(): Library {
  if (library === undefined) throw new Error('documents need their engine: load it first')
  return library
}

/** An empty document that writes as `actor`. */
export function createBackend(actor: string): Backend {
  return engine().getBackend(engine().init(actor))
}

/**
 * A value as the engine gives it, as plain data: it wraps short strings, to tell them from text. Containers are changed
 * in place.
 */
export function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (engine().isImmutableString(value)) return value.val
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = unwrap(value[i])
  } else if (!(value instanceof Date) && !(value instanceof Uint8Array)) {
    const entries = value as Record<string, unknown>
    for (const key of Object.keys(entries)) entries[key] = unwrap(entries[key])
  }
  return value
}

/** The document in these chunks. It throws whatever the engine throws. */
export function loadBackend(chunks: Uint8Array, actor: string): Backend {
  return engine().getBackend(engine().load(chunks, { actor }))
}

/** What a change says. It throws whatever the engine throws. */
export function readChange(change: Uint8Array): DecodedChange {
  return engine().decodeChange(change)
}
