import type { LeafEngine } from '../leaf-engine.ts'

/** Ends the decoding of a batch or state that needs what is not loaded. It never leaves the state. */
export class EngineMissing extends Error {
  readonly engines: readonly LeafEngine[]

  constructor(engines: readonly LeafEngine[]) {
    super('an engine is not loaded')
    this.engines = engines
  }
}
