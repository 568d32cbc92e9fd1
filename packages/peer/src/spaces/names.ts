import { invalidValue } from '@joinery/crdt-objects'
import { spaceNameLengthMax } from '../membership/wire.ts'

const objectNameLengthMax = 1024

/** @throws JoineryError VALUE_INVALID */
export function checkSpaceName(name: unknown): asserts name is string {
  checkName(name, 'a space', spaceNameLengthMax)
  if (name.includes('/'))
    throw invalidValue('the name of a space has no "/", which parts space and object', name)
}

/** @throws JoineryError VALUE_INVALID */
export function checkObjectName(name: unknown): asserts name is string {
  checkName(name, 'an object', objectNameLengthMax)
}

function checkName(name: unknown, of: string, lengthMax: number): asserts name is string {
  if (typeof name !== 'string') throw invalidValue(`the name of ${of} is a string`, name)
  if (name.length === 0) throw invalidValue(`the name of ${of} is not empty`)
  if (name.length > lengthMax) {
    throw invalidValue(`the name of ${of} has at most ${lengthMax} characters`, name)
  }
  if (/\p{Surrogate}/u.test(name)) throw invalidValue(`the name of ${of} is well-formed text`, name)
}
