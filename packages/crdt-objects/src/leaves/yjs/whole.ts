import type { Section, Struct } from './structs.ts'

/*
 * What a text or list says of itself in a state: its structs in the order of the list. So where a unit stands need not
 * be worked out from its neighbours, of which some may be trimmed; and the neighbours that it had when it was made, which
 * are needed where states are joined, are most often the ones beside it, and take no bytes.
 *
 *     level    the epoch up to which it is trimmed, plus 1; 0 where nothing was ever written, and nothing follows
 *     tails    of a level: of clients whose last units are trimmed, row and where its clocks end
 *     structs  head: a byte, see below
 *              its first unit, unless it goes on where the one before it ends
 *              origin: a unit, if it is OTHER or SEAM
 *              right origin: likewise, if it is OTHER
 *              length, unless the head has it or it is a mark; a mark
 *     seam     of a level: whether there is one at the end; a unit
 *     content  of all structs, one after the other
 *
 * A unit is its author, and how far its clock is from the end of that one's last struct, or of its tail. An author is its
 * number in the order in which all this names them: one byte, where states name hundreds. Behind the next number follows the
 * row of the one that is named first here.
 *
 * Of a space that has lived long most structs are a word or less of some old life, so their heads are short: content
 * that does not go on, its length up to SHORT_MAX, and its right origin beside it. Other heads are numbers of what the
 * struct is in all respects.
 */

/** What a neighbour is: the one in the list, another, or a seam before it, which may begin where the struct before ends. */
export const BESIDE = 0
export const OTHER = 1
export const SEAM = 2
export const SEAM_NEXT = 3
/** None, and the unit before it of the same author, which need not be beside it any more. Only in long heads. */
export const NOTHING = 4
export const OWN = 5

/** Content of at most so many units has a short head. */
export const SHORT_MAX = 32
const LONG = 128
const ORIGINS = 6
const RIGHTS = 3
const WHATS = 3

/** What is to be known of a struct before the rest of it can be read. */
export interface StructHead {
  readonly what: number
  readonly goesOn: boolean
  readonly origin: number
  readonly right: number
}

export function longHead({ what, goesOn, origin, right }: StructHead): number {
  const rightDigit = right === NOTHING ? 2 : right
  return LONG + ((what * 2 + (goesOn ? 1 : 0)) * ORIGINS + origin) * RIGHTS + rightDigit
}

export function shortHead(origin: number, length: number): number {
  return origin * SHORT_MAX + length - 1
}

/** The length of what has a short head; undefined for a long one. */
export function shortLength(byte: number): number | undefined {
  return byte < LONG ? (byte % SHORT_MAX) + 1 : undefined
}

export function shortOrigin(byte: number): number {
  return Math.floor(byte / SHORT_MAX)
}

/** What a long head says; undefined for what no head is. */
export function readLongHead(byte: number): StructHead | undefined {
  const rightDigit = (byte - LONG) % RIGHTS
  const rest = Math.floor((byte - LONG) / RIGHTS)
  const kind = Math.floor(rest / ORIGINS)
  const what = Math.floor(kind / 2)
  if (what >= WHATS) return undefined
  const right = rightDigit === 2 ? NOTHING : rightDigit
  return { what, goesOn: kind % 2 === 1, origin: rest % ORIGINS, right }
}

/** A unit by its row and clock. */
export interface Unit {
  readonly row: number
  readonly clock: number
}

export interface ListedStruct extends Struct {
  readonly row: number
  /** Whether its left neighbour is a seam. */
  readonly followsSeam: boolean
}

/** A text or list as a state says it. */
export interface SequenceWhole {
  /** The epoch up to which it is trimmed; 0 if nothing ever was. */
  readonly level: number
  readonly tails: readonly Unit[]
  /** In the order of the list. */
  readonly structs: readonly ListedStruct[]
  readonly seamAtEnd: Unit | undefined
}

/** Where nothing was ever written. */
export const EMPTY_WHOLE: SequenceWhole = Object.freeze({
  level: 0,
  tails: Object.freeze([]),
  structs: Object.freeze([]),
  seamAtEnd: undefined,
})

/** The same by author, in the order of the clocks: what a document that has most of it already takes in. */
export function sectionsOf({ structs }: SequenceWhole): Section[] {
  const byRow = new Map<number, ListedStruct[]>()
  for (const struct of structs) {
    const known = byRow.get(struct.row)
    if (known === undefined) byRow.set(struct.row, [struct])
    else known.push(struct)
  }
  return Array.from(byRow, ([row, each]) => ({
    row,
    structs: each.sort((a, b) => a.clock - b.clock),
  }))
}
