import { type SpaceState } from '#crdt-objects/engine.ts'

/** Packs whatever can be packed, of a small space: at the first look an object is only seen to be idle. Gives how many are. */
export function packAll(state: SpaceState): number {
  for (let round = 0; round < 2; round++) {
    // One to look at all objects, one to see that there are no more.
    state.packIdle(1, 0)
    state.packIdle(1, 0)
  }
  return [...state.objects()].filter(({ isPacked }) => isPacked).length
}
