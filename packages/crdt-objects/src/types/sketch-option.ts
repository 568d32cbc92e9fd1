import { invalidValue } from '../errors.ts'

/** Refuses an option of a sketch that is beyond what it is made for; `whole` ones are integers. */
export function checkOption(
  what: string,
  value: number,
  range: { readonly min: number; readonly max: number; readonly whole?: boolean },
): number {
  const { min, max, whole = false } = range
  const valid = whole ? Number.isInteger(value) : typeof value === 'number'
  if (valid && value >= min && value <= max) return value
  throw invalidValue(`${what} is ${whole ? 'an integer' : 'a number'} from ${min} to ${max}`, value)
}
