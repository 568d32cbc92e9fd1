import type { ContributionsWhole } from '#crdt-objects/state/contributions.ts'
import { contributed } from '../contributed.ts'
import { call, type TypeSpec, type View } from '../type-spec.ts'
import { generationsText } from '../whole-text.ts'

interface Bounds {
  readonly low: number
  readonly high: number
}

function boundsAt(path: readonly string[], view: View): Bounds | undefined {
  const numbers = contributed(path, view).flatMap(({ args }) => args as readonly number[])
  if (numbers.length === 0) return undefined
  return { low: Math.min(...numbers), high: Math.max(...numbers) }
}

/** A type of the user's own: the interval of the guide. */
export const userTypeSpec: TypeSpec = {
  name: 'type',

  draw: (_shape, { draw }) => call('widen', ...Array.from({ length: draw(3) }, () => draw(19) - 9)),

  value: (_shape, path, view) => boundsAt(path, view),

  /** What is within it already widens nothing. */
  isUpdate({ path, args }, _shape, view) {
    const bounds = boundsAt(path, view)
    return (args as readonly number[]).some(
      (number) => bounds === undefined || number < bounds.low || number > bounds.high,
    )
  },

  wholeText: (_shape, whole, texts) =>
    generationsText(
      whole as ContributionsWhole<{ readonly states: readonly Uint8Array[] }>,
      texts,
      ({ states }) => states.map((state) => state.join(' ')).join('; '),
    ),
}
