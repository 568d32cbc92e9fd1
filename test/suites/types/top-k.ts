import assert from 'node:assert/strict'
import type { Dot } from '#crdt-objects/state/dots.ts'
import { keys } from '../draw-value.ts'
import { call, type Recorded, type Shape, type TypeSpec, type View } from '../type-spec.ts'
import { cellText, entriesText } from '../whole-text.ts'

interface Ranked {
  readonly key: string
  readonly score: number
}

/** The offers that stand: nothing removed them, and no offer that had seen them displaced them. */
function offersAt(path: readonly string[], view: View): Recorded[] {
  const displaced = new Set(view.written(path).flatMap(({ note }) => note as readonly number[]))
  return view.standing(path).filter(({ id }) => !displaced.has(id))
}

function ranked(offers: readonly (readonly unknown[])[]): Ranked[] {
  const scoreByKey = new Map<string, number>()
  for (const [key, score] of offers as readonly (readonly [string, number])[]) {
    scoreByKey.set(key, Math.max(score, scoreByKey.get(key) ?? -Infinity))
  }
  const order = [...scoreByKey.keys()].sort()
  return order
    .map((key) => ({ key, score: scoreByKey.get(key)! }))
    .sort((a, b) => b.score - a.score)
}

function placesOf(shape: Shape): number {
  return shape[1] as number
}

function bestAt(shape: Shape, path: readonly string[], view: View): Ranked[] {
  return ranked(offersAt(path, view).map(({ args }) => args)).slice(0, placesOf(shape))
}

export const topKSpec: TypeSpec = {
  name: 'topK',

  draw(_shape, { draw }) {
    const names = [...keys, 'd', 'e']
    return call('offer', names[draw(names.length)], draw(9) - 4)
  },

  value: bestAt,

  isUpdate({ path, args }, shape, view) {
    const [key, score] = args as [string, number]
    const seen = offersAt(path, view).map((offer) => offer.args)
    const known = ranked(seen).find((one) => one.key === key)
    if (known !== undefined && score <= known.score) return false
    const after = ranked([...seen, [key, score]]).slice(0, placesOf(shape))
    return after.some((one) => one.key === key)
  },

  /** The offers that it displaces: those for its own key, and for the keys that are now beyond the best. */
  note({ path, args }, shape, view) {
    const seen = offersAt(path, view)
    const kept = ranked([...seen.map((offer) => offer.args), args]).slice(0, placesOf(shape))
    return seen
      .filter(({ args: [key] }) => key === args[0] || !kept.some((one) => one.key === key))
      .map(({ id }) => id)
  },

  check(handle, shape, path, view) {
    const face = handle as { top(n?: number): readonly Ranked[] }
    const best = bestAt(shape, path, view)
    assert.deepEqual(face.top(), best)
    for (const n of [0, 1, 100]) assert.deepEqual(face.top(n), best.slice(0, n))
  },

  wholeText: (_shape, whole, texts) =>
    entriesText(whole as ReadonlyMap<string, Dot>, String, (dot) => cellText(dot, texts)),
}
