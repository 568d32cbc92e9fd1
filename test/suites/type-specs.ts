// Every kind that the shared suites know: one line a kind.
import { bloomSpec } from './types/bloom.ts'
import { counterSpec } from './types/counter.ts'
import { distinctSpec } from './types/distinct.ts'
import { documentSpec } from './types/document.ts'
import { maxSpec, minSpec } from './types/extremum.ts'
import { disableWinsSpec, flagSpec } from './types/flag.ts'
import { histogramSpec } from './types/histogram.ts'
import { listSpec } from './types/list.ts'
import { logSpec } from './types/log.ts'
import { mapSpec } from './types/map.ts'
import { matrixSpec } from './types/matrix.ts'
import { momentsSpec } from './types/moments.ts'
import { quantilesSpec } from './types/quantiles.ts'
import { refSpec } from './types/ref.ts'
import { registerSpec } from './types/register.ts'
import { deleteWinsSpec, setSpec } from './types/set.ts'
import { structSpec } from './types/struct.ts'
import { textSpec } from './types/text.ts'
import { topKSpec } from './types/top-k.ts'
import { userTypeSpec } from './types/user-type.ts'
import { valueMapSpec } from './types/value-map.ts'
import { vectorSpec } from './types/vector.ts'
import type { Shape, TypeSpec } from './type-spec.ts'

const specs: readonly TypeSpec[] = [
  bloomSpec,
  counterSpec,
  distinctSpec,
  documentSpec,
  flagSpec,
  disableWinsSpec,
  histogramSpec,
  listSpec,
  logSpec,
  mapSpec,
  matrixSpec,
  maxSpec,
  minSpec,
  momentsSpec,
  quantilesSpec,
  refSpec,
  registerSpec,
  setSpec,
  deleteWinsSpec,
  structSpec,
  textSpec,
  topKSpec,
  userTypeSpec,
  valueMapSpec,
  vectorSpec,
]

/** What each kind is called where people tell them apart. */
export const kindTitles: readonly string[] = specs.map(({ name, title = name }) => title)

/** Who answers for a kind. */
export function specOf(shape: Shape): TypeSpec {
  const spec = specs.find((one) => one.name === shape[0] && (one.fits?.(shape) ?? true))
  if (spec === undefined) throw new Error(`no test/suites/types/*.ts for ${JSON.stringify(shape)}`)
  return spec
}

/** The shape of the place at `path`. */
export function shapeAt(shape: Shape, path: readonly string[]): Shape {
  const [step, ...rest] = path
  if (step === undefined) return shape
  return shapeAt(specOf(shape).part!(shape, step), rest)
}

/** Whether an operation at a place of this shape is a removal. */
export function isRemoval(verb: string, shape: Shape): boolean {
  return specOf(shape).removals?.(shape).has(verb) ?? false
}
