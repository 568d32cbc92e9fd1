import type { Dot } from '#crdt-objects/state/dots.ts'
import { call, type TypeSpec } from '../type-spec.ts'
import { cellText } from '../whole-text.ts'

const removals = new Set(['disable'])

export const flagSpec: TypeSpec = {
  name: 'flag',
  draw: (_shape, { draw }) => call(draw(2) === 0 ? 'disable' : 'enable'),
  value: (_shape, path, view) => view.standing(path).length > 0,
  removals: () => removals,
  wholeText: (_shape, whole, texts) => cellText(whole as Dot | undefined, texts),
}
