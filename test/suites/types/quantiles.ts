import assert from 'node:assert/strict'
import { type LogBuckets, LogScale } from '#crdt-objects/sketches/log-buckets.ts'
import type { ContributionsWhole } from '#crdt-objects/state/contributions.ts'
import { drawOne } from '../draw-value.ts'
import { call, type Shape, type TypeSpec, type View } from '../type-spec.ts'
import { generationsText } from '../whole-text.ts'

const samples = [-1000, -3, -2.99, 0, 1e-9, 1, 1.01, 7, 7.5, 1e300]

/** The value that stands for the exact lower quantile of all samples that stand. */
function quantile(shape: Shape, path: readonly string[], view: View, q: number): unknown {
  const sorted = samplesAt(path, view).sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const scale = new LogScale(shape[1] as number)
  return scale.valueOf(scale.codeOf(sorted[Math.floor(q * (sorted.length - 1))]!))
}

function samplesAt(path: readonly string[], view: View): number[] {
  return view.standing(path).flatMap(({ args }) => args as readonly number[])
}

export const quantilesSpec: TypeSpec = {
  name: 'quantiles',

  draw: (_shape, { draw }) =>
    call('record', ...Array.from({ length: 1 + draw(3) }, () => drawOne(samples, draw))),

  value: (shape, path, view) => ({
    count: samplesAt(path, view).length,
    p50: quantile(shape, path, view, 0.5),
    p90: quantile(shape, path, view, 0.9),
    p99: quantile(shape, path, view, 0.99),
  }),

  check(handle, shape, path, view) {
    const face = handle as { quantile(q: number): unknown }
    for (const q of [0, 0.1, 0.25, 0.5, 0.75, 0.999, 1]) {
      assert.equal(face.quantile(q), quantile(shape, path, view, q))
    }
  },

  wholeText: (_shape, whole, texts) =>
    generationsText(whole as ContributionsWhole<LogBuckets>, texts, (content) =>
      content
        .sorted()
        .map(([code, count]) => `${code}:${count}`)
        .join(),
    ),
}
