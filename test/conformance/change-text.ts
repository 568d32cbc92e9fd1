import type { MemberChange } from '#consensus/raft/config-change.ts'

const kindByLetter: Readonly<Record<string, MemberChange['kind'] | undefined>> = {
  v: 'add-voter',
  l: 'add-learner',
  r: 'remove',
  u: 'update',
}

/** Changes as `v1 l2 r3 u4`: a voter, a learner, one removed, one whose address moved. A text says what is wrong. */
export function parseChanges(text: string): MemberChange[] | string {
  const changes: MemberChange[] = []
  for (const word of text.split(/\s+/)) {
    if (word === '') continue
    const kind = kindByLetter[word[0]!]
    const id = Number(word.slice(1))
    if (word.length < 2) return `unknown token ${word}`
    if (kind === undefined || !Number.isSafeInteger(id)) return `unknown input: ${word}`
    changes.push({ kind, id })
  }
  return changes
}
