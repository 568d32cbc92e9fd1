import type { ContributionsWhole } from '#crdt-objects/state/contributions.ts'
import type { Sums } from '#crdt-objects/sums/sums.ts'
import { drawOne } from '../draw-value.ts'
import { call, type Draw, type TypeSpec, type WholeTexts } from '../type-spec.ts'
import { generationsText } from '../whole-text.ts'

/** Their sums are exact in any order: what order does to others is tested apart. */
export const amounts: readonly number[] = [0, 1, -2, 0.5, -0, 2 ** 40]

export function drawAmounts(count: number, draw: Draw): number[] {
  return Array.from({ length: count }, () => drawOne(amounts, draw))
}

/** The text of a decoded state of numbers by index. */
export function sumsText(whole: unknown, texts: WholeTexts): string {
  return generationsText(whole as ContributionsWhole<Sums>, texts, (content) => {
    const numbers: string[] = []
    content.forEach((amount, index) => numbers.push(`${index}:${amount}`))
    return numbers.sort().join(' ')
  })
}

export const vectorSpec: TypeSpec = {
  name: 'vector',

  draw(shape, { draw }) {
    const length = shape[1] as number
    const which = draw(4)
    if (which === 0) return call('addAt', draw(length), drawOne(amounts, draw))
    if (which === 1) return call('add', drawAmounts(length, draw))
    const count = 1 + draw(3)
    const indexes = Array.from({ length: count }, () => draw(length))
    return call('addSparse', indexes, drawAmounts(count, draw))
  },

  value(shape, path, view) {
    const sums = new Float64Array(shape[1] as number)
    for (const { verb, args } of view.standing(path)) {
      if (verb === 'addAt') sums[args[0] as number]! += args[1] as number
      else if (verb === 'add') for (const [i, x] of (args[0] as number[]).entries()) sums[i]! += x
      else {
        const added = args[1] as number[]
        for (const [i, index] of (args[0] as number[]).entries()) sums[index]! += added[i]!
      }
    }
    return sums
  },

  wholeText: (_shape, whole, texts) => sumsText(whole, texts),
}
