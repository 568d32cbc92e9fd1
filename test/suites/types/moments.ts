import type { ContributionsWhole } from '#crdt-objects/state/contributions.ts'
import type { MomentsSums } from '#crdt-objects/sums/moments-sums.ts'
import { drawOne } from '../draw-value.ts'
import { call, type TypeSpec } from '../type-spec.ts'
import { generationsText } from '../whole-text.ts'

/** Multiples of a half, so that integers can say them exactly. */
const samples: readonly number[] = [0, 1, -2, 0.5, 1000.5, 2 ** 30]

/** A quotient of two integers, rounded once: with 200 bits behind the point, no rounding but the last one matters. */
function ratio(dividend: bigint, divisor: bigint): number {
  return Number((dividend << 200n) / divisor) * 2 ** -200
}

export const momentsSpec: TypeSpec = {
  name: 'moments',

  draw: (_shape, { draw }) =>
    call('record', ...Array.from({ length: 1 + draw(3) }, () => drawOne(samples, draw))),

  value(_shape, path, view) {
    const halves = view
      .standing(path)
      .flatMap(({ args }) => (args as number[]).map((sample) => BigInt(sample * 2)))
    const count = BigInt(halves.length)
    const sum = halves.reduce((all, half) => all + half, 0n)
    const squares = halves.reduce((all, half) => all + half * half, 0n)
    return {
      count: halves.length,
      sum: ratio(sum, 2n),
      mean: count < 1n ? undefined : ratio(sum, 2n * count),
      variance:
        count < 2n ? undefined : ratio(count * squares - sum * sum, 4n * count * (count - 1n)),
    }
  },

  wholeText: (_shape, whole, texts) =>
    generationsText(whole as ContributionsWhole<MomentsSums>, texts, (content) =>
      JSON.stringify(content),
    ),
}
