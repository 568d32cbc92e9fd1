import type { Dot } from '#crdt-objects/state/dots.ts'
import { call, type TypeSpec } from '../type-spec.ts'
import { cellText } from '../whole-text.ts'

function extremumSpec(name: string, best: (...offers: number[]) => number): TypeSpec {
  const spec: TypeSpec = {
    name,

    draw: (_shape, { draw }) => call('offer', draw(9) - 4),

    value(_shape, path, view) {
      const offers = view.standing(path).map(({ args }) => args[0] as number)
      return offers.length === 0 ? undefined : best(...offers)
    },

    /** An offer that does not improve on what is seen is none. */
    isUpdate({ path, args }, shape, view) {
      const current = spec.value(shape, path, view) as number | undefined
      const offer = args[0] as number
      return current === undefined || (offer !== current && best(offer, current) === offer)
    },

    wholeText: (_shape, whole, texts) => cellText(whole as Dot | undefined, texts),
  }
  return spec
}

export const maxSpec = extremumSpec('max', Math.max)
export const minSpec = extremumSpec('min', Math.min)
