// Pieces of which the text of a decoded whole state is made.
import type { Dot } from '#crdt-objects/state/dots.ts'
import type { ContributionsWhole } from '#crdt-objects/state/contributions.ts'
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

/** What replicas contributed, in the order of its texts. */
export function generationsText<C>(
  whole: ContributionsWhole<C>,
  { nameOf }: WholeTexts,
  contentText: (content: C) => string,
): string {
  const { content, removedIn } = whole.base
  const folded = content === undefined ? '' : ` base ${contentText(content)}`
  const lines = whole.generations.map(({ replica, birth, seq, total, baseSeq, base }) => {
    const removed = base === undefined ? '' : ` less ${contentText(base)}`
    return `${nameOf(replica)}.${birth}-${seq}/${baseSeq}: ${contentText(total)}${removed}`
  })
  return `{${lines.sort().join(', ')}}${folded}${removedIn > 0 ? ` removed in ${removedIn}` : ''}`
}
