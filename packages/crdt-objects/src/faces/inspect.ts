import type { KindIdentity } from '../kind-identity.ts'

/** The method that Node's console asks for what to show of an object. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** A handle for people: of what, where, and which. */
export function inspected({ name }: KindIdentity, face: string, place: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Handle(${face} '${place}')`
}
