// Pieces of which the text of a decoded whole state is made.
import type { Dot } from '#crdt-objects/state/dots.ts'
import type { WholeTexts } from './type-spec.ts'

/** Entries in the order of their texts. */
export function entriesText<K, V>(
  entries: ReadonlyMap<K, V>,
  keyText: (key: K) => string,
  text: (value: V, key: K) => string,
): string {
  const lines = [...entries].map(([key, value]) => `${keyText(key)}=${text(value, key)}`)
  return `{${lines.sort().join(', ')}}`
}

/** The dots of a cell, in the order of their texts. */
export function cellText(head: Dot | undefined, { nameOf }: WholeTexts): string {
  const dots: string[] = []
  for (let dot = head; dot !== undefined; dot = dot.next) {
    dots.push(`${nameOf(dot.replica)}.${dot.seq}@${dot.stamp}:${JSON.stringify(dot.value)}`)
  }
  return `[${dots.sort().join(' ')}]`
}
