/** A stretch of a sequence that became another: where, how much is out, and how much of the new one is in. */
export interface Hunk {
  /** Where it begins in the sequence before, and in the one after. */
  readonly before: number
  readonly after: number
  readonly deleted: number
  readonly inserted: number
}

/** Beyond so many comparisons the middle that differs is taken as one hunk. */
const CELLS_MAX = 250_000

/** What must be done to `before` items to make them the `after` ones, from left to right: few and small hunks. */
export function align(
  before: number,
  after: number,
  same: (before: number, after: number) => boolean,
): Hunk[] {
  const shorter = Math.min(before, after)
  let start = 0
  while (start < shorter && same(start, start)) start++
  let end = 0
  while (end < shorter - start && same(before - end - 1, after - end - 1)) end++
  const deleted = before - start - end
  const inserted = after - start - end
  if (deleted === 0 && inserted === 0) return []
  if (deleted === 0 || inserted === 0 || (deleted + 1) * (inserted + 1) > CELLS_MAX) {
    return [{ before: start, after: start, deleted, inserted }]
  }
  return alignMiddle(start, deleted, inserted, same)
}

/** The longest common subsequence, by the textbook's table. */
function alignMiddle(
  start: number,
  deleted: number,
  inserted: number,
  same: (before: number, after: number) => boolean,
): Hunk[] {
  const width = inserted + 1
  const lengths = new Uint32Array((deleted + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = deleted - 1; i >= 0; i--) {
    for (let j = inserted - 1; j >= 0; j--) {
      lengths[i * width + j] = same(start + i, start + j)
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const hunks: Hunk[] = []
  let i = 0
  let j = 0
  while (i < deleted || j < inserted) {
    const before = i
    const after = j
    while (
      (i < deleted || j < inserted) &&
      !(i < deleted && j < inserted && same(start + i, start + j))
    ) {
      if (j === inserted || (i < deleted && at(i + 1, j) >= at(i, j + 1))) i++
      else j++
    }
    if (i > before || j > after) {
      hunks.push({
        before: start + before,
        after: start + after,
        deleted: i - before,
        inserted: j - after,
      })
    }
    while (i < deleted && j < inserted && same(start + i, start + j)) {
      i++
      j++
    }
  }
  return hunks
}

/** What changed between two texts, or `undefined` if too little stayed for it to be the same text. */
export function alignText(before: string, after: string): Hunk | undefined {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++
  // Not within a surrogate pair: each half alone is no text.
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) start--
  let end = 0
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - end - 1) === after.charCodeAt(after.length - end - 1)
  ) {
    end++
  }
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) end--
  if ((start + end) * 2 < Math.max(before.length, after.length)) return undefined
  const deleted = before.length - start - end
  return { before: start, after: start, deleted, inserted: after.length - start - end }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
