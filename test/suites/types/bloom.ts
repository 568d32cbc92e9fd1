import assert from 'node:assert/strict'
import type { BitSet } from '#crdt-objects/sketches/bloom-filter.ts'
import type { ContributionsWhole } from '#crdt-objects/state/contributions.ts'
import { canonicalText } from '../canonical-text.ts'
import { elements } from '../draw-value.ts'
import { call, type TypeSpec } from '../type-spec.ts'
import { generationsText } from '../whole-text.ts'
import { drawItems, itemsAt, newItems } from './distinct.ts'

/** Of filters so large that the few items drawn set different bits, and are counted exactly. */
export const bloomSpec: TypeSpec = {
  name: 'bloom',

  draw: (_shape, { draw }) => call('add', ...drawItems(draw)),

  value: (_shape, path, view) => itemsAt(path, view).size,

  isUpdate: (operation, _shape, view) => newItems(operation, view).length > 0,
  note: (operation, _shape, view) => newItems(operation, view),

  check(handle, _shape, path, view) {
    const items = itemsAt(path, view)
    const face = handle as { has(item: unknown): boolean; count(): number }
    assert.equal(face.count(), items.size)
    for (const item of elements) assert.equal(face.has(item), items.has(canonicalText(item)))
  },

  wholeText: (_shape, whole, texts) =>
    generationsText(whole as ContributionsWhole<BitSet>, texts, (content) => {
      const bits: number[] = []
      content.forEach((bit) => bits.push(bit))
      return bits.sort((a, b) => a - b).join()
    }),
}
