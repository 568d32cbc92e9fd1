import { Random } from '#test/simulation/random.ts'

const keysOfTable = 200
const membersMax = 200
const textLengthMax = 1_000
const noteLength = 48
const setsEach = 3

/** What a lifetime has to see before it works. */
export interface EditedSpace {
  hasMember(member: string): boolean
  note(): string
}

/** What a lifetime does, counting aside. All that is there has a bound, whoever works at once. */
export interface Edits {
  readonly sets: readonly (readonly [key: string, text: string])[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly last: string | undefined
  readonly inserted: { readonly at: number; readonly text: string } | undefined
  /** After it was inserted. */
  readonly deleted: { readonly at: number; readonly length: number } | undefined
}

/** The work of a lifetime: entries of a few that are set, a member that comes or goes, and a word in a text. */
export function workOf(lifetime: number, space: EditedSpace): Edits {
  const random = new Random(lifetime)
  const signed = `lifetime ${lifetime} was here`.padEnd(noteLength, '.')
  const keys = Array.from({ length: setsEach }, () => random.integer(0, keysOfTable - 1))
  const member = `member-${random.integer(0, membersMax - 1)}`
  const isMember = space.hasMember(member)
  const { length } = space.note()
  const text = `${lifetime} `
  const excess = length + text.length - textLengthMax
  return {
    sets: keys.map((key) => [`key-${key}`, signed]),
    added: isMember ? [] : [member],
    removed: isMember ? [member] : [],
    last: signed,
    inserted: { at: random.integer(0, length), text },
    deleted: excess > 0 ? { at: random.integer(0, textLengthMax - 1), length: excess } : undefined,
  }
}
