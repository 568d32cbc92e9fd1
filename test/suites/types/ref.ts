import type { Dot } from '#crdt-objects/state/dots.ts'
import { drawOne, keys } from '../draw-value.ts'
import { call, lastOf, type TypeSpec } from '../type-spec.ts'
import { cellText } from '../whole-text.ts'

const removals = new Set(['clear'])

export const refSpec: TypeSpec = {
  name: 'ref',
  // By name, as a remote face sends it.
  draw: (_shape, { draw }) => (draw(4) === 0 ? call('clear') : call('set', drawOne(keys, draw))),
  value: (_shape, path, view) => lastOf(view.standing(path), view)?.args[0],
  removals: () => removals,
  wholeText: (_shape, whole, texts) => cellText(whole as Dot | undefined, texts),
}
