import { checkText } from '../codec/value.ts'
import { invalidValue } from '../errors.ts'
import type { KeyCodec } from '../state/keyed-node.ts'

/** The longest key, in UTF-16 units. */
export const KEY_LENGTH_MAX = 4096

/** The keys of maps: strings. */
export const TEXT_KEY: KeyCodec<string> = {
  encode: (batch, key) => {
    batch.body.text(key)
  },
  decode: (batch) => {
    const key = batch.body.text()
    return isKey(key) ? key : batch.body.fail('forbidden key')
  },
  bytes: (key) => key.length,
  step: (key) => key,
}

/** Whether a string may be a key. */
export function isKey(key: string): boolean {
  return key !== '__proto__' && key.length <= KEY_LENGTH_MAX
}

/** Refuses what is no key of a map. */
export function checkKey(key: string): void {
  if (typeof key !== 'string') throw invalidValue('keys are strings', key)
  if (!isKey(key)) {
    throw invalidValue(`keys are at most ${KEY_LENGTH_MAX} long, and not __proto__`, key)
  }
  checkText(key, 'a key')
}
