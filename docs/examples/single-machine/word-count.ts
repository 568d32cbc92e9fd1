export function countWords(texts: Iterable<string>): ReadonlyMap<string, number> {
  const words = new Map<string, number>()
  for (const text of texts) {
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
      words.set(word, (words.get(word) ?? 0) + 1)
    }
  }
  return words
}
