import type { SpaceState } from '#crdt-objects/engine.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { orderedText } from './canonical-text.ts'
import { OBJECT } from './history.ts'
import { stateText } from './state-text.ts'

/** All there is to a replica of a history that has taken its batches, as text: replicas that agree give the same. */
export interface Everything {
  readonly reading: string
  readonly state: string
}

export function everythingOf(state: SpaceState, schema: Schema): Everything {
  return { reading: readingText(state, schema), state: stateText(state) }
}

/** What a reader sees of the object. The order of maps and sets counts: it is the same at every replica. */
function readingText(state: SpaceState, schema: Schema): string {
  const object = state.find(OBJECT)
  // Nobody has written: others are not told of the object.
  if (object === undefined) return orderedText(schema.kind.zero())
  return orderedText((object.handle() as { read(): unknown }).read())
}
