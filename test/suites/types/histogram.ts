import { drawOne } from '../draw-value.ts'
import { call, type TypeSpec } from '../type-spec.ts'
import { sumsText } from './vector.ts'

export const histogramSpec: TypeSpec = {
  name: 'histogram',

  draw(shape, { draw }) {
    const edges = shape[1] as number[]
    const samples = [...edges, ...edges.map((edge) => edge - 0.25), edges.at(-1)! + 1]
    return call('record', ...Array.from({ length: 1 + draw(3) }, () => drawOne(samples, draw)))
  },

  value(shape, path, view) {
    const edges = shape[1] as number[]
    const samples = view.standing(path).flatMap(({ args }) => args as number[])
    const counts = Array.from({ length: edges.length + 1 }, (_, bin) => {
      const from = edges[bin - 1] ?? -Infinity
      const to = edges[bin] ?? Infinity
      return samples.filter((sample) => from <= sample && sample < to).length
    })
    return { edges, counts }
  },

  wholeText: (_shape, whole, texts) => sumsText(whole, texts),
}
