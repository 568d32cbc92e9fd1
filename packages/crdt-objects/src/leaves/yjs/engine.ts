import type * as Module from 'yjs'
import type { LeafEngine } from '../../leaf-engine.ts'

/** All that Yjs exports. */
export type Yjs = typeof Module

let module: Yjs | undefined

/** Yjs, under `text()` and `list()`: nothing else imports it, and only this loads it. */
export const yjsEngine: LeafEngine = {
  name: 'yjs',
  get loaded() {
    return module !== undefined
  },
  async load() {
    module ??= await import('yjs')
  },
}

/** Yjs, which whoever opened the object has loaded. */
export function yjs(): Yjs {
  if (module === undefined) throw new Error('Yjs is loaded before a text or list is used')
  return module
}
