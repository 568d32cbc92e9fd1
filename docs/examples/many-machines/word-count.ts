import { counter, map } from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'

export async function countWords(
  space: LocalSpace,
  texts: Iterable<string>,
): Promise<ReadonlyMap<string, number>> {
  const words = await space.open('words', map(counter()))
  for (const text of texts) {
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
      words.at(word).add(1)
    }
  }
  return words
}
