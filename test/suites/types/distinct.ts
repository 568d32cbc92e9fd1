import type { HyperLogLog } from '#crdt-objects/sketches/hyper-log-log.ts'
import type { ContributionsWhole } from '#crdt-objects/state/contributions.ts'
import { canonicalText } from '../canonical-text.ts'
import { contributed } from '../contributed.ts'
import { drawOne, elements } from '../draw-value.ts'
import { call, type Operation, type TypeSpec, type View } from '../type-spec.ts'
import { generationsText } from '../whole-text.ts'

/** Texts of the items that are there. */
export function itemsAt(path: readonly string[], view: View): Set<string> {
  return new Set(contributed(path, view).flatMap(({ note }) => note as readonly string[]))
}

/** Texts of the items that an operation adds: those that are not there already. */
export function newItems({ path, args }: Operation, view: View): string[] {
  const items = itemsAt(path, view)
  return args.map(canonicalText).filter((item) => !items.has(item))
}

/** Draws one to three items. */
export function drawItems(draw: (bound: number) => number): unknown[] {
  return Array.from({ length: 1 + draw(3) }, () => drawOne(elements, draw))
}

export const distinctSpec: TypeSpec = {
  name: 'distinct',

  draw: (_shape, { draw }) => call('add', ...drawItems(draw)),

  /** So few items, no two of which share a register, are counted exactly. */
  value: (_shape, path, view) => itemsAt(path, view).size,

  isUpdate: (operation, _shape, view) => newItems(operation, view).length > 0,
  note: (operation, _shape, view) => newItems(operation, view),

  wholeText: (_shape, whole, texts) =>
    generationsText(whole as ContributionsWhole<HyperLogLog>, texts, (content) => {
      const registers: string[] = []
      content.forEach((index, rank) => registers.push(`${index}:${rank}`))
      return registers.sort().join()
    }),
}
