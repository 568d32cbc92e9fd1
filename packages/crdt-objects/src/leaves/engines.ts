import type { LeafEngine } from '../leaf-engine.ts'
import { automergeEngine } from './automerge/engine.ts'
import { yjsEngine } from './yjs/engine.ts'

/** All that objects of whatever schema may need. */
export const LEAF_ENGINES: readonly LeafEngine[] = [yjsEngine, automergeEngine]
